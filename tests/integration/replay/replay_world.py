"""What the tests of `stele replay` share: archives with events, the verb, and a web server that is
told what to answer. The server is ours, not Splunk's or Elasticsearch's: it checks every request
as strictly as their documents allow, and fails in the ways they document."""
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

from stele_tool import BIN, expect
from steletest import new_archive


def events(count, start=0, per_second=2, **fields):
    """Lines of events, each half a second after the one before; every third is of a session."""
    lines = []
    for i in range(start, start + count):
        at = i / per_second
        event = {"ei": i, "event": "user.login" if i % 3 else "session.start", "code": "T1000I",
                 "uid": f"00000000-0000-4000-8000-{i:012}", "cluster_name": "c", "user": f"u{i % 7}",
                 "time": "2026-11-20T%02d:%02d:%06.3fZ" % (at // 3600, at // 60 % 60, at % 60),
                 **fields}
        if i % 3 == 0:
            event["sid"] = f"11111111-0000-4000-8000-{i % 11:012}"
        lines.append(json.dumps(event).encode())
    return lines


def archive_with(place, lines, name="archive"):
    archive = new_archive(place, name)
    add(place, archive, lines)
    return archive


def add(place, archive, lines):
    result = place.stele("import", "--archive", archive, "-", stdin=b"\n".join(lines) + b"\n")
    expect(result.code == 0, result.text())


def raw(place, archive, *words):
    """The archive's events in order of time, as one text."""
    result = place.stele("search", "*", "--archive", archive, "--output", "raw", "--limit", "0",
                         "--sort", "time", *words)
    expect(result.code in (0, 1), result.text())
    return result.out


def replay_words(archive, dest, *words):
    return ["replay", "--archive", archive, "--dest", dest, "--retry-wait", "100ms", *map(str, words)]


def replay(place, archive, dest, *words, env=None):
    return place.stele(*replay_words(archive, dest, *words), env=env)


def replay_process(place, archive, dest, *words):
    return subprocess.Popen([os.path.join(BIN, "stele"), *replay_words(archive, dest, *words)],
                            cwd=place.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def expect_sent(result, count, code=0):
    expect(result.code == code, f"exit code {result.code}: {result.text()}")
    expect(f"sent {count:,} event".encode() in result.out, result.text())


def expect_same_lines(is_, should, where):
    """Both lists in any order."""
    is_, should = sorted(is_), sorted(should)
    lost = [line for line in should if line not in set(is_)]
    more = [line for line in is_ if line not in set(should)]
    expect(is_ == should, f"{where}: {len(is_)} for {len(should)}; lost {lost[:2]}, more {more[:2]}")


def tls_context(certificates, client=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("server.crt"), certificates.path("server.key"))
    if client:
        context.load_verify_locations(certificates.path("ca.crt"))
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class WebServer(http.server.ThreadingHTTPServer):
    """answer(path, headers, body) gives (status, headers, body), or "cut" (the connection is cut
    without an answer), or raises AssertionError for a request that is not as it should be: that is
    a 500 and a fault."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer, certificates=None, port=0):
        super().__init__(("127.0.0.1", port), Post)
        self.answer = answer
        self.faults = []
        self.requests = 0
        self.lock = threading.Lock()
        self.under_way = self.most_under_way = 0
        self.scheme = "http"
        if certificates:
            self.scheme = "https"
            self.socket = tls_context(certificates).wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that was killed

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.shutdown()
        self.server_close()
        if not kind:
            expect(not self.faults, f"{len(self.faults)} faults: {self.faults[:3]}")


class Post(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *words):
        pass

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with server.lock:
            server.requests += 1
            server.under_way += 1
            server.most_under_way = max(server.most_under_way, server.under_way)
        try:
            answer = server.answer(self.path, self.headers, body)
        except Exception as fault:  # told at the end
            server.faults.append(f"{type(fault).__name__}: {fault}")
            answer = 500, {}, b""
        finally:
            with server.lock:
                server.under_way -= 1
        if answer == "cut":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        status, headers, text = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


class Lines:
    """A receiver of NDJSON for WebServer: keeps the lines it took in order, with the time of each.
    fail(number of the request, body) may give another answer than 200."""

    def __init__(self, fail=None, pause=0):
        self.lines = []
        self.times = []
        self.fail = fail
        self.pause = pause
        self.number = 0
        self.lock = threading.Lock()

    def __call__(self, path, headers, body):
        expect(headers["Content-Type"] == "application/x-ndjson", headers["Content-Type"])
        expect(body.endswith(b"\n") and b"\n\n" not in body, body[-100:])
        time.sleep(self.pause)
        with self.lock:
            self.number += 1
            answer = self.fail(self.number, body) if self.fail else None
            if answer is None or answer == "cut after":
                lines = body[:-1].split(b"\n")
                self.lines += lines
                self.times += [time.monotonic()] * len(lines)
        return "cut" if answer == "cut after" else answer or (200, {}, b"")
