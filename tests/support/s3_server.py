"""Real S3 servers for tests: OpenStack Swift and Ceph's RADOS Gateway on loopback.

Server(KIND) is the one that the tests of a run share (STELE_S3_SERVER names the file that describes
it), or one of this process when a test is run by hand. own_server() is always one of this process,
for tests that stop and break it. Each test makes buckets of its own, with names from
Server.new_name().

    s3_server.py start KIND FILE    starts a server, which ends with ctest, and describes it in FILE
    s3_server.py stop FILE          ends it
"""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid

from stele_tool import LONG_SECONDS, run

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = {"swift": "swift_server.py", "ceph": "ceph_rgw.py"}
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's: Swift is installed for it
AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else "aws"


def make_certificates(folder):
    """A CA and a certificate of it for 127.0.0.1; another CA, which signed nothing."""
    for name in ("ca", "other"):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=s3", "-keyout",
            folder / "s3.key", "-out", folder / "s3.csr")
    (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
    run("openssl", "x509", "-req", "-in", folder / "s3.csr", "-CA", folder / "ca.crt", "-CAkey",
            folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", folder / "ext", "-out",
            folder / "s3.crt")


def launch(kind, folder, port=0, parent=None):
    """Starts a server that keeps its data below the folder. Gives its process and what it says
    about itself; raises AssertionError with its log when it does not come up."""
    command = [SYSTEM_PYTHON, str(HERE / SCRIPTS[kind]), "--dir", str(folder / "data"), "--cert",
               str(folder / "s3.crt"), "--key", str(folder / "s3.key"), "--parent",
               str(parent or os.getpid())]
    command += ["--port", str(port)] if port else []
    folder.mkdir(exist_ok=True)
    if not (folder / "s3.crt").exists():
        make_certificates(folder)
    path = folder / "server.log"
    with path.open("w") as log:
        # a session of its own: ctest does not wait for it, and no signal for a test reaches it
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
    ready = select.select([process.stdout], [], [], LONG_SECONDS)[0]
    line = process.stdout.readline() if ready else b""
    process.stdout.close()
    if not line:
        process.kill()
        code = process.wait()
        raise AssertionError(f"{kind} did not start in {LONG_SECONDS} s (exit {code}); its packages "
                             f"are in tools/packages/test-s3.txt\n{path.read_text()}")
    said = {**json.loads(line), "kind": kind, "pid": process.pid, "folder": str(folder)}
    return process, said


class Server:
    """A server at work: kind, endpoint, port, tls_port, ca and other_ca (paths of PEM files),
    access_key, secret_key, region."""

    def __init__(self, said, process=None):
        self.__dict__.update(said)
        self.process = process
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.ca = f"{self.folder}/ca.crt"
        self.other_ca = f"{self.folder}/other.crt"

    @staticmethod
    def new_name():
        """A bucket's name that no other test has."""
        return f"bucket-{uuid.uuid4().hex[:12]}"

    def stop(self):
        """Ends a server of this process; the shared one stays."""
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=LONG_SECONDS)

    def env(self):
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_DEFAULT_REGION": self.region, "AWS_EC2_METADATA_DISABLED": "true"}

    def aws(self, *words, ok=True):
        return run(AWS, "--endpoint-url", self.endpoint, *words, env=self.env(), ok=ok)

    def settings(self, bucket, prefix=""):
        return {"target": f"s3://{bucket}{prefix}", "s3_endpoint": self.endpoint,
                "s3_region": self.region, "s3_access_key_id": self.access_key,
                "s3_secret_access_key": self.secret_key}


def own_server(kind, folder, port=0):
    process, said = launch(kind, folder, port)
    return Server(said, process)


def shared_server(kind, folder):
    """The shared one; without it one of this process below the folder."""
    described = os.environ.get("STELE_S3_SERVER")
    if not described:
        return own_server(kind, folder)
    said = json.loads(pathlib.Path(described).read_text())
    assert said["kind"] == kind, said
    return Server(said)


def start(kind, file):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"stele-{kind}-", dir="/tmp"))
    try:
        _, said = launch(kind, folder, parent=os.getppid())
    except AssertionError as why:
        shutil.rmtree(folder, ignore_errors=True)
        sys.exit(str(why))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said))


def stop(file):
    said = json.loads(file.read_text())
    try:
        os.kill(said["pid"], signal.SIGTERM)
    except ProcessLookupError:
        print((pathlib.Path(said["folder"]) / "server.log").read_text())
        sys.exit("the server ended before the tests did")
    shutil.rmtree(said["folder"], ignore_errors=True)
    file.unlink()


if __name__ == "__main__":
    if sys.argv[1] == "start":
        start(sys.argv[2], pathlib.Path(sys.argv[3]))
    else:
        stop(pathlib.Path(sys.argv[2]))
