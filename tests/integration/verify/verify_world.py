"""What the tests of stele verify share: an archive that is sealed and shipped, and changes to it."""
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess

from stele_tool import DAY_FILES, Place, expect, keep_sums, run_cases

DAY = "2026-11-21"


def make_events(count, seed=1):
    """Events of two days: repeated values, numbers, UUIDs, addresses, and commands that do not
    repeat, so that every kind of index has something."""
    dice = random.Random(seed)
    lines = []
    for i in range(count):
        event = {"event": dice.choice(["user.login", "session.start", "session.command"]),
                 "uid": "%08x-0000-4000-8000-%012x" % (dice.getrandbits(32), i),
                 "code": dice.choice(["T1000I", "T1000W"]),
                 "time": f"2026-11-{20 + i % 2}T{i * 7 % 24:02}:{i % 60:02}:01.{i % 1000:03}Z",
                 "user": f"user{dice.randrange(20)}",
                 "sid": "%08x-0000-4000-8000-000000000000" % dice.randrange(50),
                 "addr.remote": f"203.0.113.{dice.randrange(40)}:{dice.randrange(1024, 60000)}",
                 "pid": dice.randrange(1, 4000000),
                 "command": " ".join(dice.choices("ls cat grep find scp tar".split(), k=2))
                            + " /srv/%x/%x" % (dice.getrandbits(40), i)}
        lines.append(json.dumps(event, separators=(",", ":")).encode())
    return lines


class World(Place):
    """A clean archive, sealed and shipped; each change is made to a copy of it."""

    def __init__(self, codec="zstd", events=9000):
        self.codec = codec
        self.events = events

    def __enter__(self):
        super().__enter__()
        self.lines = make_events(self.events)
        self.ok("init", "clean")
        with open(self.path("clean/stele.conf"), "a", encoding="utf-8") as conf:
            conf.write(f"\n[ship]\ntarget = file://{self.path('out/data')}\ncodec = {self.codec}\n{DAY_FILES}")
        half = len(self.lines) // 2
        for lines in (self.lines[:half], self.lines[half:]):
            self.write("events.ndjson", b"\n".join(lines) + b"\n")
            self.ok("import", "--archive", "clean", "events.ndjson")
            self.ok("ship", "--archive", "clean")
        self.key = self.path("seal.pub")
        shutil.copy(self.path("clean/keys/seal.pub"), self.key)
        return self

    def ok(self, *words):
        result = self.stele(*words)
        expect(result.code == 0, f"stele {' '.join(words)}: exit {result.code}\n{result.text()}")
        return result

    def fresh(self):
        """Copies that may be changed: archive, objects and digests."""
        for name, source in (("archive", "clean"), ("moved", "out")):
            shutil.rmtree(self.path(name), ignore_errors=True)
            shutil.copytree(self.path(source), self.path(name))

    def day(self, day=DAY):
        return self.path("archive/segments", day[:4], day + ".db")

    def verify(self, *words):
        return self.stele("verify", "--key", self.key, *words)

    def archive(self, *words):
        return self.verify("--archive", "archive", *words)

    def objects(self, *words):
        return self.verify("--dest", "moved/data", *words)

    def expect_clean(self, result):
        expect(result.code == 0 and b"nothing is wrong" in result.err and result.out == b"",
               f"a clean one is not clean: exit {result.code}\n{result.text()}")

    def expect_found(self, result, *patterns):
        expect(result.code == 4, f"not found: exit {result.code}\n{result.text()}")
        for pattern in patterns:
            expect(re.search(pattern, result.out.decode()),
                   f"no line fits {pattern!r}:\n{result.text()}")


def change_sql(path, *statements):
    """Statements in a transaction; triggers and CHECKs stand in nobody's way who owns the file."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA ignore_check_constraints=1")
    for name, in db.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        sql, values = statement if isinstance(statement, tuple) else (statement, ())
        expect(db.execute(sql, values).rowcount != 0, f"nothing was changed by {sql}")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    keep_sums(path)


def read_sql(path, sql, *values):
    db = sqlite3.connect(path)
    row = db.execute(sql, values).fetchone()
    db.close()
    return row


def flipped(data, at):
    data = bytearray(data)
    data[at] ^= 1
    return bytes(data)


def zstd(data, *flags):
    return subprocess.run(["zstd", "-q", "-c", *flags], input=data, capture_output=True,
                          check=True).stdout


def unzstd(data):
    return subprocess.run(["zstd", "-qdc"], input=data, capture_output=True, check=True).stdout


def forge(verb, path, block, *words, lines=b""):
    """Changes a block as one does who can write the file (tests/support/forge.h)."""
    done = subprocess.run([os.environ["FORGE_TOOL"], verb, path, str(block), *words], input=lines,
                          capture_output=True, check=False)
    expect(done.returncode == 0, f"forge_tool {verb}: {done.stderr.decode()}")
    return done.stdout


def block_lines(path, block, which="events"):
    """The lines of a block, or of how its events came."""
    return forge("lines", path, block, which).split(b"\n")[:-1]


def put_lines(path, block, lines, which="events", fit=False):
    """Other lines in their place; with fit, all digests of the file are made to fit."""
    forge("put", path, block, which, *["fit"][: fit],
          lines=b"".join(line + b"\n" for line in lines))


def pack_lines(lines):
    """A frame as a careful forger makes it: size and checksum in it."""
    text = b"".join(line + b"\n" for line in lines)
    return zstd(text, "-3", "--check", f"--stream-size={len(text)}")


def objects_below(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder)
                  for name in names)


def run_all(world, *tests):
    """Runs the functions that the command line picks on one world."""
    run_cases(lambda test: test(world), *tests)
