"""What the tests of shipping share: an archive, S3 servers, and reading back what was shipped."""
import collections
import gzip
import json
import os
import pathlib
import random
import select
import shutil
import subprocess
import sys
import tempfile
import unittest
import uuid

import corpus

ROOT = pathlib.Path(__file__).resolve().parents[3]
STELE = os.path.join(os.environ["STELE_BIN"], "stele")
PUT_TOOL = os.environ["PUT_TOOL"]
SYSTEM_PYTHON = "/usr/bin/python3"
AWS = "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else "aws"

# Nothing of the machine's own set-up may reach the tests.
for name in list(os.environ):
    if name.startswith("AWS_") or name.lower().endswith("_proxy") or name.startswith("STELE_CL"):
        del os.environ[name]
os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/nonexistent",
                  AWS_SHARED_CREDENTIALS_FILE="/nonexistent")


def run(*command, ok=True, env=None, timeout=120, data=None, cwd=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, input=data,
                          timeout=timeout, check=False, env={**os.environ, **(env or {})}, cwd=cwd)
    done.out = done.stdout.decode("utf-8", "replace")
    done.words = done.stderr.decode("utf-8", "replace")
    if ok and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                             f"{done.out}{done.words}")
    return done


class Server:
    """A real S3 server as a child process. Raises SkipTest when it is not installed."""

    def __init__(self, kind, folder, port=0, cert=None, key=None):
        script = {"swift": "swift_server.py", "ceph": "ceph_rgw.py"}[kind]
        python = SYSTEM_PYTHON if kind == "swift" else sys.executable
        command = [python, str(ROOT / "tests/support" / script), "--dir", str(folder)]
        if port:
            command += ["--port", str(port)]
        if cert:
            command += ["--cert", str(cert), "--key", str(key)]
        if kind == "swift" and subprocess.run(
                [python, "-c", "import swift, eventlet"], capture_output=True,
                check=False).returncode != 0:
            raise unittest.SkipTest("Swift is not installed (tools/packages/test-s3.txt)")
        if kind == "ceph" and not shutil.which("radosgw"):
            raise unittest.SkipTest("Ceph is not installed (tools/packages/test-s3.txt)")
        self.kind = kind
        self.log = pathlib.Path(f"{folder}.log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                            stdin=subprocess.DEVNULL)
        if not select.select([self.process.stdout], [], [], 90)[0]:
            self.stop()
            raise AssertionError(f"{kind} did not start in 90 s\n" + self.log.read_text())
        line = self.process.stdout.readline()
        if not line:
            self.process.stdout.close()
            raise AssertionError(f"{kind} ended at its start: exit {self.process.wait()}\n"
                                 + self.log.read_text())
        self.__dict__.update(json.loads(line))
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def env(self):
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_DEFAULT_REGION": self.region, "AWS_EC2_METADATA_DISABLED": "true"}

    def aws(self, *words, ok=True):
        return run(AWS, "--endpoint-url", self.endpoint, *words, env=self.env(), ok=ok)

    def settings(self, bucket, prefix=""):
        return {"target": f"s3://{bucket}{prefix}", "s3_endpoint": self.endpoint,
                "s3_region": self.region, "s3_access_key_id": self.access_key,
                "s3_secret_access_key": self.secret_key}


def make_events(count, days=("2026-11-20", "2026-11-21"), seed=1):
    """Events of several days as NDJSON lines (bytes), each with a uid of its own."""
    dice = random.Random(seed)
    lines = []
    for i in range(count):
        event = {"event": dice.choice(["user.login", "session.start", "exec"]),
                 "uid": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                 "code": "T1000I", "time": f"{days[i % len(days)]}T{i % 24:02}:{i % 60:02}:01Z",
                 "user": f"user{dice.randrange(20)}", "addr.remote": "203.0.113.7:22",
                 "reason": "caf\u00e9 " + "".join(dice.choices("abcdefghij ", k=40))}
        lines.append(json.dumps(event, ensure_ascii=i % 2 == 0).encode())
    return lines


def corpus_events():
    """Each line of the corpus, with a uid of its own."""
    return list(corpus.with_uids(corpus.lines()))


class Archive:
    """An archive of its own in a temporary folder."""

    def __init__(self, **settings):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="stele-ship-"))
        self.dir = self.home / "archive"
        run(STELE, "init", self.dir)
        self.configure(**settings)

    def configure(self, **settings):
        text = "[ship]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.dir / "stele.conf").write_text("[receive]\ntls = no\n" + text)

    def add(self, lines):
        file = self.home / "events.ndjson"
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        run(STELE, "import", "--archive", self.dir, file)

    def ship(self, ok=True, env=None):
        return run(STELE, "ship", "--once", "--archive", self.dir, ok=ok, env=env)

    def status(self):
        words = run(STELE, "ship", "--status", "--archive", self.dir).out
        data = json.loads(run(STELE, "ship", "--status", "--output", "json", "--archive",
                              self.dir).out)
        return words, data["targets"]

    def remove(self):
        shutil.rmtree(self.home)


def unpack(path):
    """The lines of an object, unpacked by the tools people have."""
    if path.name.endswith(".zst"):
        return run("zstd", "-dc", path).stdout.splitlines()
    assert path.name.endswith(".gz"), path
    assert gzip.open(path).read() is not None
    return run("gunzip", "-c", path).stdout.splitlines()


def objects_below(folder):
    return sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file())


def expect_once(test, folder, lines):
    """All objects of the folder together hold each line once, byte for byte; jq reads them."""
    shipped = []
    for path in objects_below(folder):
        got = unpack(path)
        test.assertTrue(got, f"{path} is empty")
        shipped += got
    wrong = collections.Counter(shipped)
    wrong.subtract(collections.Counter(lines))
    wrong = {line: count for line, count in wrong.items() if count}
    test.assertEqual(len(wrong), 0, f"{len(wrong)} lines differ: " + str(list(wrong.items())[:3])[:900])
    count = run("jq", "-n", "reduce inputs as $e (0; . + 1)", data=b"\n".join(shipped)).out.strip()
    test.assertEqual(int(count), len(lines))


def main():
    """Runs the tests of the calling program; exit code 77 when all of them were skipped."""
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.skipped and result.testsRun == len(
        [test for test, _ in result.skipped if hasattr(test, "id") and "setUpModule" not in
         test.id()]) else 0)
