"""Replays that are stopped, killed and taken up again; retries; and their pace."""
import json
import os
import signal
import time

from replay_world import Lines, WebServer, add, archive_with, events, expect_same_lines, expect_sent, \
    raw, replay, replay_process
from stele_tool import LONG_SECONDS, expect, expect_error, main
from steletest import wait_until


def position(path):
    with open(path) as f:
        return dict(line.split(" ", 1) for line in f.read().split("\n") if " " in line)


def settled(path):
    return int(position(path)["settled"].split()[0]) if os.path.exists(path) else 0


def killed_in_the_midst(place):
    """kill -9 again and again, with several posts in flight and half of all events of one time: what
    was not taken is sent, and not everything is sent anew."""
    lines = events(2000, per_second=50)
    for i in range(700, 1700):
        event = json.loads(lines[i])
        lines[i] = json.dumps({**event, "time": "2026-11-20T00:00:14Z"}).encode()
    source = archive_with(place, lines)
    state = place.path("state")
    receiver = Lines(pause=0.01)
    words = ["--as", "ndjson", "--resume", state, "--in-flight", 5, "--batch-events", 7]
    kills = 0
    with WebServer(receiver) as server:
        while True:
            before = settled(state)
            process = replay_process(place, source, server.url + "/x", *words, "--speed", "600/s")
            wait_until(lambda: process.poll() is not None or settled(state) > before + 100,
                       "it goes on")
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            kills += 1
        out, err = process.communicate()
        expect(process.returncode == 0 and kills >= 2, (kills, process.returncode, out, err))
    expect(set(receiver.lines) == set(lines), f"{len(set(lines) - set(receiver.lines))} were skipped")
    again = len(receiver.lines) - len(lines)
    # a second's events, and what was in flight, may come again after each kill
    expect(again <= kills * (700 + 5 * 7), f"{again} were sent again after {kills} kills")
    result = replay(place, source, server.url + "/x", *words)
    expect(result.code == 0 and "nothing left" in result.text(), result.text())


def interrupted(place):
    lines = events(1000)
    source = archive_with(place, lines)
    state = place.path("state")
    receiver = Lines()
    words = ["--as", "ndjson", "--resume", state, "--batch-events", 10]
    with WebServer(receiver) as server:
        for name in ("SIGINT", "SIGTERM"):
            before = len(receiver.lines)
            process = replay_process(place, source, server.url + "/x", *words, "--speed", "200/s")
            wait_until(lambda: len(receiver.lines) > before + 50, "events come")
            process.send_signal(getattr(signal, name))
            out, err = process.communicate(timeout=LONG_SECONDS)
            expect(process.returncode == 3 and b"interrupted" in err and b"--resume" in err,
                   (process.returncode, out, err))
            expect(settled(state) == len(receiver.lines), "another count")
        # events of the very time where it stopped, and of an earlier one, come into the archive
        stopped = json.loads(receiver.lines[-1])["time"]
        late = [b'{"event": "e", "uid": "late-1", "time": "%s"}' % stopped.encode(),
                b'{"event": "e", "uid": "late-2", "time": "2026-11-20T00:00:00Z"}']
        add(place, source, late)
        left = 1001 - len(receiver.lines)
        expect_sent(replay(place, source, server.url + "/x", *words), left)
    expect(receiver.lines == sorted(receiver.lines, key=lambda x: json.loads(x)["time"]), "the order")
    expect_same_lines(receiver.lines, lines + late[:1], "each once")


def another_replay(place):
    source = archive_with(place, events(10))
    state = place.path("state")
    with WebServer(Lines()) as server:
        url = server.url + "/x"
        expect_sent(replay(place, source, url, "--as", "ndjson", "--resume", state, "--from", "-9999d"),
                    10)
        for words in ((url + "y", "--as", "ndjson", "--from", "-9999d"), (url, "--from", "-9999d"),
                      (url, "--as", "ndjson", "--from", "-9998d"),
                      (url, "--as", "ndjson", "--from", "-9999d", "user:x")):
            expect_error(replay(place, source, words[0], "--resume", state, *words[1:]), 2, "--resume",
                         state, "another replay")
        place.write("state", "something else\n")
        expect_error(replay(place, source, url, "--as", "ndjson", "--resume", state), 3, state,
                     "not the file of a replay")
        expect_error(replay(place, source, url, "--as", "ndjson", "--resume", place.path("no/state")),
                     3, "--resume", "no/state")


def failures_that_pass(place):
    """503 with and without Retry-After, 429, cut connections before and after the receiver took the
    batch: everything arrives, in order, and only what was cut after it was taken arrives twice."""
    lines = events(300)
    source = archive_with(place, lines)
    fails = {2: (503, {}, b""), 3: (503, {"Retry-After": "1"}, b""), 5: (429, {}, b"slow down"),
             7: "cut", 9: (500, {}, b"\x1b[2Jboom"), 11: (408, {}, b""), 13: "cut after"}
    receiver = Lines(fail=lambda number, body: fails.get(number))
    begun = time.monotonic()
    with WebServer(receiver) as server:
        result = replay(place, source, server.url + "/x", "--as", "ndjson", "--batch-events", 20)
        expect_sent(result, 300)
        expect(server.requests == 15 + len(fails), str(server.requests))
    expect(time.monotonic() - begun >= 1, "Retry-After was not waited for")
    expect(b"\x1b" not in result.err and "trying again" in result.text(), result.text())
    unique = list(dict.fromkeys(receiver.lines))
    expect(unique == lines and len(receiver.lines) == 320, f"{len(receiver.lines)} lines")


def failures_that_stay(place):
    source = archive_with(place, events(50))
    for answer, code, word in (((503, {}, b""), 3, "given up after 4 tries"),
                               ("cut", 3, "given up after 4 tries"),
                               ((302, {"Location": "http://127.0.0.1:1/"}, b""), 2, "redirects"),
                               ((404, {}, b""), 3, "path of --dest"),
                               ((401, {}, b""), 3, "login")):
        receiver = Lines(fail=lambda number, body, a=answer: a if number > 2 else None)
        with WebServer(receiver) as server:
            result = replay(place, source, server.url + "/x", "--as", "ndjson", "--batch-events", 10,
                            "--retries", 3)
            expect(result.code == code and word in result.text(), f"{answer}: {result.text()}")
            expect(b"sent 20 events" in result.out and len(receiver.lines) == 20, result.text())
            # libcurl itself sends once more what was cut on a connection that it had kept
            expect(server.requests in ((6, 7) if "tries" in word else (3,)), str(server.requests))


def pace(place):
    source = archive_with(place, events(41, per_second=2))  # 20 s
    for speed, seconds in (("10x", 2.0), ("20/s", 2.0), ("max", 0)):
        receiver = Lines()
        with WebServer(receiver) as server:
            expect_sent(replay(place, source, server.url + "/x", "--as", "ndjson", "--batch-events", 1,
                               "--speed", speed), 41)
        took = receiver.times[-1] - receiver.times[0]
        expect(seconds * 0.95 <= took <= seconds + 2, f"{speed}: {took:.2f} s")
        half = receiver.times[20] - receiver.times[0]
        expect(seconds * 0.45 <= half <= seconds * 0.5 + 1, f"{speed}: {half:.2f} s for a half")
    result = replay(place, source, "https://h/x", "--speed", "10x", "--dry-run")
    expect(result.code == 0 and b"41 events" in result.out and b"2.0 s at least" in result.out,
           result.text())
    size = len(raw(place, source)) - 41
    expect(f"{size:,} bytes, of 2026-11-20T00:00:00Z to 2026-11-20T00:00:20Z".encode() in result.out,
           result.text())


def slow_pace_does_not_hold_events_back(place):
    """A batch that fills slowly goes out after a fifth of a second."""
    source = archive_with(place, events(12, per_second=4))
    receiver = Lines()
    with WebServer(receiver) as server:
        expect_sent(replay(place, source, server.url + "/x", "--as", "ndjson", "--speed", "1x"), 12)
        expect(server.requests >= 9, f"{server.requests} requests")
    took = receiver.times[-1] - receiver.times[0]
    expect(2.2 <= took <= 5, f"{took:.2f} s")


main(killed_in_the_midst, interrupted, another_replay, failures_that_pass, failures_that_stay, pace,
     slow_pace_does_not_hold_events_back)
