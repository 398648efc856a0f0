"""Runs the stele tool of a build in a directory that goes away again. STELE_BIN names the folder of
the programs."""
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

BIN = os.environ["STELE_BIN"]
# The one limit of everything that a test waits for: no measure of speed, only the end of a test that
# hangs. Sanitizers and machines with more work than cores are slow.
LONG_SECONDS = 300
# A full run takes every kill point and every fault; a usual one some of each kind, drawn by DRAW.
FULL = bool(os.environ.get("STELE_TEST_FULL"))
DRAW = int(os.environ.get("STELE_TEST_DRAW") or 0)
# Settings with which imported days keep files of their own, for tests of one day's file.
DAY_FILES = "\n[index]\nmerge_after = 7300d\n"


def run(*command, ok=True, env=None, timeout=LONG_SECONDS, data=None, cwd=None):
    """Any program, with `env` beside the environment. Gives what subprocess does, and the texts `out`
    and `words` (stderr). Unless it may fail (ok=False), a failure is an AssertionError."""
    done = subprocess.run([str(word) for word in command], capture_output=True, input=data,
                          timeout=timeout, check=False, env={**os.environ, **(env or {})}, cwd=cwd)
    done.out = done.stdout.decode("utf-8", "replace")
    done.words = done.stderr.decode("utf-8", "replace")
    if ok and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                             f"{done.out}{done.words}")
    return done


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

    def stele(self, *words, stdin=b"", env=None, timeout=LONG_SECONDS):
        environment = {k: v for k, v in os.environ.items() if k != "STELE_ARCHIVE"}
        environment.update(env or {})
        return Result(subprocess.run([os.path.join(BIN, "stele"), *words], input=stdin,
                                     capture_output=True, cwd=self.dir, env=environment,
                                     timeout=timeout))

    def on_terminal(self, columns, *words, env=None):
        """The same with standard output on a terminal of so many columns, and no colour."""
        front, back = os.openpty()
        fcntl.ioctl(back, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        mode = termios.tcgetattr(back)
        mode[1] &= ~termios.OPOST  # a newline stays one
        termios.tcsetattr(back, termios.TCSANOW, mode)
        environment = {k: v for k, v in os.environ.items() if k not in ("STELE_ARCHIVE", "COLUMNS")}
        process = subprocess.Popen([os.path.join(BIN, "stele"), *words], stdin=subprocess.DEVNULL, stdout=back,
                                   stderr=subprocess.PIPE, cwd=self.dir,
                                   env={**environment, "NO_COLOR": "1", **(env or {})})
        os.close(back)
        out = b""
        while True:
            try:
                piece = os.read(front, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            out += piece
        os.close(front)
        err = process.communicate(timeout=LONG_SECONDS)[1]
        return Result(subprocess.CompletedProcess(words, process.returncode, out, err))

    def stats(self, archive):
        result = self.stele("stats", "--archive", archive, "--output", "json")
        expect(result.code == 0, result.text())
        return json.loads(result.out)


def keep_sums(path):
    """Of a file that this program's SQLite has changed: its pages get the checksums of what they
    hold."""
    run(os.environ["FORGE_TOOL"], "sums", path)


def expect(condition, words):
    if not condition:
        raise AssertionError(words)


def wait_until(condition, words):
    """Waits for a state, however long the machine takes; LONG_SECONDS end a test that hangs."""
    end = time.monotonic() + LONG_SECONDS
    while not condition():
        expect(time.monotonic() < end, f"after {LONG_SECONDS} s still not so: {words}")
        time.sleep(0.02)


def catches(process, number):
    """Whether the process has a handler for the signal: sooner it ends without a word."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        caught = next(line for line in file if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) >> (number - 1) & 1 or process.poll() is not None


def expect_error(result, code, *words):
    """The exit code, and one line on stderr that has all of the words."""
    lines = result.err.decode("utf-8", "replace").strip().split("\n")
    expect(result.code == code, f"exit code {result.code}, not {code}: {result.text()}")
    expect(len(lines) == 1, f"{len(lines)} lines: {result.text()}")
    for word in words:
        expect(word in lines[0], f"{word!r} is not in {lines[0]!r}")


def by_clock(case):
    """Marks a case that sets the program's clock (STELE_CLOCK_US): a release build has none, and such
    cases are tests of their own."""
    case.by_clock = True
    return case


def picked(cases, words):
    """The cases, [(name, function)], that the words pick: names, `K/N` for the K-th of N parts,
    `clock` for those that set the clock (which are in no part)."""
    usual = [case for case in cases if not hasattr(case[1], "by_clock")]
    if not words:
        return cases
    if words == ["clock"]:
        return [case for case in cases if hasattr(case[1], "by_clock")]
    if words == ["usual"]:
        return usual
    if "/" in words[0]:
        part, parts = map(int, words[0].split("/"))
        return usual[part - 1::parts]
    return [case for case in cases if case[0] in words]


def run_cases(call, *tests):
    """Runs those of the functions that the command line picks, each as call(function)."""
    failed = 0
    chosen = picked([(test.__name__, test) for test in tests], sys.argv[1:])
    expect(chosen, f"no such case: {sys.argv[1:]}")
    for name, test in chosen:
        begun = time.monotonic()
        try:
            call(test)
            print(f"ok   {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception as problem:  # every failure is shown, and the others run
            failed += 1
            print("FAIL", name, type(problem).__name__, problem, flush=True)
    sys.exit(1 if failed else 0)


def main(*tests):
    """The same, each function in a directory of its own."""
    def in_place(test):
        with Place() as place:
            test(place)
    run_cases(in_place, *tests)


def main_of_cases():
    """The same for the methods of the calling program's unittest.TestCase classes."""
    def flat(suite):
        for one in suite:
            yield from flat(one) if isinstance(one, unittest.TestSuite) else [one]
    found = flat(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    cases = [(case._testMethodName, getattr(case, case._testMethodName), case) for case in found]
    chosen = [case[2] for case in picked(cases, sys.argv[1:])]
    expect(chosen, f"no such case: {sys.argv[1:]}")
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(chosen))
    sys.exit(0 if result.wasSuccessful() else 1)
