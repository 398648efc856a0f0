"""Runs the stele tool of a build in a directory that goes away again. STELE_BIN names the folder of
the programs."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

BIN = os.environ["STELE_BIN"]


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def text(self):
        return self.out.decode("utf-8", "replace") + self.err.decode("utf-8", "replace")


class Place:
    """A scratch directory; `with Place() as place`."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="stele-test-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, data):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def stele(self, *words, stdin=b"", env=None, timeout=120):
        environment = {k: v for k, v in os.environ.items() if k != "STELE_ARCHIVE"}
        environment.update(env or {})
        return Result(subprocess.run([os.path.join(BIN, "stele"), *words], input=stdin,
                                     capture_output=True, cwd=self.dir, env=environment,
                                     timeout=timeout))

    def stats(self, archive):
        result = self.stele("stats", "--archive", archive, "--output", "json")
        expect(result.code == 0, result.text())
        return json.loads(result.out)


def expect(condition, words):
    if not condition:
        raise AssertionError(words)


def expect_error(result, code, *words):
    """The exit code, and one line on stderr that has all of the words."""
    lines = result.err.decode("utf-8", "replace").strip().split("\n")
    expect(result.code == code, f"exit code {result.code}, not {code}: {result.text()}")
    expect(len(lines) == 1, f"{len(lines)} lines: {result.text()}")
    for word in words:
        expect(word in lines[0], f"{word!r} is not in {lines[0]!r}")


def main(*tests):
    """Runs the functions; names on the command line pick some."""
    failed = 0
    for test in tests:
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        try:
            with Place() as place:
                test(place)
            print("ok  ", test.__name__, flush=True)
        except Exception as problem:  # every failure is shown, and the others run
            failed += 1
            print("FAIL", test.__name__, type(problem).__name__, problem, flush=True)
    sys.exit(1 if failed else 0)
