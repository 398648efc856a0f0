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
    """The exit code when the signal came so long after the start."""
    process = start(place, *words)
    time.sleep(delay)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, err.decode()


def stop_when(place, number, condition, *words):
    """The exit code when the signal came as the files' sizes met the condition, or at the end."""
    process = start(place, *words)
    while process.poll() is None and not condition(sizes(place)):
        time.sleep(0.001)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, err.decode()


def sizes(place):
    found = []
    for name in files(place):
        try:
            found.append(os.path.getsize(place.path("case", name)))
        except FileNotFoundError:
            pass
    return sorted(found)


def clear(place):
    for name in files(place):
        os.remove(place.path("case", name))


def whole_copy(place, *words):
    """Seconds and bytes of an undisturbed one."""
    begin = time.monotonic()
    process = start(place, *words)
    _, err = process.communicate(timeout=240)
    expect(process.returncode == 0, err.decode())
    took = time.monotonic() - begin
    size = os.path.getsize(place.path("case", "out.stele"))
    clear(place)
    return took, size


def count(place):
    return int(place.stele("search", "*", "--count", "--archive", "case/out.stele").out)


def killed(place):
    make_archive(place)
    _, size = whole_copy(place)
    cut = 0
    for i in range(12):
        code, _ = stop_when(place, signal.SIGKILL, lambda now: now and now[-1] >= size * i // 12)
        if code == -signal.SIGKILL:
            cut += 1
            expect("out.stele" not in files(place) or count(place) == 60000, "half a copy")
        clear(place)
    expect(cut >= 6, f"only {cut} were killed in time")
    result = place.stele("copy", "--archive", "archive", "--why", "x", "case/out.stele")
    expect(result.code == 0 and count(place) == 60000, result.text())


def asked_to_stop(place):
    make_archive(place)
    _, size = whole_copy(place)
    begun = lambda now: now and now[-1] > size // 4
    both = lambda now: len(now) > 1 and now[-1] > size
    for number, words, condition in ((signal.SIGINT, (), begun), (signal.SIGTERM, (), begun),
                                     (signal.SIGHUP, (), begun), (signal.SIGINT, ("--plain",), begun),
                                     (signal.SIGTERM, ("--plain",), both)):
        code, err = stop_when(place, number, condition, *words)
        expect(code == 3 and "interrupted; nothing was made" in err, f"{number} {words} {code}: {err}")
        expect(files(place) == [], files(place))


def no_plain_text_is_left(place):
    make_archive(place)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place.path("k.key"), "-out",
            place.path("k.pem"), "-subj", "/CN=k")
    words = ("--encrypt-to", "k.pem")
    whole, _ = whole_copy(place, *words)
    cut = 0
    for i in range(10):
        code, err = stop_at(place, signal.SIGKILL, whole * (i + 0.5) / 15, *words)
        cut += code == -signal.SIGKILL
        for name in files(place):
            with open(place.path("case", name), "rb") as f:
                data = f.read()
            expect(b"SQLite format" not in data[:32] or len(data) < 1024, f"plain text in {name}")
        clear(place)
    expect(cut >= 3, f"only {cut} were killed in time")


main(killed, asked_to_stop, no_plain_text_is_left)
