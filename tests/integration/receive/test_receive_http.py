"""What the receiver takes and answers, over plain HTTP on loopback."""
import gzip
import json
import os
import resource
import socket
import time
import urllib.error
import urllib.request
import zlib

from stele_tool import LONG_SECONDS, expect, main
from steletest import Steled, event, new_archive, wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"


def inbox(daemon):
    return [row[0] for row in daemon.sql("SELECT body FROM inbox ORDER BY id")]


def raw(daemon, data, seconds=LONG_SECONDS):
    """A socket that has sent the bytes."""
    sock = socket.create_connection(("127.0.0.1", daemon.port), timeout=seconds)
    sock.sendall(data)
    return sock


def read_until(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


def read_all(sock):
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def status_of(data):
    expect(data.startswith(b"HTTP/1.1 "), f"no answer: {data!r}")
    expect(b"Content-Length: 0\r\n" in data, f"the answer has a body: {data!r}")
    return int(data[9:12])


def bodies(place):
    """Whatever the form of the body, it is stored as it came, unpacked."""
    one, two = event(1), event(2)
    with Steled(new_archive(place)) as daemon:
        forms = [one, b"[" + one + b"," + two + b"]", one + b"\n" + two + b"\n", one + two]
        packed = [
            (gzip.compress(one), {"Content-Encoding": "gzip"}, one),
            (gzip.compress(one) + gzip.compress(two), {"Content-Encoding": "gzip"}, one + two),
            (zlib.compress(two), {"Content-Encoding": "deflate"}, two),
            (zlib.compress(two)[2:-4], {"Content-Encoding": "deflate"}, two),
        ]
        for body in forms:
            expect(daemon.post(body) == 200, "not 200")
        for body, headers, _ in packed:
            expect(daemon.post(body, headers=headers) == 200, "not 200")
        expect(daemon.post(iter([one[:10], one[10:11], one[11:]]),
                           headers={"Transfer-Encoding": "chunked"}) == 200, "not 200")
        stored = inbox(daemon)
        expect(stored == forms + [body for _, _, body in packed] + [one], f"stored: {stored}")
        expect(daemon.post(b"") == 200, "empty body: not 200")
        expect(len(inbox(daemon)) == len(stored), "an empty body was stored")


def methods_and_paths(place):
    sid = "d6ba5f9a-3a3e-4a3c-8a0b-4ff5cd6c7a11"
    with Steled(new_archive(place)) as daemon:
        for method in ("POST", "PUT", "PATCH", "FROB"):
            expect(daemon.post(event(1), method=method) == 200, method)
        for method in ("GET", "HEAD", "OPTIONS"):
            expect(daemon.post(b"", method=method) == 200, method)
        for path in (f"/session.{sid}.log", f"/.{sid}.log", "/", "/a/b", "/x?y=z"):
            expect(daemon.post(event(2), path=path) == 200, path)
        rows = daemon.sql("SELECT s.via, s.peer, s.certificate, s.tag, s.session_stream"
                          " FROM inbox i JOIN source s ON s.id = i.source ORDER BY i.id")
        expect(len(rows) == 9, f"{len(rows)} rows")
        expect(set(rows[:4]) == {("http", "127.0.0.1", "", "test.log", 0)}, rows)
        expect(rows[4] == ("http", "127.0.0.1", "", "session.log", 1), rows[4])
        expect(rows[5][4] == 1 and rows[6][4] == 0, rows)
        expect(rows[7][3] == "a.b", rows[7])


def keep_alive_and_pipelining(place):
    request = b"POST /test.log HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
    events = [event(i) for i in range(300)]
    with Steled(new_archive(place)) as daemon:
        connection = daemon.connect()
        for body in events[:20]:
            expect(daemon.post(body, connection=connection) == 200, "not 200")
        expect(daemon.metrics()["stele_connections"] == 1, "connections")
        connection.close()
        # All requests at once, then in pieces of odd sizes, GETs in between.
        data = b"".join(request % (len(e), e) + b"GET / HTTP/1.1\r\n\r\n" for e in events[20:])
        sock = raw(daemon, b"")
        for at in range(0, len(data), 7919):
            sock.sendall(data[at:at + 7919])
        answers = read_until(sock, 2 * 280 * len(OK))
        expect(answers == OK * 560, f"{len(answers)} bytes, {answers[:200]!r}")
        expect(inbox(daemon) == events, "not stored in order, each once")
        # HTTP/1.0 closes, unless it asks for more.
        old = raw(daemon, b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
        expect(b"Connection: close" in read_all(old), "HTTP/1.0 stays open")


def a_client_that_does_not_wait(place):
    """It goes away while its request waits for the disk: stored, and nobody minds."""
    body = event(1)
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Steled(new_archive(place)) as daemon:
        for _ in range(200):
            raw(daemon, head + body).close()
        daemon.wait_for("stele_received_total", 200)
        wait_until(lambda: daemon.metrics()["stele_connections"] == 0, "no connection is left")
        expect(daemon.post(body) == 200, "it goes on")


def expect_100(place):
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    body = event(1)
    with Steled(new_archive(place), settings={"receive.body_bytes_max": "1KiB"}) as daemon:
        sock = raw(daemon, head % len(body))
        first = read_until(sock, 25)
        expect(first == b"HTTP/1.1 100 Continue\r\n\r\n", first)
        sock.sendall(body)
        expect(read_until(sock, len(OK)) == OK, "not 200 after 100")
        expect(status_of(read_all(raw(daemon, head % 5000))) == 413, "413 instead of 100")
        wrong = raw(daemon, b"POST / HTTP/1.1\r\nExpect: x\r\nContent-Length: 1\r\n\r\n")
        expect(status_of(read_all(wrong)) == 417, "417")


def limits(place):
    settings = {"receive.body_bytes_max": "64KiB", "receive.header_bytes_max": "2KiB"}
    with Steled(new_archive(place), settings=settings) as daemon:
        expect(daemon.post(b"{" + b" " * 65534 + b"}") == 200, "a body of the limit")
        # The answer comes although no byte of the body was sent, or all of it is under way.
        sock = raw(daemon, b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")
        expect(status_of(read_all(sock)) == 413, "413")
        expect(daemon.post(b"x" * 300000) == 413, "413 while the body comes")
        chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        sock = raw(daemon, chunked + b"8000\r\n" + b"x" * 0x8000 + b"\r\n8001\r\n")
        expect(status_of(read_all(sock)) == 413, "413 for chunks")
        bomb = gzip.compress(b" " * 10_000_000)
        expect(daemon.post(bomb, headers={"Content-Encoding": "gzip"}) == 413, "413 for a bomb")
        long = b"POST / HTTP/1.1\r\nX: " + b"y" * 3000 + b"\r\n\r\n"
        expect(status_of(read_all(raw(daemon, long))) == 431, "431")
        both = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        expect(status_of(read_all(raw(daemon, both))) == 400, "400")
        expect(status_of(read_all(raw(daemon, b"\x16\x03\x01\r\n\r\n"))) == 400, "400 for TLS")
        expect(len(inbox(daemon)) == 1, "something refused was stored")


def slow_and_idle(place):
    settings = {"receive.request_timeout": "800ms", "receive.idle_timeout": "1600ms"}
    with Steled(new_archive(place), settings=settings) as daemon:
        start = time.monotonic()
        idle = raw(daemon, b"")
        sock = raw(daemon, b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        try:
            while time.monotonic() - start < LONG_SECONDS:
                sock.sendall(b"x")
                time.sleep(0.05)
            cut = 0
        except (BrokenPipeError, ConnectionResetError):
            cut = time.monotonic() - start
        expect(cut > 0.7, f"a dripping sender was cut after {cut} s")
        expect(daemon.metrics()["stele_connections_cut_total"] == 1, "not counted")
        expect(read_all(idle) == b"", "idle")
        expect(time.monotonic() - start > 1.5, "the idle connection was closed too early")
        expect(inbox(daemon) == [], "half a request was stored")


def connections_max(place):
    with Steled(new_archive(place), settings={"receive.connections_max": "3"}) as daemon:
        body = event(1)
        held = [daemon.connect() for _ in range(3)]
        for connection in held:
            expect(daemon.post(body, connection=connection) == 200, "within the limit")
        expect(read_all(raw(daemon, b"")) == b"", "the fourth was not closed")
        held[0].close()
        wait_until(lambda: daemon.metrics()["stele_connections"] < 3, "one is gone")
        expect(daemon.post(body) == 200, "there is room again")
        expect(daemon.metrics()["stele_connections_refused_total"] == 1, "not counted")


def queue_bytes_max(place):
    with Steled(new_archive(place), settings={"receive.queue_bytes_max": "64KiB"}) as daemon:
        half = raw(daemon, b"POST / HTTP/1.1\r\nContent-Length: 50000\r\n\r\n" + b"x" * 40000)
        wait_until(lambda: daemon.post(b"x" * 40000) == 503, "503")
        expect(daemon.post(event(1)) == 200, "a small one still fits")
        half.sendall(b"x" * 10000)
        expect(status_of(read_until(half, len(OK))) == 200, "the first one goes through")
        expect(daemon.post(b"x" * 40000) == 200, "room again")


def cannot_be_stored(place):
    """The disk takes no more: 503 on an open connection, and 200 again when it does."""
    with Steled(new_archive(place)) as daemon:
        connection = daemon.connect()
        expect(daemon.post(event(1), connection=connection) == 200, "not 200")
        pid = daemon.process.pid
        limit = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, limit[1]))
        for _ in range(3):
            expect(daemon.post(event(2), connection=connection) == 503, "not 503")
        try:
            urllib.request.urlopen(daemon.health + "/healthz")
            expect(False, "healthz says ok")
        except urllib.error.HTTPError as answer:
            text = answer.read()
            expect(answer.code == 503 and text.count(b"\n") == 1, f"{answer.code} {text}")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
        expect(daemon.post(event(3), connection=connection) == 200, "not 200 again")
        urllib.request.urlopen(daemon.health + "/healthz").close()
        expect(inbox(daemon) == [event(1), event(3)], inbox(daemon))
        expect(daemon.metrics()["stele_commit_failures_total"] == 3, "not counted")


def what_is_no_event(place):
    """Answered 200, as the sender would stop for good: kept apart."""
    junk = gzip.compress(event(1))[:-9]
    with Steled(new_archive(place)) as daemon:
        expect(daemon.post(junk, headers={"Content-Encoding": "gzip"}) == 200, "not 200")
        expect(daemon.post(event(1), headers={"Content-Encoding": "br"}) == 200, "not 200")
        rows = daemon.sql("SELECT body FROM quarantine ORDER BY id")
        expect(rows == [(junk,), (event(1),)], rows)
        expect(inbox(daemon) == [], "in the inbox")
        for body in (b"not json", b"\xff\xfe", b"42", event(7)):
            expect(daemon.post(body) == 200, "not 200")
        daemon.signal("SIGUSR1")
        daemon.wait_for("stele_stored_total", 1)
        daemon.wait_for("stele_quarantined_total", 5)
        wait_until(lambda: inbox(daemon) == [], "the inbox is empty")
        bodies_kept = {row[0] for row in daemon.sql("SELECT body FROM quarantine")}
        expect({b"not json", b"\xff\xfe", b"42"} <= bodies_kept, bodies_kept)


def index_by_time(place):
    with Steled(new_archive(place), settings={"index.max_wait": "300ms"}) as daemon:
        expect(daemon.post(event(1)) == 200, "not 200")
        daemon.wait_for("stele_stored_total", 1)
        expect(daemon.post(event(1)) == 200, "not 200")
        daemon.wait_for("stele_duplicate_total", 1)
        expect(daemon.metrics()["stele_inbox_rows"] == 0, "rows")


def index_full_blocks(place):
    """Enough for a block, by number or by bytes, does not wait for the time."""
    with Steled(new_archive(place)) as daemon:
        many = b"".join(event(i, text="x" * 500) + b"\n" for i in range(3000))
        for _ in range(3):
            expect(daemon.post(many) == 200, "not 200")
        daemon.wait_for("stele_stored_total", 3000)
        daemon.wait_for("stele_indexed_total", 6000)
        expect(daemon.metrics()["stele_stored_total"] == 3000, "stored twice")


def index_what_was_left(place):
    archive = new_archive(place)
    with Steled(archive) as daemon:
        expect(daemon.post(event(1)) == 200, "not 200")
        daemon.kill()
    with Steled(archive) as daemon:
        daemon.wait_for("stele_stored_total", 1)
        expect(os.path.exists(archive + "/segments/2026/2026-11-23.db"), "no segment of the day")
    with Steled(archive) as daemon:
        age = daemon.metrics().get("stele_newest_event_age_seconds")
        expect(age is not None and age < 100, f"age {age}")


def health_and_metrics(place):
    with Steled(new_archive(place)) as daemon:
        with urllib.request.urlopen(daemon.health + "/healthz") as response:
            expect(response.read() == b"ok\n", "healthz")
        before = daemon.metrics()
        expect("stele_newest_event_age_seconds" not in before, "an age before the first event")
        expect("stele_ship_lag_seconds" not in before, "a lag without a target")
        expect(daemon.post(event(1)) == 200, "not 200")
        after = daemon.metrics()
        expect(after["stele_received_total"] == 1, "received")
        expect(after['stele_requests_total{code="200"}'] == 1, "requests")
        expect(after["stele_commit_seconds_count"] == 1, "commits")
        expect(after['stele_commit_seconds_bucket{le="+Inf"}'] == 1, "buckets")
        expect(after["stele_newest_event_age_seconds"] < 30, "age")


def ships_on_demand(place):
    bucket = place.path("bucket")
    settings = {"ship.target": "file://" + bucket, "ship.codec": "gzip"}
    with Steled(new_archive(place), settings=settings) as daemon:
        for i in range(3):
            expect(daemon.post(event(i)) == 200, "not 200")
        daemon.signal("SIGUSR1")
        daemon.wait_for("stele_shipped_total", 3)
        rows = daemon.sql("SELECT key, events, state FROM object")
        expect(len(rows) == 1 and rows[0][1:] == (3, 1), rows)
        with gzip.open(f"{bucket}/{rows[0][0]}") as f:
            uids = [json.loads(line)["uid"] for line in f]
        expect(uids == [json.loads(event(i))["uid"] for i in range(3)], uids)


def stops_with_answers(place):
    """TERM while requests come: all that was answered 200 is there, no answer is cut in two."""
    archive = new_archive(place)
    with Steled(archive) as daemon:
        connection = daemon.connect()
        expect(daemon.post(event(1), connection=connection) == 200, "not 200")
        sock = raw(daemon, b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n{}")
        time.sleep(0.2)
        daemon.signal("SIGTERM")
        wait_until(lambda: "stopping" in daemon.log(), "stopping")
        sock.sendall(b"   ")
        last = read_all(sock)
        expect(status_of(last) == 200 and b"Connection: close" in last, last)
        daemon.process.wait(LONG_SECONDS)
        expect(len(inbox(daemon)) == 2, "the last one is not stored")


main(bodies, methods_and_paths, keep_alive_and_pipelining, a_client_that_does_not_wait, expect_100,
     limits, slow_and_idle, connections_max, queue_bytes_max, cannot_be_stored, what_is_no_event,
     index_by_time, index_full_blocks, index_what_was_left, health_and_metrics, ships_on_demand,
     stops_with_answers)
