"""A copy that is stopped or killed leaves no file of that name; one that is asked to stop leaves
nothing, and an encrypted one has no plain text in any directory at any time."""
import os
import signal
import subprocess
import time

from copy_world import events
from stele_tool import BIN, LONG_SECONDS, expect, main
from steletest import openssl


def make_archive(place):
    expect(place.stele("init", "archive").code == 0, "init")
    place.write("e.ndjson", b"\n".join(events(60000, 9)) + b"\n")
    expect(place.stele("import", "--archive", "archive", "e.ndjson").code == 0, "import")
    os.mkdir(place.path("case"))


def start(place, *words):
    return subprocess.Popen([os.path.join(BIN, "stele"), "copy", "--archive", "archive", "--why", "x",
                             *words, "case/out.stele"], cwd=place.dir, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def files(place):
    return os.listdir(place.path("case"))


def size(place):
    """Bytes of all parts of a copy that is being made."""
    total = 0
    for name in files(place):
        try:
            total += os.path.getsize(place.path("case", name))
        except FileNotFoundError:
            pass
    return total


def stop_at(place, number, begun, *words, n_parts=1):
    """The exit code when the signal came after so many bytes of so many files were written."""
    process = start(place, *words)
    while process.poll() is None and (len(files(place)) < n_parts or size(place) < begun):
        time.sleep(0.001)
    process.send_signal(number)
    out, err = process.communicate(timeout=LONG_SECONDS)
    return process.returncode, err.decode()


def clear(place):
    for name in files(place):
        os.remove(place.path("case", name))


def whole_copy(place, *words):
    """How many bytes an undisturbed one has."""
    process = start(place, *words)
    _, err = process.communicate(timeout=LONG_SECONDS)
    expect(process.returncode == 0, err.decode())
    whole = size(place)
    clear(place)
    return whole


def count(place):
    return int(place.stele("search", "*", "--count", "--archive", "case/out.stele").out)


def killed(place):
    make_archive(place)
    whole = whole_copy(place)
    cut = 0
    for i in range(12):
        code, _ = stop_at(place, signal.SIGKILL, whole * i / 12)
        if code == -signal.SIGKILL:
            cut += 1
            expect("out.stele" not in files(place) or count(place) == 60000, "half a copy")
        clear(place)
    expect(cut >= 4, f"only {cut} were killed in time")
    result = place.stele("copy", "--archive", "archive", "--why", "x", "case/out.stele")
    expect(result.code == 0 and count(place) == 60000, result.text())


def asked_to_stop(place):
    """At the beginning of each part of the work, sooner if it was over already."""
    make_archive(place)
    whole = whole_copy(place)
    for number, words, n_parts in ((signal.SIGINT, (), 1), (signal.SIGTERM, (), 1),
                                   (signal.SIGHUP, (), 1), (signal.SIGINT, ("--plain",), 1),
                                   (signal.SIGTERM, ("--plain",), 2)):
        code = 0
        for begun in (whole / 4, whole / 16, 0):
            if code == 0:
                clear(place)
                code, err = stop_at(place, number, begun, *words, n_parts=n_parts)
        expect(code == 3 and "interrupted; nothing was made" in err, f"{number} {words} {code}: {err}")
        expect(files(place) == [], files(place))


def no_plain_text_is_left(place):
    make_archive(place)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place.path("k.key"), "-out",
            place.path("k.pem"), "-subj", "/CN=k")
    words = ("--encrypt-to", "k.pem")
    whole = whole_copy(place, *words)
    cut = 0
    for i in range(10):
        code, _ = stop_at(place, signal.SIGKILL, whole * (i + 0.5) / 15, *words, n_parts=0)
        cut += code == -signal.SIGKILL
        for name in files(place):
            with open(place.path("case", name), "rb") as f:
                data = f.read()
            expect(b"SQLite format" not in data[:32] or len(data) < 1024, f"plain text in {name}")
        clear(place)
    expect(cut >= 3, f"only {cut} were killed in time")


main(killed, asked_to_stop, no_plain_text_is_left)
