"""Servers of this machine that stand where the examples name Splunk, Elasticsearch, a syslog
receiver, another Fluentd, a webhook or an S3 bucket. They take what they get; the tests of each
feature ask more of them."""
import hashlib
import http.server
import json
import os
import socketserver
import ssl
import threading
import urllib.parse
import xml.sax.saxutils


class Sink(http.server.BaseHTTPRequestHandler):
    """Answers each POST as the API does that its path is of."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = {}
        if self.path.startswith("/services/collector"):
            answer = {"text": "Success", "code": 0}
        elif "_bulk" in self.path:
            actions = [json.loads(line) for line in body.splitlines()[::2]]
            answer = {"errors": False,
                      "items": [{next(iter(action)): {"status": 201}} for action in actions]}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Bucket(http.server.BaseHTTPRequestHandler):
    """An S3 store in memory: PUT with If-None-Match, GET, HEAD and ListObjectsV2."""
    protocol_version = "HTTP/1.1"
    objects = {}  # "/bucket/key": (bytes, metadata)

    def log_message(self, *words):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def path_and_query(self):
        parts = urllib.parse.urlsplit(self.path)
        return urllib.parse.unquote(parts.path), urllib.parse.parse_qs(parts.query)

    def do_PUT(self):
        path, _ = self.path_and_query()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("If-None-Match") == "*" and path in self.objects:
            return self.reply(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        metadata = [(k, v) for k, v in self.headers.items() if k.lower().startswith("x-amz-meta-")]
        self.objects[path] = body, metadata
        algorithm = [(k, v) for k, v in self.headers.items()
                     if k.lower() == "x-amz-checksum-sha256"]
        return self.reply(200, headers=[("ETag", etag(body)), *algorithm])

    def do_GET(self):
        path, query = self.path_and_query()
        if "list-type" in query:
            return self.list(path.strip("/"), query)
        if path not in self.objects:
            return self.reply(404, b"<Error><Code>NoSuchKey</Code></Error>")
        body, metadata = self.objects[path]
        return self.reply(200, body, [("ETag", etag(body)), *metadata])

    do_HEAD = do_GET

    def list(self, bucket, query):
        prefix = query.get("prefix", [""])[0]
        rows = ""
        for path, (body, _) in sorted(self.objects.items()):
            name, key = path[1:].split("/", 1)
            if name == bucket and key.startswith(prefix):
                rows += (f"<Contents><Key>{xml.sax.saxutils.escape(urllib.parse.quote(key))}</Key>"
                         f"<LastModified>2026-11-23T00:00:00.000Z</LastModified>"
                         f"<ETag>{xml.sax.saxutils.escape(etag(body))}</ETag>"
                         f"<Size>{len(body)}</Size></Contents>")
        self.reply(200, ('<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns='
                         '"http://s3.amazonaws.com/doc/2006-03-01/">'
                         f"<Name>{bucket}</Name><EncodingType>url</EncodingType>"
                         f"<IsTruncated>false</IsTruncated>{rows}</ListBucketResult>").encode(),
                   [("Content-Type", "application/xml")])


def etag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


class Syslog(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while self.request.recv(65536):
                pass
        except OSError:
            pass


def serve(server, certificates=None):
    server.daemon_threads = True
    if certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(certificates, "server.crt"),
                                os.path.join(certificates, "server.key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def serve_all(certificates):
    """Every stand-in at the port that the examples name; certificates: a folder with server.crt."""
    sink = http.server.ThreadingHTTPServer
    serve(sink(("127.0.0.1", 18888), Sink))
    serve(sink(("127.0.0.1", 8088), Sink), certificates)  # Splunk
    serve(sink(("127.0.0.1", 9200), Sink), certificates)  # Elasticsearch
    serve(sink(("127.0.0.1", 443), Sink), certificates)  # a webhook
    serve(sink(("127.0.0.1", 9000), Bucket))
    serve(socketserver.ThreadingTCPServer(("127.0.0.1", 6514), Syslog), certificates)


NAMES = ("splunk.example.com", "elastic.example.com", "siem.example.com", "soc.example.com",
         "s3.example.com", "stele.example.com")


def hosts_file():
    return "127.0.0.1 localhost " + " ".join(NAMES) + "\n"


