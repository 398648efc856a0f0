"""A webhook as its owner would write it: HTTPS, checks the signature of every post, and fails as it is
told to."""
import hashlib
import hmac
import http.server
import json
import re
import socket
import ssl
import threading
import time

SECRET = b"0123456789abcdef-secret"


class HookServer(http.server.ThreadingHTTPServer):
    """answers: what to do with the next posts, in order: a status, "cut" (the connection is cut without
    an answer), "cut after" (the same once the post was taken), "slow" (no answer in time); 200 when
    there are none left, or what `then` is."""
    daemon_threads = True

    def __init__(self, certificates, answers=(), then=200, port=0, pace=0):
        super().__init__(("127.0.0.1", port), Post)
        self.answers = list(answers)
        self.then = then
        self.pace = pace  # seconds before each answer
        self.taken = []  # (id, body) of each post answered 2xx, or cut after
        self.tries = []  # (id, when)
        self.faults = []
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.path("server.crt"), certificates.path("server.key"))
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that was killed

    @property
    def url(self):
        return f"https://127.0.0.1:{self.server_port}/hits"

    def stop(self):
        self.shutdown()
        self.server_close()


def fault_of(path, headers, body):
    signature = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers.get("Stele-Signature", ""))
    if not signature:
        return f"no signature: {headers}"
    if abs(time.time() - int(signature[1])) > 30:
        return "the signature is old"
    wanted = hmac.new(SECRET, signature[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    if wanted != signature[2]:
        return "the signature is wrong"
    if headers.get("Content-Type") != "application/json" or path != "/hits":
        return "not what was agreed"
    if json.loads(body)["id"] != headers.get("Stele-Hit"):
        return "the ids differ"
    return None


class Post(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *words):
        pass

    def do_GET(self):
        self.server.faults.append("a GET")
        self.send_error(404)

    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = fault_of(self.path, self.headers, body)
        with server.lock:
            if fault:
                server.faults.append(fault)
            answer = server.answers.pop(0) if server.answers else server.then
            server.tries.append((self.headers["Stele-Hit"], time.monotonic()))
            if answer in (200, 204, "cut after"):
                server.taken.append((self.headers["Stele-Hit"], body))
        time.sleep(3 if answer == "slow" else server.pace)
        if isinstance(answer, str):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer)
        if 300 <= answer < 400:
            self.send_header("Location", server.url)
        self.send_header("Content-Length", "0" if answer == 204 else "2")
        self.end_headers()
        if answer != 204:
            self.wfile.write(b"ok")
