"""The tool beside a running steled: import goes through its inbox, check sees it answer."""
import json
import os
import socket

from stele_tool import LONG_SECONDS, expect, expect_error, main, wait_until
from steletest import Steled


def lines(count):
    return "".join(json.dumps({"event": "auth", "code": "T3007W", "uid": f"u{i}",
                               "time": f"2026-11-0{1 + i % 9}T00:00:00Z"}) + "\n"
                   for i in range(count)).encode()


def wait_for(place, condition):
    wait_until(lambda: condition(place.stats("a")), "the archive's numbers are as they should be")
    return place.stats("a")


def import_through_the_inbox(place):
    expect(place.stele("init", "a").code == 0, "init")
    place.write("e.ndjson", lines(2500) + b"broken\n" + lines(2600)[-1000:].split(b"\n", 1)[1])
    with Steled(place.path("a")) as steled:
        result = place.stele("import", "--archive", "a", "e.ndjson")
        expect(result.code == 0, result.text())
        expect(f"steled (pid {steled.process.pid}) holds a".encode() in result.err, result.text())
        expect(b"e.ndjson:2501: " in result.err, result.text())
        expect(b"handed to steled, 1 quarantined" in result.out, result.text())
        steled.signal("SIGUSR1")
        stats = wait_for(place, lambda s: s["inbox"] == 0)
        expect(stats["events"] > 2500 and stats["quarantine"] == 1, stats)
        before = stats["events"]
        place.stele("import", "--archive", "a", "e.ndjson")
        steled.signal("SIGUSR1")
        stats = wait_for(place, lambda s: s["inbox"] == 0)
        expect(stats["events"] == before, "nothing is stored twice")
        again = sum(v for k, v in stats["counters"].items() if k.startswith("duplicate"))
        expect(again == before, stats)
    result = place.stele("import", "--archive", "a", "e.ndjson")
    expect(b", 0 stored, " in result.out and b"duplicates" in result.out, result.text())


def shapes_through_the_inbox(place):
    """Bytes that are no part of the file, times and tags of lines: as without the daemon."""
    expect(place.stele("init", "a").code == 0, "init")
    bare = b'{"event":"print","uid":"bare"}'
    inner = [b'{"event":"x","uid":"%d","text":"\\"%d"}' % (i, i) for i in range(3000)]
    place.write("f.log", b"2024-03-04T04:04:05Z\tsession.0.log\t" + bare + b"\n" +
                b"2024-03-04T04:04:05Z\ttest.log\t{broken\n" +
                b"".join(json.dumps({"_raw": e.decode()}).encode() + b"\n" for e in inner))
    with Steled(place.path("a")) as steled:
        result = place.stele("import", "--archive", "a", "f.log")
        expect(b"f.log:2: " in result.err and b"3,001 handed to steled" in result.out,
               result.text())
        steled.signal("SIGUSR1")
        stats = wait_for(place, lambda s: s["inbox"] == 0)
        expect(stats["events"] == 3001 and stats["quarantine"] == 1, stats)
    out = place.stele("search", "--archive", "a", "--output", "raw", "--limit", "0", "*").out
    expect(sorted(out.split(b"\n")[:-1]) == sorted(inner + [bare]), "the bytes come back")
    result = place.stele("search", "--archive", "a", "--output", "raw", "--to",
                         "2024-03-04T04:04:06Z", "stele.mark:session-stream")
    expect(result.out == bare + b"\n", result.text())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def check_sees_it(place):
    expect(place.stele("init", "a", "--host", "localhost").code == 0, "init")
    receive, serve = free_port(), free_port()
    with open(place.path("a/stele.conf"), "a") as f:
        f.write(f"\n[receive]\nlisten = 127.0.0.1:{receive}\n[serve]\nlisten = 127.0.0.1:{serve}\n")
    settings = {"receive.tls": "yes", "receive.listen": f"127.0.0.1:{receive}",
                "serve.listen": f"127.0.0.1:{serve}"}
    with Steled(place.path("a"), settings=settings) as steled:
        result = place.stele("check", "--archive", "a")
        expect(result.code == 0, result.text())
        out = result.out.decode()
        expect(f"held by steled (pid {steled.process.pid})" in out, out)
        expect(f"127.0.0.1:{receive}: steled answers" in out, out)
        expect(f"127.0.0.1:{serve}: steled answers" in out, out)
        conf = open(place.path("a/stele.conf")).read()
        conf = conf.replace(f":{receive}", f":{free_port()}").replace("dir = .", "dir = a")
        place.write("other.conf", conf.replace("= tls/", "= a/tls/"))
        result = place.stele("check", "--config", "other.conf")
        expect(result.code == 3 and b"does not answer here" in result.out, result.text())
    result = place.stele("check", "--archive", "a")
    expect(result.code == 0 and b"no daemon at work" in result.out, result.text())


def one_import_at_a_time(place):
    expect(place.stele("init", "a").code == 0, "init")
    reader, writer = os.pipe()
    import subprocess

    from stele_tool import BIN
    first = subprocess.Popen([os.path.join(BIN, "stele"), "import", "--archive", place.path("a"),
                              "-"], stdin=reader, stdout=subprocess.PIPE)
    os.close(reader)
    try:
        wait_until(lambda: f"stele import (pid {first.pid})".encode() in
                   place.stele("check", "--archive", "a").out, "the first import holds the archive")
        expect_error(place.stele("import", "--archive", "a", "-"), 3, str(first.pid),
                     "stele import")
        os.write(writer, lines(10))
    finally:
        os.close(writer)
        out = first.communicate(timeout=LONG_SECONDS)[0]
    expect(first.returncode == 0 and b"10 stored" in out, out)


main(import_through_the_inbox, shapes_through_the_inbox, check_sees_it, one_import_at_a_time)
