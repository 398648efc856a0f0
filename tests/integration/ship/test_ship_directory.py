#!/usr/bin/env python3
"""Shipping to a directory: every event once, through wrong targets and kills at any moment."""
import hashlib
import os
import subprocess
import unittest

import ship_world
from ship_world import Archive, expect_once, killed_runs, make_events, objects_below, run
from stele_tool import main_of_cases, wait_until


class Directory(unittest.TestCase):
    def archive(self, **settings):
        archive = Archive()
        self.addCleanup(archive.remove)
        self.out = archive.home / "out"
        archive.configure(target=f"file://{self.out}", **settings)
        return archive

    def test_every_event_once(self):
        for codec in ("zstd", "gzip"):
            with self.subTest(codec=codec):
                archive = self.archive(codec=codec)
                lines = make_events(9000)
                archive.add(lines)
                self.assertIn("9,000 events", archive.ship().out)
                expect_once(self, self.out, lines)
                self.assertIn("nothing to ship", archive.ship().out)
                for path in objects_below(self.out):
                    ndjson = b"".join(line + b"\n" for line in ship_world.unpack(path))
                    digest = hashlib.sha256(ndjson).hexdigest()
                    self.assertRegex(str(path.relative_to(self.out)),
                                     r"^dt=2026-11-2[01]/[0-9a-f]{8}-2026112[01]-\d{6}-\d{6}-"
                                     + f"{ndjson.count(10)}-{digest[:16]}" + r"\.ndjson\.(zst|gz)$")

    def test_late_events_are_new_objects(self):
        archive = self.archive()
        first = make_events(500, seed=2)
        archive.add(first)
        archive.ship()
        before = {p: p.read_bytes() for p in objects_below(self.out)}
        late = make_events(300, seed=3)
        archive.add(late)
        archive.ship()
        for path, content in before.items():
            self.assertEqual(path.read_bytes(), content, "an object was changed")
        expect_once(self, self.out, first + late)

    def test_duplicates_are_shipped_once(self):
        archive = self.archive()
        lines = make_events(400)
        archive.add(lines + lines[:100])
        archive.add(lines[50:200])
        archive.ship()
        expect_once(self, self.out, lines)

    def test_corpus(self):
        lines = ship_world.corpus_events()
        for codec in ("zstd", "gzip"):
            archive = self.archive(codec=codec)
            archive.add(lines)
            archive.ship()
            expect_once(self, self.out, lines)

    def test_objects_keep_their_bound(self):
        for codec in ("zstd", "gzip"):
            archive = self.archive(codec=codec, object_bytes_max=64 * 1024)
            lines = make_events(30000, days=("2026-11-20",))
            archive.add(lines)
            archive.ship()
            objects = objects_below(self.out)
            self.assertGreater(len(objects), 3)
            # a block of its own may be larger than the bound: 4,096 events are
            self.assertTrue(all(p.stat().st_size < 700 * 1024 for p in objects))
            expect_once(self, self.out, lines)

    def test_wrong_target_loses_nothing(self):
        archive = Archive()
        self.addCleanup(archive.remove)
        self.out = archive.home / "out"
        self.out.write_text("in the way")
        archive.configure(target=f"file://{self.out}")
        lines = make_events(200)
        archive.add(lines)
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, 3, done.words)
        self.assertEqual(len([l for l in done.words.splitlines() if "out" in l]), 1, done.words)
        words, targets = archive.status()
        self.assertIn("failed   1 object", words)
        self.assertIn("is there and not a directory", words)
        self.assertEqual(targets[0]["failed"]["tries"], 1)
        self.assertGreater(targets[0]["lag_seconds"], 0)
        self.out.unlink()
        archive.ship()
        expect_once(self, self.out, lines)
        words, targets = archive.status()
        self.assertNotIn("failed", words)
        self.assertEqual(targets[0]["shipped_events"], 200)
        self.assertEqual(targets[0]["lag_seconds"], 0)

    def test_other_bytes_under_the_key(self):
        archive = self.archive()
        lines = make_events(100, days=("2026-11-20",))
        archive.add(lines)
        archive.ship()
        taken, = objects_below(self.out)
        # the same archive ships again to a copy of the ledger's target: put the object back changed
        second = Archive()
        self.addCleanup(second.remove)
        other = second.home / "out"
        os.makedirs(other / taken.parent.name)
        (other / taken.parent.name / taken.name).write_bytes(b"something else")
        archive.configure(target=f"file://{other}")
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is there already with other bytes", done.words)
        self.assertEqual((other / taken.parent.name / taken.name).read_bytes(), b"something else")
        (other / taken.parent.name / taken.name).write_bytes(taken.read_bytes())
        archive.ship()
        expect_once(self, other, lines)

    def test_killed_at_any_moment(self):
        archive = self.archive(object_bytes_max=64 * 1024)
        lines = make_events(30000)
        archive.add(lines)
        killed_runs(12, 0.06, "ship", "--archive", archive.dir)
        archive.ship()
        for path in list(self.out.rglob(".*.part")):
            path.unlink()
        expect_once(self, self.out, lines)
        _, targets = archive.status()
        self.assertEqual(targets[0]["shipped_events"], 30000)
        self.assertEqual(targets[0]["shipped_objects"], len(objects_below(self.out)))

    def test_another_holder_is_named(self):
        archive = self.archive()
        archive.add(make_events(10))
        with subprocess.Popen([ship_world.STELE, "import", "--archive", str(archive.dir), "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as holder:
            lock = archive.dir / "archive.lock"
            wait_until(lambda: lock.exists() and str(holder.pid) in lock.read_text(), "it is held")
            done = archive.ship(ok=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn(str(holder.pid), done.words)
            holder.stdin.close()
        archive.ship()

    def test_wrong_use(self):
        archive = self.archive()
        archive.configure()
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("ship.target is not set", done.words)
        self.assertEqual(len(done.words.splitlines()), 1)
        words = run(ship_world.STELE, "ship", "--status", "--archive", archive.dir).out
        self.assertIn("nothing is shipped", words)


if __name__ == "__main__":
    main_of_cases()
