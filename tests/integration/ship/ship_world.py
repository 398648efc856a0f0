"""What the tests of shipping share: an archive, S3 servers, and reading back what was shipped."""
import collections
import gzip
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

import corpus
from s3_server import own_server, shared_server  # noqa: F401: for the tests
from stele_tool import DAY_FILES, run
from steletest import Steled

ROOT = pathlib.Path(__file__).resolve().parents[3]
STELE = os.path.join(os.environ["STELE_BIN"], "stele")
PUT_TOOL = os.environ["PUT_TOOL"]

# Nothing of the machine's own set-up may reach the tests.
for name in list(os.environ):
    if name.startswith("AWS_") or name.lower().endswith("_proxy") or name.startswith("STELE_CL"):
        del os.environ[name]
os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/nonexistent",
                  AWS_SHARED_CREDENTIALS_FILE="/nonexistent")


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
    """Each line of the corpus that an import takes for an event, with a uid of its own."""
    return [line for line in corpus.with_uids(corpus.lines()) if has_type(line)]


def has_type(line):
    try:
        event = json.loads(line).get("event")
    except ValueError:
        return True
    return isinstance(event, str) and event != ""


class Archive:
    """An archive of its own in a temporary folder; day_files: imported days keep files of their own."""

    def __init__(self, day_files=False, **settings):
        self.day_files = day_files
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="stele-ship-"))
        self.dir = self.home / "archive"
        run(STELE, "init", self.dir)
        self.configure(**settings)

    def configure(self, **settings):
        text = "[ship]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
        text += DAY_FILES if self.day_files else ""
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


def killed_runs(times, longest_s, *words, seed=1):
    """Runs the tool so many times and kills it after a random while of up to so many seconds. Fails
    if it was never at work then."""
    dice = random.Random(seed)
    killed = 0
    for _ in range(times):
        process = subprocess.Popen([STELE, *map(str, words)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(dice.random() * longest_s)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
    assert killed > 0, f"{words}: all of {times} runs had ended"


class Daemon(Steled):
    """steled on such an archive, with settings as KEY=VALUE."""

    def __init__(self, archive, *settings):
        super().__init__(str(archive.dir), settings=dict(one.split("=", 1) for one in settings))
        self.__enter__()

    def post_each(self, lines, then_kill=None):
        """A POST for each line; gives the lines that were answered 200. The process is killed while
        line `then_kill` is under way."""
        answered = []
        connection = self.connect()
        try:
            for number, line in enumerate(lines):
                connection.request("POST", "/test.log", body=line)
                if number == then_kill:
                    self.kill()
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    answered.append(line)
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        return answered


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
