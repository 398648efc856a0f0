"""A proxy before an S3 server that spoils chosen requests. Everything else goes through as it is,
byte for byte, so that signatures hold. Requests are numbered from 1 on in the order of their
arrival; a rule (number, kind) -> name of a fault says what happens to each."""
import os
import signal
import socket
import socketserver
import struct
import threading
import time

from stele_tool import LONG_SECONDS

HELD_S = 2.5  # an answer is kept back so long; ship.timeout of the tests is 1 s


def error_body(code):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
            f"<Message>a fault of the test</Message></Error>").encode()


def made_up(status, code, more=""):
    body = error_body(code)
    return (f"HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n").encode(), body


def skewed(_):
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    return made_up(403, "RequestTimeTooSkewed", f"Date: {date}\r\n")


# What is answered in the store's place. The store has not heard of the request...
ANSWERS = {
    "500": lambda _: made_up(500, "InternalError"),
    "503": lambda _: made_up(503, "SlowDown", "Retry-After: 1\r\n"),
    "429": lambda _: made_up(429, "TooManyRequests"),
    "400": lambda _: made_up(400, "InvalidRequest"),
    "400 timeout": lambda _: made_up(400, "RequestTimeout", "Connection: close\r\n"),
    "403": lambda _: made_up(403, "AccessDenied"),
    "403 skewed": skewed,
    "404": lambda _: made_up(404, "NoSuchUpload"),
    "409": lambda _: made_up(409, "ConditionalRequestConflict"),
    "412": lambda _: made_up(412, "PreconditionFailed"),
    "501": lambda _: made_up(501, "NotImplemented"),
    "200 error": lambda _: (b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
                            b"Content-Length: %d\r\n\r\n" % (len(error_body("InternalError")) + 4),
                            b" \n \n" + error_body("InternalError")),
}
# ... or has done it: "done 500".
DONE = tuple(f"done {name}" for name in ("500", "503", "400", "403", "409", "412", "200 error"))
CUTS = ("drop first", "drop in body", "drop unheard", "drop answered", "cut head", "cut answer")
KILLS = ("kill first", "kill in body", "kill unheard", "kill answered", "kill after")
HOLDS = ("hold",)


def kind_of(method, query):
    """What a request is of S3."""
    names = {word.partition("=")[0] for word in query.split("&")}
    if method == "PUT":
        return "part" if "partNumber" in names else "put"
    if method == "POST":
        return "begin" if "uploads" in names else "complete"
    if method == "GET":
        return "uploads" if "uploads" in names else "list" if "list-type" in names else "get"
    return {"HEAD": "head", "DELETE": "abort"}.get(method, method)


def fits(fault, kind, has_body):
    """Whether the fault can come over a request of this kind."""
    if "in body" in fault:
        return has_body
    if "200 error" in fault:
        return kind == "complete"
    if fault.endswith(("409", "412")):
        return kind in ("put", "part", "complete")  # no other is conditional
    if fault == "hold":
        return kind != "complete"  # it is waited for for five minutes
    return True


class Spoiled(Exception):
    """The connection to the client ends here."""


class Wire:
    """A socket that reads HTTP messages as the bytes they are."""

    def __init__(self, sock):
        self.sock = sock
        self.left = b""

    def read_more(self):
        data = self.sock.recv(1 << 18)
        if not data:
            raise EOFError
        self.left += data

    def head(self):
        while b"\r\n\r\n" not in self.left:
            self.read_more()
        head, _, self.left = self.left.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def take(self, size):
        chunks, have = [self.left[:size]], min(len(self.left), size)
        self.left = self.left[size:]
        while have < size:
            data = self.sock.recv(min(1 << 20, size - have))
            if not data:
                raise EOFError
            chunks.append(data)
            have += len(data)
        return b"".join(chunks)

    def line(self):
        while b"\r\n" not in self.left:
            self.read_more()
        line, _, self.left = self.left.partition(b"\r\n")
        return line + b"\r\n"

    def body(self, head, no_body):
        """Of an answer."""
        fields = header_fields(head)
        if no_body or head.split(b" ", 2)[1] in (b"204", b"304"):
            return b""
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            chunks = []
            while True:
                line = self.line()
                size = int(line.split(b";")[0], 16)
                chunks += [line, self.take(size), self.line()]
                if size == 0:
                    return b"".join(chunks)
        return self.take(int(fields.get(b"content-length", 0)))


def header_fields(head):
    fields = {}
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    return fields


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.client = Wire(self.request)
        self.client.sock.settimeout(60)
        self.server_wire = None
        try:
            while True:
                self.one()
        except (EOFError, OSError, Spoiled):
            pass
        finally:
            self.leave_server()

    def leave_server(self):
        if self.server_wire:
            self.server_wire.sock.close()
            self.server_wire = None

    def spoil(self):
        """With a reset: what waits in either direction is gone."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()
        raise Spoiled

    def ask(self, head, body, whole=True):
        """Hands the request to the store; `whole` False: half of its body, and the end."""
        self.leave_server()
        sock = socket.create_connection(("127.0.0.1", self.server.store_port), timeout=LONG_SECONDS)
        self.server_wire = Wire(sock)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:")]
        sock.sendall(b"\r\n".join(lines))
        sock.sendall(body if whole else body[:len(body) // 2])

    def answer(self, method):
        head = self.server_wire.head()
        while head.split(b" ", 2)[1].startswith(b"1"):
            head = self.server_wire.head()
        return head, self.server_wire.body(head, method == "HEAD")

    def one(self):
        head = self.client.head()
        method, path, _ = head.decode("latin-1").split(" ", 2)
        fields = header_fields(head)
        kind = kind_of(method, path.partition("?")[2])
        size = int(fields.get(b"content-length", 0))
        fault = self.server.arrived(kind, size > 0)
        if fault in ("drop first", "kill first"):
            self.end(fault)
        if b"expect" in fields:
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.client.take(size)
        self.go_on(fault, method, head, body)

    def go_on(self, fault, method, head, body):
        if fault in ANSWERS:
            answer = ANSWERS[fault](None)
        else:
            self.ask(head, body, "in body" not in fault)
            if fault.endswith(("in body", "unheard")):
                self.end(fault)
            answer = self.answer(method)
            if fault.endswith("answered"):
                self.end(fault)
            if fault.startswith("done "):
                answer = ANSWERS[fault[5:]](None)
        if fault == "hold":
            self.server.stopped.wait(HELD_S)
        answer_head, answer_body = answer
        if method == "HEAD":
            answer_body = b""
        if fault == "cut head":
            self.cut(answer_head[:len(answer_head) // 2])
        if fault == "cut answer":
            self.cut(answer_head + answer_body[:len(answer_body) // 2] if answer_body
                     else answer_head[:-2])
        self.request.sendall(answer_head + answer_body)
        if fault == "kill after":
            self.end(fault)

    def cut(self, some):
        self.request.sendall(some)
        self.request.shutdown(socket.SHUT_RDWR)
        raise Spoiled

    def end(self, fault):
        if fault.startswith("kill"):
            self.server.kill()
        self.leave_server()
        self.spoil()


class FaultProxy(socketserver.ThreadingTCPServer):
    """In front of a store at 127.0.0.1:store_port. `rule(number, kind, has_body)` names the fault or
    is None; `victim`, a Popen, is what the kills are for."""
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, store_port):
        super().__init__(("127.0.0.1", 0), Handler)
        self.store_port = store_port
        self.port = self.server_address[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.reset()
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def reset(self, rule=None):
        with self.lock:
            self.rule = rule
            self.victim = None
            self.number = 0
            self.seen = []      # (kind, has_body, fault or "")
            self.applied = []   # (number, kind, fault)

    def arrived(self, kind, has_body):
        with self.lock:
            self.number += 1
            fault = (self.rule(self.number, kind, has_body) if self.rule else None) or ""
            self.seen.append((kind, has_body, fault))
            if fault:
                self.applied.append((self.number, kind, fault))
            return fault

    def kill(self):
        victim = self.victim
        if victim and victim.poll() is None:
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()

    def handle_error(self, request, client_address):
        if os.environ.get("FAULT_PROXY_TRACE"):
            super().handle_error(request, client_address)

    def close(self):
        self.stopped.set()
        self.shutdown()
        self.server_close()
