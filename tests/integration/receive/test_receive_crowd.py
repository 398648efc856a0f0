"""Clients that hold connections and say nothing, or little, on both ports: they cost their own
places, and neither senders, nor the archive, nor memory."""
import os
import socket
import threading
import time
import urllib.request

from stele_tool import LONG_SECONDS, expect, main
from steletest import Certificates, Steled, event, new_archive

HELLO = b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"  # a ClientHello's beginning


def health_address(daemon):
    return "127.0.0.1", int(daemon.health.rsplit(":", 1)[1])


def is_healthy(daemon, seconds=LONG_SECONDS):
    with urllib.request.urlopen(daemon.health + "/healthz", timeout=seconds) as answer:
        return answer.status == 200


class Crowd:
    """Keeps `count` connections to an address open: what is closed is opened again. Each sends
    `first`, and every 0.1 s `more`."""

    def __init__(self, address, count, first=b"", more=b""):
        self.address, self.count, self.first, self.more = address, count, first, more
        self.socks = []
        self.opened = 0
        self.stop = threading.Event()
        self.full = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _open(self):
        sock = socket.create_connection(self.address, timeout=5)
        sock.sendall(self.first)
        sock.setblocking(False)
        self.opened += 1
        self.socks.append(sock)

    @staticmethod
    def _lives(sock, more):
        try:
            if more:
                sock.send(more)
            return sock.recv(4096) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _run(self):
        while not self.stop.is_set():
            alive = [sock for sock in self.socks if self._lives(sock, self.more)]
            for sock in set(self.socks) - set(alive):
                sock.close()
            self.socks = alive
            try:
                while len(self.socks) < self.count and not self.stop.is_set():
                    self._open()
            except OSError:
                pass
            if self.opened >= self.count:
                self.full.set()
            self.stop.wait(0.1)

    def __enter__(self):
        self.thread.start()
        expect(self.full.wait(LONG_SECONDS), f"{self.opened} connections")
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(LONG_SECONDS)
        for sock in self.socks:
            sock.close()


def senders_come_in(daemon, count=5):
    """The longest that a new sender with a certificate waits for its answer, in seconds."""
    worst = 0
    for number in range(count):
        start = time.monotonic()
        connection = daemon.connect(timeout=20)
        expect(daemon.post(event(number), connection=connection) == 200, "a new sender")
        connection.close()
        worst = max(worst, time.monotonic() - start)
    return worst


def lines_with(daemon, text):
    return [line for line in daemon.log().splitlines() if text in line]


def crowd_before_tls(place):
    """More connections without a certificate than there are places: silent ones, ones that have
    begun a handshake, ones that drip it."""
    settings = {"receive.connections_max": "300"}
    with Steled(new_archive(place), Certificates(place.path("tls")), settings) as daemon:
        old = daemon.connect()
        expect(daemon.post(event(1), connection=old) == 200, "before")
        for first, more in ((b"", b""), (HELLO, b""), (HELLO, b"\0")):
            with Crowd(("127.0.0.1", daemon.port), 500, first, more):
                worst = senders_come_in(daemon)
                expect(worst < 10, f"a new sender waited {worst:.1f} s beside {first!r} {more!r}")
                expect(daemon.post(event(1), connection=old) == 200, "who is connected stays")
        expect(daemon.metrics()["stele_newcomers_closed_total"] > 0, "not counted")
        said = lines_with(daemon, "do not say who they are")
        expect(len(said) == 1 and "receive" in said[0], said)


def newcomers_have_five_seconds(place):
    with Steled(new_archive(place), Certificates(place.path("tls"))) as daemon:
        start = time.monotonic()
        silent = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
        expect(silent.recv(1) == b"", "a silent client is closed")
        took = time.monotonic() - start
        expect(4.5 < took < 12, f"after {took:.1f} s")
    with Steled(new_archive(place, "plain")) as daemon:
        silent = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
        body = event(2)
        head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        slow = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
        slow.sendall(head)
        expect(silent.recv(1) == b"", "a silent client is closed")
        slow.sendall(body)  # whoever has sent a head has receive.request_timeout for the rest
        expect(slow.recv(15) == b"HTTP/1.1 200 OK", "a slow sender")


def crowd_on_health(place):
    """The port for supervisors stays open for them, and the archive for senders."""
    with Steled(new_archive(place), Certificates(place.path("tls"))) as daemon:
        old = daemon.connect()
        expect(daemon.post(event(1), connection=old) == 200, "before")
        before = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        for more in (b"", b"y"):
            with Crowd(health_address(daemon), 300, b"GET /metrics HTTP/1.1\r\nX: ", more):
                for _ in range(5):
                    expect(is_healthy(daemon, 10), "healthz")
                expect(senders_come_in(daemon, 3) < 5, "new senders")
                open_now = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
                expect(open_now < before + 60, f"{open_now} descriptors, {before} before")
        expect(daemon.post(event(1), connection=old) == 200, "who is connected stays")
        said = lines_with(daemon, "do not say who they are")
        expect(len(said) == 1 and "serve" in said[0], said)


def memory_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def health_never_read(place):
    """Requests without end behind each other, and no answer read: no memory is taken for them."""
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
    with Steled(new_archive(place)) as daemon:
        expect(is_healthy(daemon), "before")
        before = memory_kib(daemon)
        for _ in range(200):
            with socket.create_connection(health_address(daemon), timeout=LONG_SECONDS) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                try:
                    for _ in range(20):
                        sock.sendall(request)
                except OSError:
                    pass  # it was closed after one answer
        more = memory_kib(daemon) - before
        expect(more < 16 * 1024, f"{more} KiB for requests that nobody waits for")
        expect(is_healthy(daemon) and daemon.post(event(1)) == 200, "after")


main(crowd_before_tls, newcomers_have_five_seconds, crowd_on_health, health_never_read)
