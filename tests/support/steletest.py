"""Runs steled in a scratch directory and talks to it as an event handler does. STELE_BIN names the
folder of the programs; stele_tool has the directory (Place) and the tool."""
import http.client
import json
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import urllib.request

from stele_tool import BIN, LONG_SECONDS, expect, wait_until  # noqa: F401: for the tests


def openssl(*words, stdin=None):
    """Runs openssl; gives its standard output."""
    done = subprocess.run(["openssl", *words], input=stdin, capture_output=True, timeout=LONG_SECONDS)
    expect(done.returncode == 0, f"openssl {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout


class Certificates:
    """A CA, and what it signs, as files NAME.crt and NAME.key of a directory."""

    def __init__(self, directory, ca_subject="/CN=CA"):
        self.dir = directory
        os.makedirs(directory, exist_ok=True)
        self._key("ca")
        openssl("req", "-x509", "-new", "-key", self.path("ca.key"), "-subj", ca_subject, "-days",
                "2", "-out", self.path("ca.crt"), "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0")
        self.sign("server", "serverAuth")
        self.sign("client", "clientAuth")

    def path(self, name):
        return os.path.join(self.dir, name)

    def _key(self, name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                self.path(name + ".key"))

    def sign(self, name, usage, subject=None, extensions="", days=2):
        self._key(name)
        request = openssl("req", "-new", "-key", self.path(name + ".key"), "-subj",
                          subject or "/CN=" + name.capitalize())
        conf = self.path(name + ".ext")
        with open(conf, "w") as f:
            f.write("basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\n"
                    f"extendedKeyUsage={usage}\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
                    f"{extensions}")
        openssl("x509", "-req", "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-days",
                str(days), "-set_serial", str(int.from_bytes(os.urandom(15), "big")), "-extfile", conf,
                "-out", self.path(name + ".crt"), stdin=request)

    def settings(self):
        return {"receive.certificate": self.path("server.crt"),
                "receive.key": self.path("server.key"), "receive.ca": self.path("ca.crt")}

    def context(self, client="client", version=None):
        """An SSL context of a client; client None: without a certificate."""
        context = ssl.create_default_context(cafile=self.path("ca.crt"))
        if client:
            context.load_cert_chain(self.path(client + ".crt"), self.path(client + ".key"))
        if version:
            context.minimum_version = context.maximum_version = version
        return context


class Steled:
    """One run of steled on port 0. Without certificates it speaks plain HTTP."""

    def __init__(self, archive, certificates=None, settings=None, config=None, env=None):
        self.archive = archive
        self.certificates = certificates
        self.lines = []
        self.url = self.health = None
        values = {"receive.listen": "127.0.0.1:0", "serve.listen": "127.0.0.1:0"}
        values.update(certificates.settings() if certificates else {"receive.tls": "no"})
        values.update(settings or {})
        words = [os.path.join(BIN, "steled"), "--archive", archive]
        words += ["--config", config] if config else []
        for key, value in values.items():
            words += ["--set", f"{key}={value}"]
        environment = {k: v for k, v in os.environ.items() if k != "STELE_ARCHIVE"}
        environment.update(env or {})
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, env=environment)
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\n")
            self.lines.append(text)
            found = re.match(r"ready: events on (\S+?)(?:, health on (\S+))?$", text)
            if found:
                self.url, self.health = found.groups()
                self._ready.set()
        self._ready.set()

    def __enter__(self):
        self._ready.wait(LONG_SECONDS)
        expect(self.url, "steled did not start: " + self.log())
        self.host, port = self.url.split("://")[1].rsplit(":", 1)
        self.port = int(port)
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind:
                self.process.kill()
            else:
                self.stop()
        if kind:
            print(self.log(), file=sys.stderr)

    def log(self):
        return "\n".join(self.lines)

    def fails(self):
        """For a run that must not start: its exit code and what it said."""
        code = self.process.wait(LONG_SECONDS)
        self._reader.join(LONG_SECONDS)
        return code, self.log()

    def signal(self, name):
        self.process.send_signal(getattr(signal, name))

    def stop(self):
        """Ends it as asked; anything but exit code 0 is a failure."""
        self.signal("SIGTERM")
        code = self.process.wait(LONG_SECONDS)
        self._reader.join(LONG_SECONDS)
        expect(code == 0, f"steled ended with {code}: {self.log()}")

    def kill(self):
        self.process.kill()
        self.process.wait(LONG_SECONDS)

    def connect(self, context=None, timeout=LONG_SECONDS):
        """An http.client connection; its first request does the handshake."""
        if self.certificates:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                               context=context or self.certificates.context())
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def post(self, body, path="/test.log", headers=None, method="POST", connection=None):
        """One request; gives the status code. Checks that the answer has no body."""
        own = connection or self.connect()
        try:
            headers = {"Content-Type": "application/json", **(headers or {})}
            own.request(method, path, body=body, headers=headers,
                        encode_chunked="Transfer-Encoding" in headers)
            response = own.getresponse()
            expect(response.getheader("Content-Length") == "0", "the answer has a body")
            response.read()
            return response.status
        finally:
            if not connection:
                own.close()

    def metrics(self):
        """Every sample: {"stele_received_total": 3.0, 'stele_requests_total{code="200"}': 3.0}."""
        with urllib.request.urlopen(self.health + "/metrics", timeout=LONG_SECONDS) as response:
            text = response.read().decode()
        lines = [line for line in text.splitlines() if line and line[0] != "#"]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def wait_for(self, name, value):
        """Until the metric has at least that value."""
        wait_until(lambda: self.metrics().get(name, 0) >= value, f"{name} reaches {value}")

    def sql(self, query):
        return sql(self.archive, query)


def sql(archive, query):
    """Rows of the catalogue, read beside whoever writes it."""
    connection = sqlite3.connect(f"file:{archive}/archive.db?mode=ro", uri=True, timeout=LONG_SECONDS)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def new_archive(place, name="archive"):
    result = place.stele("init", place.path(name))
    expect(result.code == 0, result.text())
    os.remove(place.path(name, "stele.conf"))
    return place.path(name)


def event(number, **fields):
    """One event as the handler sends it, with a uid of its own."""
    return json.dumps({"ei": 0, "event": "user.login", "uid": f"00000000-0000-4000-8000-{number:012}",
                       "code": "T1000I", "time": "2026-11-23T10:00:00.123Z", "user": "alice",
                       "addr.remote": "203.0.113.7:52011", "cluster_name": "c", **fields}).encode()

