"""Bodies that are large once they are unpacked, or as they are: what another sender posts meanwhile is
answered before them."""
import gzip
import select
import socket
import zlib

from stele_tool import LONG_SECONDS, expect, main
from steletest import Steled, event, new_archive

MANY = 24
LARGE = 31 << 20


def post(daemon, body, encoding):
    sock = socket.create_connection((daemon.host, daemon.port), timeout=LONG_SECONDS)
    head = "POST / HTTP/1.1\r\nContent-Length: %d\r\n" % len(body)
    head += f"Content-Encoding: {encoding}\r\n" if encoding else ""
    sock.sendall(head.encode() + b"\r\n" + body)
    return sock


def answered(socks):
    return len(select.select(socks, [], [], 0)[0])


def others_come_first(daemon, bodies, encoding):
    """The first of another sender's answers come while most of the large bodies have none."""
    mine = daemon.connect()
    expect(daemon.post(event(0), connection=mine) == 200, "before")
    socks = [post(daemon, body, encoding) for body in bodies]
    for number in range(3):
        expect(daemon.post(event(number), connection=mine) == 200, "beside large bodies")
    done = answered(socks)
    expect(done < len(bodies) / 2, f"{done} of {len(bodies)} large bodies were answered before")
    for sock in socks:
        expect(sock.recv(15) == b"HTTP/1.1 200 OK", "a large body is stored")
        sock.close()
    mine.close()


def packed(place):
    blanks = b" " * LARGE
    with Steled(new_archive(place), settings={"receive.queue_bytes_max": "1GiB"}) as daemon:
        for encoding, body in (("gzip", gzip.compress(blanks)), ("deflate", zlib.compress(blanks))):
            others_come_first(daemon, [body] * MANY, encoding)


def packed_of_all_sizes(place):
    """Below and above what is unpacked at once: bytes come out as they went in, faults as ever."""
    with Steled(new_archive(place), settings={"receive.body_bytes_max": "2MiB"}) as daemon:
        for size in (1, 100, 262143, 262144, 262145, 2 << 20):
            body = b'{"a":"' + b"x" * size + b'"}'
            body = body[:size] if size < 10 else body[:size - 8] + b'"}' + b" " * 6
            for encoding, data in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
                expect(daemon.post(data, headers={"Content-Encoding": encoding}) == 200, size)
                last = daemon.sql("SELECT body FROM inbox ORDER BY id DESC LIMIT 1")
                expect(last == [(body,)], f"{encoding}, {size} bytes")
        over = gzip.compress(b" " * ((2 << 20) + 1))
        expect(daemon.post(over, headers={"Content-Encoding": "gzip"}) == 413, "too large")
        cut = gzip.compress(b"y" * 1_000_000)[:-9]
        expect(daemon.post(cut, headers={"Content-Encoding": "gzip"}) == 200, "damaged")
        expect(daemon.sql("SELECT body FROM quarantine") == [(cut,)], "kept as it came")


def gone_meanwhile(place):
    """Senders that go while their bodies are unpacked, and a daemon that stops then: what was
    answered is there."""
    archive = new_archive(place)
    bodies = [gzip.compress(event(number, pad="x" * 3_000_000)) for number in range(2 * MANY)]
    with Steled(archive) as daemon:
        for sock in [post(daemon, body, "gzip") for body in bodies[:MANY]]:
            sock.close()
        expect(daemon.post(event(1000)) == 200, "after they have gone")
        socks = [post(daemon, body, "gzip") for body in bodies[MANY:]]
        daemon.stop()
        answers = []
        for sock in socks:
            try:
                answers.append(sock.recv(12))
            except ConnectionResetError:  # it had not been read when the daemon ended
                answers.append(b"")
    found = place.stele("sql", "select uid from teleport_audit_events", "--archive", archive).out
    for number, answer in enumerate(answers, MANY):
        there = b"00000000-0000-4000-8000-%012d" % number in found
        expect(there or answer != b"HTTP/1.1 200", f"event {number} was answered 200 and is gone")


main(packed, packed_of_all_sizes, gone_meanwhile)
