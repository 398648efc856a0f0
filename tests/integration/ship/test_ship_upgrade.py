#!/usr/bin/env python3
"""An object that another version of the library packed: it is known by what it holds, at each step
of its way. STELE_S3=directory, swift or ceph."""
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from ship_bucket import KIND, Bucket
from ship_world import STELE, Archive, make_events, run
from stele_tool import keep_sums, main_of_cases

DAYS = ("2026-11-20", "2026-11-21")
CODECS = ("zstd", "gzip") if KIND == "directory" else ("zstd",)


def setUpModule():
    home = pathlib.Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    Bucket.start(home)


def unpacked(key, data):
    return run("zstd", "-dc", data=data).stdout if key.endswith(".zst") else gzip.decompress(data)


def packed(key, ndjson, how=0):
    """As another version may do it: in one piece, at other levels, with another window, without a
    checksum and a size."""
    if key.endswith(".gz"):
        return gzip.compress(ndjson, (9, 1, 6)[how], mtime=how)
    return run("zstd", "-c", *(("-19", "--long=27"), ("-1", "--no-check"),
                               ("--fast=5", "--single-thread"))[how], data=ndjson).stdout


class Upgrade(unittest.TestCase):
    def archive(self, codec="zstd", count=9000):
        self.archive_ = Archive(day_files=True)
        self.addCleanup(self.archive_.remove)
        self.bucket = Bucket(self.archive_, codec=codec)
        self.archive_.add(make_events(count, days=DAYS))
        return self.archive_

    def shipped(self, codec="zstd", count=9000):
        """Shipped; self.ndjson: what each object holds."""
        archive = self.archive(codec, count)
        archive.ship()
        self.sent = {key: self.bucket.get(key) for key in self.bucket.keys()}
        self.ndjson = {key: unpacked(key, data) for key, data in self.sent.items()}
        self.assertEqual(len(self.ndjson), len(DAYS))
        return archive

    def repack(self, how=0):
        """All objects, as another library made them."""
        there = {key: packed(key, ndjson, how) for key, ndjson in self.ndjson.items()}
        for key, data in there.items():
            self.assertNotEqual(data, self.sent[key])
            self.bucket.remove(key)
            self.bucket.put(key, data, hashlib.sha256(data).hexdigest() if how == 0 else None)
        return there

    def forget(self, archive):
        """As it was before the mark."""
        with sqlite3.connect(archive.dir / "archive.db") as db:
            trigger, = db.execute("SELECT sql FROM sqlite_schema WHERE name = "
                                  "'object_shipped_is_final'").fetchone()
            db.execute("DROP TRIGGER object_shipped_is_final")
            db.execute("UPDATE object SET state = 0, shipped_us = 0, sent_bytes = 0, "
                       "sent_sha256 = x'', sent_by = '', tries = 0, seal = 0")
            db.execute(trigger)
        db.close()
        keep_sums(archive.dir / "archive.db")

    def rows(self, archive):
        done = run(STELE, "ship", "--status", "--from", DAYS[0], "--output", "json", "--archive",
                   archive.dir)
        return {o["key"]: o for o in json.loads(done.out)["objects"]}

    def reconcile(self, archive, *words, code=0):
        done = run(STELE, "ship", "--reconcile", "--output", "json", "--archive", archive.dir, *words,
                   ok=False)
        self.assertEqual(done.returncode, code, done.out + done.words)
        return json.loads(done.out)

    def expect_all_well(self, archive, there, repacked):
        """Each object is there once, unchanged, and everything that looks at it knows it."""
        self.assertEqual({key: self.bucket.get(key) for key in self.bucket.keys()}, there)
        self.assertIn("nothing to ship", archive.ship().out)
        for words in ([], ["--deep"], ["--repair"]):
            report = self.reconcile(archive, *words)
            self.assertEqual((report["equal"], report["findings"]), (len(there), []), words)
            self.assertEqual(report["repacked"], repacked)
            self.assertEqual(report["equal_bytes"], sum(map(len, there.values())))
        done = run(STELE, "verify", "--shipped", "--archive", archive.dir, ok=False)
        self.assertEqual((done.returncode, done.out), (0, ""), done.words)
        self.assertIn("nothing is wrong", done.words)
        words = f"{repacked} objects in other bytes than were sent, with the same events"
        self.assertEqual(words in done.words, repacked > 1, done.words)
        self.expect_same_export(archive)

    def expect_same_export(self, archive):
        """Each day again: the same lines, and to where it was shipped nothing new."""
        for key, ndjson in self.ndjson.items():
            day = key[3:13]
            done = run(STELE, "export", "--archive", archive.dir, "--from", day, "--to",
                       f"{day}T23:59:59.999999Z", "--dest", "-")
            self.assertEqual(done.stdout, ndjson)
        done = run(STELE, "export", "--archive", archive.dir, "--dest", self.bucket.url)
        count = len(self.ndjson)
        self.assertIn(f"{count} objects ({count} there already)", done.out)
        self.assertEqual(self.bucket.keys(), sorted(self.ndjson))

    def test_killed_before_the_mark(self):
        for codec in CODECS:
            for how in range(3 if codec == "zstd" and KIND == "directory" else 1):
                archive = self.shipped(codec)
                before = self.rows(archive)
                self.forget(archive)
                there = self.repack(how)
                self.assertIn("shipped 9,000 events in 2 objects", archive.ship().out)
                for key, row in self.rows(archive).items():
                    self.assertEqual(row["state"], "shipped")
                    self.assertEqual((row["sent_bytes"], row["sent_sha256"], row["sent_by"]),
                                     (len(there[key]), hashlib.sha256(there[key]).hexdigest(), ""))
                    for name in ("bytes", "sha256", "events", "first_block", "last_block"):
                        self.assertEqual(row[name], before[key][name])
                self.expect_all_well(archive, there, 0)

    def test_killed_before_the_mark_and_the_blocks_are_gone(self):
        """What was promised is there, so the promise is kept; what is not there is said."""
        archive = self.shipped(count=300)
        self.forget(archive)
        there = self.repack()
        first, second = sorted(there)
        self.bucket.remove(second)
        for day in DAYS:
            (archive.dir / "segments" / day[:4] / f"{day}.db").unlink()
        done = archive.ship(ok=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("150 events are not shipped", done.words)
        rows = self.rows(archive)
        self.assertEqual((rows[first]["state"], rows[second]["state"]), ("shipped", "failed"))
        self.assertEqual(self.bucket.keys(), [first])

    @unittest.skipIf(KIND != "directory", "the same ledger everywhere")
    def test_killed_at_each_write_until_the_mark(self):
        template = self.archive(count=60)
        states = set()
        for number in range(1, 200):
            archive = Archive()
            self.addCleanup(archive.remove)
            shutil.rmtree(archive.dir)
            shutil.copytree(template.dir, archive.dir)
            self.bucket = Bucket(archive)
            done = subprocess.run([STELE, "ship", "--archive", str(archive.dir)], check=False,
                                  capture_output=True,
                                  env={**os.environ, "LD_PRELOAD": os.environ["KILL_AT_WRITE"],
                                       "KILL_AT_WRITE_NUMBER": str(number)})
            self.sent = {key: self.bucket.get(key) for key in self.bucket.keys()}
            self.ndjson = {key: unpacked(key, data) for key, data in self.sent.items()}
            there = self.repack()
            with sqlite3.connect(archive.dir / "archive.db") as db:
                planned, = db.execute("SELECT count(*) FROM object WHERE state = 0").fetchone()
                shipped, = db.execute("SELECT count(*) FROM object WHERE state = 1").fetchone()
            db.close()
            state = (len(there), planned, shipped)
            archive.ship()
            now = {key: self.bucket.get(key) for key in self.bucket.keys()}
            self.assertEqual({key: now[key] for key in there}, there)
            self.ndjson = {key: unpacked(key, data) for key, data in now.items()}
            self.assertEqual(sum(ndjson.count(b"\n") for ndjson in self.ndjson.values()), 60)
            if state not in states:
                self.expect_all_well(archive, now, shipped)
            states.add(state)
            if state == (2, 0, 2):
                break
        # there and not marked: the first object, and the second one
        self.assertTrue({(1, 1, 0), (2, 1, 1), (2, 0, 2)} <= states, states)

    def test_packed_again_after_it_was_shipped(self):
        for codec in CODECS:
            archive = self.shipped(codec)
            before = self.rows(archive)
            there = self.repack()
            self.expect_all_well(archive, there, len(there))
            self.assertEqual(self.rows(archive), before)
            restored = Archive()
            self.addCleanup(restored.remove)
            words = [word for name, value in self.bucket.settings.items() if name != "target"
                     for word in ("--set", f"ship.{name}={value}")]
            done = run(STELE, "import", "--archive", restored.dir, self.bucket.url, *words)
            self.assertIn("9,000 stored, 0 duplicates, 0 quarantined", done.out)
            self.expect_same_export_of(restored)

    def expect_same_export_of(self, restored):
        done = run(STELE, "export", "--archive", restored.dir, "--dest", "-")
        self.assertEqual(done.stdout, b"".join(self.ndjson[key] for key in sorted(self.ndjson)))

    def test_what_holds_something_else_is_a_conflict(self):
        for codec in CODECS:
            archive = self.shipped(codec, 200)
            key = sorted(self.ndjson)[0]
            lines = self.ndjson[key].splitlines(True)
            whole = packed(key, self.ndjson[key])
            others = {
                "one byte": packed(key, b"".join(lines).replace(b"user1", b"user2", 1)),
                "a line less": packed(key, b"".join(lines[:-1])),
                "a line twice": packed(key, b"".join(lines) + lines[0]),
                "other order": packed(key, b"".join([lines[1], lines[0], *lines[2:]])),
                "no last newline": packed(key, self.ndjson[key][:-1]),
                "cut": whole[:-1],
                "more": whole + b"more",
                "twice": whole + whole,
                "nothing": b"",
                "plain": self.ndjson[key],
                "the other codec": packed("x.gz" if codec == "zstd" else "x.zst", self.ndjson[key]),
            }
            if KIND != "directory":  # what S3 adds is how it is told that something is there
                others = {name: others[name] for name in ("one byte", "cut", "plain")}
            for name, other in others.items():
                with self.subTest(codec=codec, name=name):
                    self.bucket.remove(key)
                    self.bucket.put(key, other)
                    self.forget(archive)
                    done = archive.ship(ok=False)
                    self.assertEqual(done.returncode, 3, done.words)
                    self.assertIn("is there already with other bytes", done.words)
                    self.assertEqual(self.bucket.get(key), other)
                    states = {k: row["state"] for k, row in self.rows(archive).items()}
                    self.assertEqual(states.pop(key), "failed")
                    self.assertEqual(set(states.values()), {"shipped"})
            # what was there before is put back: the plan is still the same one
            self.bucket.remove(key)
            self.bucket.put(key, whole)
            archive.ship()
            for name, other in list(others.items())[::3]:
                with self.subTest(codec=codec, name=name, shipped=True):
                    self.bucket.remove(key)
                    self.bucket.put(key, other)
                    report = self.reconcile(archive, "--repair", code=4)
                    self.assertEqual([(f["finding"], f["key"]) for f in report["findings"]],
                                     [("changed", key)])
                    done = run(STELE, "verify", "--shipped", "--archive", archive.dir, ok=False)
                    self.assertEqual(done.returncode, 4, done.words)
                    self.assertIn(key, done.out)
                    self.assertEqual(self.bucket.get(key), other)


if __name__ == "__main__":
    main_of_cases()
