"""A copy that is stopped or killed leaves no file of that name; one that is asked to stop leaves
nothing, and an encrypted one has no plain text in any directory at any time."""
import os
import signal
import subprocess
import time

from copy_world import events
from stele_tool import BIN, expect, main
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


def stop_at(place, number, delay, *words):
    """The exit code; how long an undisturbed one takes is for the caller to know."""
    process = start(place, *words)
    time.sleep(delay)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, err.decode()


def seconds(place, *words):
    begin = time.monotonic()
    process = start(place, *words)
    _, err = process.communicate(timeout=240)
    expect(process.returncode == 0, err.decode())
    os.remove(place.path("case", "out.stele"))
    return time.monotonic() - begin


def killed(place):
    make_archive(place)
    whole = seconds(place)
    cut = 0
    for i in range(12):
        code, err = stop_at(place, signal.SIGKILL, whole * (i + 0.5) / 12)
        if code == -signal.SIGKILL:
            cut += 1
            expect("out.stele" not in files(place) or count(place) == 60000, "half a copy")
        for name in files(place):
            os.remove(place.path("case", name))
    expect(cut >= 6, f"only {cut} were killed in time")
    result = place.stele("copy", "--archive", "archive", "--why", "x", "case/out.stele")
    expect(result.code == 0 and count(place) == 60000, result.text())


def count(place):
    return int(place.stele("search", "*", "--count", "--archive", "case/out.stele").out)


def asked_to_stop(place):
    make_archive(place)
    for words in ((), ("--plain",)):
        whole = seconds(place, *words)
        stopped = 0
        for i, number in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
            code, err = stop_at(place, number, whole * (0.25 + 0.15 * i), *words)
            if code != 0:
                stopped += 1
                expect(code == 3 and "interrupted; nothing was made" in err, f"{code}: {err}")
                expect(files(place) == [], files(place))
            for name in files(place):
                os.remove(place.path("case", name))
        expect(stopped >= 2, f"only {stopped} were stopped in time")


def no_plain_text_is_left(place):
    make_archive(place)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place.path("k.key"), "-out",
            place.path("k.pem"), "-subj", "/CN=k")
    words = ("--encrypt-to", "k.pem")
    whole = seconds(place, *words)
    cut = 0
    for i in range(10):
        code, err = stop_at(place, signal.SIGKILL, whole * (i + 0.5) / 10, *words)
        cut += code == -signal.SIGKILL
        for name in files(place):
            with open(place.path("case", name), "rb") as f:
                data = f.read()
            expect(b"SQLite format" not in data[:32] or len(data) < 1024, f"plain text in {name}")
            os.remove(place.path("case", name))
    expect(cut >= 5, f"only {cut} were killed in time")


main(killed, asked_to_stop, no_plain_text_is_left)
