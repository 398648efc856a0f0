"""What the health port takes and answers: little, for a short time, one request a connection."""
import socket
import time

from stele_tool import LONG_SECONDS, expect, main
from steletest import Steled, event, new_archive, wait_until

CONNECTIONS_MAX = 32
REQUEST_SECONDS = 5


def port_of(daemon):
    return int(daemon.health.rsplit(":", 1)[1])


def connect(daemon):
    return socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=LONG_SECONDS)


def read_all(sock):
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def ask(daemon, data):
    """What comes back, up to the end: code, head and body."""
    with connect(daemon) as sock:
        sock.sendall(data)
        head, _, body = read_all(sock).partition(b"\r\n\r\n")
        expect(head.startswith(b"HTTP/1.1 "), f"no answer to {data[:80]!r}: {head!r}")
        return int(head[9:12]), head + b"\r\n", body


def get(daemon, path=b"/healthz", method=b"GET", host=b"localhost"):
    head = b"%s %s HTTP/1.1\r\n" % (method, path)
    head += b"Host: %s\r\n" % host if host is not None else b""
    return ask(daemon, head + b"\r\n")


def pages(place):
    with Steled(new_archive(place)) as daemon:
        for path in (b"/healthz", b"/healthz?verbose", b"/healthz?"):
            code, head, body = get(daemon, path)
            expect((code, body) == (200, b"ok\n"), f"{path} {code} {body}")
            expect(b"Connection: close\r\n" in head and b"Content-Type: text/plain\r\n" in head, head)
        code, head, body = get(daemon, b"/metrics")
        expect(code == 200 and b"Content-Type: text/plain; version=0.0.4\r\n" in head, head)
        expect(f"Content-Length: {len(body)}\r\n".encode() in head, head)
        expect(b"# TYPE stele_received_total counter\n" in body and body.endswith(b"} 1\n"), body)
        code, head, body = get(daemon, b"/metrics", method=b"HEAD")
        expect(code == 200 and body == b"" and b"Content-Length: 0\r\n" not in head, head)
        for path in (b"/", b"/health", b"/healthz/", b"/metricsx", b"*"):
            code, _, body = get(daemon, path)
            expect((code, body) == (404, b"There is /healthz and /metrics.\n"), f"{code} {body}")
        for method in (b"POST", b"PUT", b"OPTIONS", b"FROB"):
            code, head, body = get(daemon, method=method)
            expect(code == 405 and body.count(b"\n") == 1, f"{method} {code} {body}")
            expect(b"Allow: GET, HEAD\r\n" in head, head)
        counted = [value for name, value in daemon.metrics().items() if "requests_total" in name]
        expect(sum(counted) == 0, f"the health port counts as the receiver: {counted}")
        expect(daemon.metrics()["stele_connections"] == 0, "connections")


def hosts(place):
    """Only names that nobody else can give out, or that the configuration has."""
    with Steled(new_archive(place)) as daemon:
        for host in (b"localhost", b"LOCALHOST:1", b"127.0.0.1", b"127.0.0.1:8889", b"127.9.9.9",
                     b"[::1]", b"[::1]:8889"):
            expect(get(daemon, host=host)[0] == 200, host)
        for host in (b"evil.example", b"evil.example:8889", b"", b"127.0.0.1.evil.example", b"[::1",
                     b"::1", b"localhost.evil.example", b"x" * 500, b"10.1.2.3", b"localhost:x",
                     b"[::1]evil.example", b"localhost:8889:1", b"[localhost]", b" ", b":8889"):
            code, _, body = get(daemon, host=host)
            expect(code == 421 and body.count(b"\n") == 1, f"{host} {code} {body}")
        two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"
        expect(ask(daemon, two)[0] == 400, "two hosts")
        expect(get(daemon, host=None)[0] == 400, "HTTP/1.1 without Host")
        expect(ask(daemon, b"GET /healthz HTTP/1.0\r\n\r\n")[0] == 200, "HTTP/1.0 without Host")
    settings = {"serve.listen": "0.0.0.0:0", "serve.hosts": "stele.example  other.example"}
    with Steled(new_archive(place, "open"), settings=settings) as daemon:
        for host in (b"stele.example:8889", b"Other.example", b"10.1.2.3", b"localhost"):
            expect(get(daemon, host=host)[0] == 200, host)
        for host in (b"evil.example", b"example", b"stele.example other.example", b""):
            expect(get(daemon, host=host)[0] == 421, host)


def limits(place):
    with Steled(new_archive(place)) as daemon:
        long = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n"
        expect(ask(daemon, long % (b"x" * 15000))[0] == 200, "15,000 bytes")
        expect(ask(daemon, long % (b"x" * 20000))[0] == 431, "20,000 bytes")
        body = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        expect(ask(daemon, body % 1000 + b"x" * 1000)[0] == 200, "a small body")
        expect(ask(daemon, body % 2000 + b"x" * 2000)[0] == 413, "a large body")
        for bad in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET /healthz\r\n\r\n",
                    b"GET /healthz HTTP/1.1\nHost: localhost\n\n"):
            expect(ask(daemon, bad)[0] == 400, bad)
        # One answer, whatever follows.
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        code, _, body = ask(daemon, one * 3)
        expect((code, body) == (200, b"ok\n"), f"pipelined: {code} {body}")
        expect("receive:" not in daemon.log(), daemon.log())


def slow_and_many(place):
    """A client that drips its request is cut off in time; of those that hold all connections the
    oldest silent one makes room."""
    with Steled(new_archive(place)) as daemon:
        start = time.monotonic()
        drip = connect(daemon)
        drip.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        held = [connect(daemon) for _ in range(CONNECTIONS_MAX - 1)]
        expect(get(daemon)[0] == 200, "one more comes in")
        expect(read_all(held[0]) == b"", "the oldest silent one made room")
        expect(daemon.post(event(1)) == 200, "the receiver")
        cut = False
        while not cut and time.monotonic() < start + 60:
            try:
                drip.sendall(b"x")
                drip.settimeout(0.2)
                cut = drip.recv(100) == b""
            except TimeoutError:
                pass
            except OSError:
                cut = True
        took = time.monotonic() - start
        expect(cut and took > REQUEST_SECONDS - 1, f"cut off after {took:.1f} s: {cut}")
        for sock in held:
            expect(read_all(sock) == b"", "idle ones are closed")
        wait_until(lambda: get(daemon)[0] == 200, "healthy again")


main(pages, hosts, limits, slow_and_many)
