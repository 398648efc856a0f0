"""Replays to a real steled over mutual TLS: the same events are there afterwards, in the order of
their times, whatever happens to it on the way."""
import json
import time

from replay_world import add, archive_with, events, expect_same_lines, expect_sent, raw, replay, \
    replay_process
from stele_tool import LONG_SECONDS, expect, expect_error, main
from steletest import Certificates, Steled, event, new_archive

SLOW_INDEX = {"index.max_wait": "1h"}


def tls(certificates, client="client"):
    return ["--ca", certificates.path("ca.crt"), "--cert", certificates.path(client + ".crt"),
            "--key", certificates.path(client + ".key")]


def hostile_lines():
    return [
        b'{"event": "e", "uid": "h1", "time": "2026-11-20T11:00:00Z", "n": 123456789012345678901234567890}',
        b'{"event": "e", "uid": "h2", "time": "2026-11-20T11:00:00Z", "text": "\\u0000 \\ud800 \\n \xc3\x84"}',
        b'{"event": "e", "no uid": 1, "time": "2026-11-20T11:00:01Z"}',
        b'{"event": "e", "uid": "h3", "text": "' + b"x" * 1500000 + b'"}',
        b'{"event": "e", "uid": "h4", "sid": "a/../b c", "time": "2026-11-20T11:00:02Z"}',
        b'{"event": "e"}',
    ]


def fluentd_as_the_event_handler(place):
    lines = events(300) + hostile_lines()
    source = archive_with(place, lines)
    target = new_archive(place, "target")
    certificates = Certificates(place.path("tls"))
    with Steled(target, certificates, SLOW_INDEX) as daemon:
        result = replay(place, source, daemon.url + "/test.log", *tls(certificates))
        expect_sent(result, len(lines))
        rows = daemon.sql("SELECT body FROM inbox ORDER BY id")
        ordered = b"".join(bytes(body) + b"\n" for body, in rows)
        expect(ordered == raw(place, source), "other bytes, or not in order of time")
        expect(daemon.metrics()["stele_tls_handshakes_total"] == 1, "connections are not kept")
    expect(raw(place, target) == raw(place, source), "the archives differ")
    sessions = sum(1 for line in events(300) if json.loads(line).get("sid"))
    # the hostile sid is in a path of its own
    for tag, count in (("session.log", sessions), ("test.log", len(lines) - sessions - 1)):
        result = place.stele("search", f'stele.source:"tag={tag}"', "--archive", target, "--count")
        expect(int(result.out) == count, f"{tag}: {result.text()}, not {count}")


def ndjson_many_in_flight(place):
    pretty = json.dumps({"event": "e", "uid": "pretty", "time": "2026-11-20T11:00:03Z", "a": [1, {"b": 2}]},
                        indent=2).encode()
    lines = events(5000) + hostile_lines()
    source = archive_with(place, lines)
    add(place, source, [pretty])
    target = new_archive(place, "target")
    certificates = Certificates(place.path("tls"))
    with Steled(target, certificates) as daemon:
        result = replay(place, source, daemon.url + "/any", "--as", "ndjson", "--in-flight", 16,
                        "--batch-events", 50, *tls(certificates))
        expect_sent(result, len(lines) + 1)
    expect_same_lines(raw(place, target).split(b"\n"),
                      raw(place, source).replace(pretty, pretty.replace(b"\n", b" ")).split(b"\n"),
                      "the target")


def a_range_and_a_query(place):
    lines = events(400)
    source = archive_with(place, lines)
    target = new_archive(place, "target")
    with Steled(target) as daemon:
        result = replay(place, source, daemon.url + "/x", "--as", "ndjson", "user:u3", "--from",
                        "2026-11-20T00:00:30Z", "--to", "2026-11-20T00:01:30Z")
        expect(result.code == 0, result.text())
    should = [line for i, line in enumerate(lines) if i % 7 == 3 and 60 <= i < 180]
    expect_same_lines(raw(place, target).split(b"\n")[:-1], should, "the target")


def what_waits_in_the_inbox(place):
    source = new_archive(place)
    target = new_archive(place, "target")
    with Steled(source, None, SLOW_INDEX) as daemon, Steled(target) as other:
        bodies = [event(i) for i in range(20)]
        for body in bodies:
            expect(daemon.post(body) == 200, "not taken")
        expect_sent(replay(place, source, other.url + "/x"), 20)
    expect_same_lines(raw(place, target).split(b"\n")[:-1], bodies, "the target")


def refused_by_tls(place):
    source = archive_with(place, events(10))
    target = new_archive(place, "target")
    certificates = Certificates(place.path("tls"))
    foreign = Certificates(place.path("foreign"))
    with Steled(target, certificates) as daemon:
        url = daemon.url + "/x"
        begun = time.monotonic()
        ca = ["--ca", certificates.path("ca.crt")]
        for words, code, text in (
                (ca, 3, "--cert"),
                (ca + tls(foreign)[2:], 3, "--cert and --key"),
                (tls(foreign), 2, "--ca"),
                (ca + ["--cert", certificates.path("client.crt"), "--key",
                       certificates.path("server.key")], 2, "--cert and --key: "),
                (["--ca", place.path("none.crt")], 2, "none.crt")):
            result = replay(place, source, url, *words)
            expect(result.code == code and text in result.text(),
                   f"{words}: {result.code}, {result.text()}")
            # an alert may be lost behind a reset: then it is tried again, and the suspicion said
            expect("trying again" not in result.text() or code == 3, result.text())
        expect(time.monotonic() - begun < LONG_SECONDS, "it was tried again and again")
    expect(raw(place, target) == b"", "something was taken")


def a_target_that_dies_and_comes_back(place):
    lines = events(3000)
    source = archive_with(place, lines)
    target = new_archive(place, "target")
    certificates = Certificates(place.path("tls"))
    with Steled(target, certificates) as daemon:
        port = daemon.port
        process = replay_process(place, source, daemon.url + "/x", "--in-flight", 4, "--speed",
                                 "1500/s", "--retries", 1000, *tls(certificates))
        daemon.wait_for("stele_received_total", 500)
        daemon.kill()
    again = Steled(target, certificates, {"receive.listen": f"127.0.0.1:{port}"})
    with again:
        out, err = process.communicate(timeout=LONG_SECONDS)
        expect(process.returncode == 0 and b"trying again" in err, (process.returncode, out, err))
        expect(b"sent 3,000 events" in out, out)
    expect_same_lines(raw(place, target).split(b"\n")[:-1], lines, "the target")


main(fluentd_as_the_event_handler, ndjson_many_in_flight, a_range_and_a_query,
     what_waits_in_the_inbox, refused_by_tls, a_target_that_dies_and_comes_back)
