"""The world in which the examples of the manual and of the README are run as they are written: a
machine of our own by namespaces (mounts, network, processes), with /var/lib/stele, the hosts that
the examples name, and the samples of tools/samples as events."""
import datetime
import fcntl
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

import stand_ins
from stele_tool import BIN, LONG_SECONDS, expect
from steletest import Certificates

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
FILES = os.path.join(ROOT, "tests/integration/manual/files")
HOME = "/home/you/stele"  # what the documents call the working directory
STORED = datetime.datetime(2026, 11, 23, 21, 22, 10)  # the manual's now, of the samples' times
ARCHIVE = "/var/lib/stele"
BUCKET = "/mnt/bucket"
SKIPPED = 77


def enter(script):
    """Runs the script again in namespaces of its own, and gives its exit code; returns None inside
    of them."""
    if "--inside" in sys.argv:
        sys.argv.remove("--inside")
        set_up_machine()
        return None
    keep = [f"{name}={os.environ[name]}" for name in (
        "STELE_BIN", "STELE_SANITIZED", "PYTHONPATH", "PATH", "PYTHONDONTWRITEBYTECODE")
            if name in os.environ]
    flags = ["--mount", "--net", "--pid", "--fork", "--kill-child"]
    tries = [["unshare", *flags]] if os.getuid() == 0 else [
        ["unshare", "--map-root-user", *flags], ["sudo", "-n", "env", *keep, "unshare", *flags]]
    for words in tries:
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return subprocess.call([*words, sys.executable, script, *sys.argv[1:], "--inside"])
    print("skipped: it takes mount and network namespaces (root, sudo, or unshare -r)")
    return SKIPPED


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def set_up_machine():
    """The loopback device up, /proc with our own processes, and nothing of the caller's set-up."""
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=False)  # LeakSanitizer reads it
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14s", b"lo", 0x41, b""))  # SIOCSIFFLAGS: up
    for name in list(os.environ):
        if name.startswith(("AWS_", "STELE_", "LC_", "SUDO_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ.update(LC_ALL="C.UTF-8", TZ="UTC", AWS_EC2_METADATA_DISABLED="true")


class World:
    """`with World() as world`: /var/lib, /mnt and /etc/hosts of our own, stand-ins, a template of
    the archive; world.fresh() before each document."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="stele-manual-")
        mount("-t", "tmpfs", "none", self.dir)  # nothing is deleted here: it goes with the machine
        self.home = os.path.join(self.dir, "home")
        for name, there in (("root", ROOT), ("bin", BIN), ("lib", os.path.join(BIN, "../lib"))):
            os.mkdir(self.path(name))  # before /var/lib and /mnt are covered
            mount("--bind", there, self.path(name))
            # where a namespace without privileges may
            subprocess.run(["mount", "-o", "remount,bind,ro", self.path(name)], check=False)
        mount("-t", "tmpfs", "none", "/var/lib")
        mount("-t", "tmpfs", "none", "/mnt")
        hosts = self.path("hosts")
        with open(hosts, "w") as f:
            f.write(stand_ins.hosts_file())
        if not os.path.exists("/etc/hosts"):
            open("/etc/hosts", "w").close()
        mount("--bind", hosts, "/etc/hosts")
        self.groups = []
        names = ",".join(f"DNS:{name}" for name in (*stand_ins.NAMES, "localhost"))
        self.certificates = Certificates(self.path("tls"))
        self.certificates.sign("server", "serverAuth", extensions=f"subjectAltName={names}\n")
        stand_ins.serve_all(self.path("tls"))
        self.make_template()
        return self

    def __exit__(self, *_):
        self.stop()
        subprocess.run(["umount", "--recursive", "--lazy", self.dir], check=True)
        os.rmdir(self.dir)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def stele(self, *words, stdin=b""):
        done = subprocess.run([self.path("bin/stele"), *words], input=stdin, capture_output=True,
                              timeout=LONG_SECONDS, check=False)
        expect(done.returncode == 0, f"stele {' '.join(words)}: {done.stderr.decode()}")

    def make_template(self):
        """The archive of the manual: the samples of a day, shipped to a directory and sealed, and
        an event of now that is not shipped yet."""
        self.stele("init", ARCHIVE, "--host", "stele.example.com")
        with open(os.path.join(ARCHIVE, "stele.conf"), "a") as f:
            f.write(f"\n[ship]\ntarget = file://{BUCKET}/teleport\n"
                    "s3_endpoint = http://127.0.0.1:9000\ns3_path_style = yes\n"
                    "s3_access_key_id = AKIDEXAMPLE\ns3_secret_access_key = secret\n")
        lines = [line for _, line in samples(self.path("root"), STORED)]
        self.stele("import", "--archive", ARCHIVE, "-", stdin=b"\n".join(lines) + b"\nno event\n")
        self.stele("ship", "--archive", ARCHIVE)
        self.stele("import", "--archive", ARCHIVE, "-", stdin=fresh_event())
        shutil.copytree(ARCHIVE, self.path("archive"))
        shutil.copytree(BUCKET, self.path("bucket"))

    def fresh(self, with_archive):
        """What a document finds: its files, and the archive at /var/lib/stele or none."""
        self.stop()
        for path in (self.home, ARCHIVE, BUCKET, "/var/lib/teleport"):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(FILES, self.home)
        for name in ("build/release", "teleport"):
            os.makedirs(os.path.join(self.home, name))
        for name, target in (("build/release/bin", "bin"), ("build/release/lib", "lib"),
                             ("tools", "root/tools"), ("stele_sql.so", "lib/stele_sql.so")):
            os.symlink(self.path(target), os.path.join(self.home, name))
        for name in ("ca.crt", "server.crt", "client.crt", "client.key"):
            shutil.copy(self.certificates.path(name), self.home)
        for name in ("/var/lib/teleport/log", "/mnt/case"):
            os.makedirs(name, exist_ok=True)
        with open("/var/lib/teleport/log/2026-11-23.00:00:00.log", "wb") as f:
            for _, line in samples(self.path("root"), STORED):
                f.write(line + b"\n")
        self.environment = self.path("environment")
        with open(self.environment, "w") as f:
            f.write(f"export PATH='{self.path('bin')}:{os.environ['PATH']}'\n")
            if with_archive:
                f.write(f"export STELE_ARCHIVE={ARCHIVE}\n")
            f.write(f"cd '{self.home}'\n")
        if with_archive:
            shutil.copytree(self.path("archive"), ARCHIVE)
            shutil.copytree(self.path("bucket"), BUCKET)
            shutil.copy(os.path.join(ARCHIVE, "keys/seal.pub"), self.home)
            make_case(self.home)
        self.code = 0

    def stop(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.groups = []

    def run(self, command, timeout=LONG_SECONDS):
        """Runs a command as it is written, after the ones before it; gives code and output."""
        script = (f". '{self.environment}'\n(exit {self.code})\n{command}\n_code=$?\n"
                  f"{{ export -p; echo \"cd '$PWD'\"; }} > '{self.environment}'\nexit $_code\n")
        with tempfile.TemporaryFile() as out:
            child = subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=out, start_new_session=True)
            self.groups.append(child.pid)
            self.code = child.wait(timeout=timeout)
            def text():
                data = os.pread(out.fileno(), 1 << 24, 0)  # its offset is the child's too
                return data.decode("utf-8", "replace").replace(self.home, HOME)
            if starts_daemon(command):
                end = time.monotonic() + 60
                while not re.search("^ready: ", text(), re.M):
                    expect(time.monotonic() < end, "steled is not ready: " + text())
                    time.sleep(0.02)
                self.post_samples(command)
            return self.code, text()

    def post_samples(self, command):
        """A new archive gets the samples by its receiver, as quickstart sends them."""
        config = re.search(r"--config (\S+)/stele\.conf", command)
        folder = os.path.join(self.home, config[1]) if config else ARCHIVE
        if os.path.exists(os.path.join(folder, "segments")):
            return
        context = ssl.create_default_context(cafile=os.path.join(folder, "tls/ca.crt"))
        context.load_cert_chain(os.path.join(folder, "tls/client.crt"),
                                os.path.join(folder, "tls/client.key"))
        connection = http.client.HTTPSConnection("localhost", 8888, context=context, timeout=LONG_SECONDS)
        for path, line in samples(self.path("root"), now_of_samples()):
            connection.request("POST", path, line, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            expect(answer.status == 200, f"steled answered {answer.status}")
            answer.read()
        connection.close()


def starts_daemon(command):
    return re.search(r"\bsteled\b.*&$", command) is not None


def now_of_samples():
    """Now, or so long before it that all samples are of one day."""
    now = datetime.datetime.utcnow()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return now if now - midnight > datetime.timedelta(hours=1) else (
        midnight - datetime.timedelta(seconds=1))


def samples(root, now):
    """(path of the POST, event) of tools/samples, with times before `now`."""
    def moment(match):
        time_ = now - datetime.timedelta(seconds=int(match[1]))
        return time_.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    for name in ("events", "session-events"):
        with open(os.path.join(root, f"tools/samples/{name}.ndjson"), "rb") as f:
            for line in f.read().splitlines():
                line = re.sub(rb"@(\d+)@", moment, line)
                sid = json.loads(line).get("sid", "")
                yield f"/session.{sid}.log" if name != "events" else "/events.log", line


def fresh_event():
    at = datetime.datetime.utcnow() - datetime.timedelta(minutes=10)
    return json.dumps({
        "event": "user.login", "code": "T1000W", "success": False, "method": "local", "ei": 0,
        "uid": "e0d0c2c4-3f0b-4d0a-9a86-3b6f6f1b6a01", "user": "root",
        "error": "invalid username, password or second factor",
        "cluster_name": "teleport.example.com", "addr.remote": "192.0.2.140:50022",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()


def make_case(home):
    """A certificate and a key for somebody who gets a copy."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                    "-subj", "/CN=Investigator", "-keyout", os.path.join(home, "key.pem"), "-out",
                    os.path.join(home, "cert.pem")], capture_output=True, check=True)
