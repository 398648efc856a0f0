#!/usr/bin/env python3
"""stele ship --reconcile: the ledger against what is at a target that people have put their hands on.
STELE_S3=directory, swift or ceph."""
import datetime
import hashlib
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

from ship_bucket import KIND, Bucket
from ship_world import STELE, Archive, expect_once, make_events, run
from stele_tool import main_of_cases

DAYS = [str(datetime.date(2026, 1, 1) + datetime.timedelta(days=n)) for n in range(150)]


def setUpModule():
    home = pathlib.Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    Bucket.start(home)


def reconcile(archive, *words, code=0):
    done = run(STELE, "ship", "--reconcile", "--output", "json", "--archive", archive.dir, *words,
               ok=False)
    assert done.returncode == code, f"exit {done.returncode}: {done.out}{done.words}"
    return json.loads(done.out)


def found(report, kind):
    return [f["key"] for f in report["findings"] if f["finding"] == kind]


class Reconcile(unittest.TestCase):
    def archive(self, days=DAYS, count=None, **settings):
        archive = Archive()
        self.addCleanup(archive.remove)
        bucket = Bucket(archive, **settings)
        self.lines = make_events(count or len(days), days=days)
        archive.add(self.lines)
        archive.ship()
        return archive, bucket

    def test_all_equal(self):
        archive, bucket = self.archive(DAYS[:3], 300)
        for words in ([], ["--deep"], ["--repair"]):
            report = reconcile(archive, *words)
            self.assertEqual((report["equal"], report["findings"], report["size_only"]), (3, [], 0))
        text = run(STELE, "ship", "--reconcile", "--archive", archive.dir).out
        self.assertIn("equal    3 objects", text)
        self.assertEqual(len(bucket.keys()), 3)

    def test_missing_and_foreign_over_many_pages(self):
        archive, bucket = self.archive()
        keys = bucket.keys()
        self.assertEqual(len(keys), len(DAYS))
        dice = random.Random(3)
        gone = sorted(dice.sample(keys, 40) + keys[:2] + keys[-2:])
        gone = sorted(set(gone))
        for key in gone:
            bucket.remove(key)
        foreign = [f"dt=2025-12-31/{'a' * 8}-x.ndjson.zst", keys[70] + "x", "zzz/last.ndjson.zst"]
        for key in foreign:
            bucket.put(key, b"somebody's")
        report = reconcile(archive, code=4)
        self.assertEqual(found(report, "missing"), gone)
        self.assertEqual(found(report, "foreign"), sorted(foreign))
        self.assertEqual(report["equal"], len(keys) - len(gone))
        self.assertEqual((report["foreign"], report["foreign_ours"]), (3, 1))
        report = reconcile(archive, "--repair")
        self.assertEqual(found(report, "repaired"), gone)
        report = reconcile(archive, "--deep")
        self.assertEqual((report["equal"], report["missing"], report["foreign"]), (len(keys), 0, 3))
        for key in foreign:
            bucket.remove(key)
        self.assertEqual(bucket.keys(), keys)
        if KIND == "directory":
            expect_once(self, bucket.folder, self.lines)

    def test_changed(self):
        archive, bucket = self.archive(DAYS[:4], 400)
        keys = bucket.keys()
        was = bucket.get(keys[1])
        bucket.put(keys[0], b"shorter")
        other = was[:50] + bytes([was[50] ^ 1]) + was[51:]
        bucket.put(keys[1], other, hashlib.sha256(was).hexdigest())  # it says what it is not
        last = bucket.get(keys[3])
        bucket.put(keys[3], last[:-1] + bytes([last[-1] ^ 1]))
        report = reconcile(archive, "--deep", code=4)
        self.assertEqual(found(report, "changed"), [keys[0], keys[1], keys[3]])
        report = reconcile(archive, "--repair", code=4)
        seen = found(report, "changed")
        if KIND == "directory":
            self.assertEqual(seen, [keys[0], keys[1], keys[3]])
        else:  # what a store keeps beside an object is what it is asked for: only --deep reads
            self.assertEqual(seen, keys[:1])
            self.assertEqual(report["size_only"], 1)
        self.assertEqual(bucket.get(keys[1]), other, "nothing at a target is written over")
        for key in (keys[0], keys[1], keys[3]):
            bucket.remove(key)
        self.assertEqual(len(found(reconcile(archive, "--repair"), "repaired")), 3)
        self.assertEqual(bucket.get(keys[1]), was)
        self.assertEqual(reconcile(archive, "--deep")["equal"], 4)

    def test_gzip_is_repaired_too(self):
        archive, bucket = self.archive(DAYS[:2], 200, codec="gzip")
        keys = bucket.keys()
        bucket.remove(keys[0])
        reconcile(archive, "--repair")
        self.assertEqual(reconcile(archive, "--deep")["equal"], 2)

    def test_after_retention(self):
        """An object outlives its day here; when it is lost then, that is said and nothing hidden."""
        archive, bucket = self.archive(DAYS[:3], 300)
        keys = bucket.keys()
        run(STELE, "retention", "--keep", "1d", "--archive", archive.dir)
        self.assertEqual(reconcile(archive)["equal"], 3)
        bucket.remove(keys[1])
        report = reconcile(archive, "--repair", code=4)
        self.assertEqual(found(report, "missing"), keys[1:2])
        self.assertIn("not here any more", report["findings"][0]["why"])

    def test_beside_a_shipper(self):
        """What is shipped while the list is read is neither missing nor foreign."""
        archive, _ = self.archive(DAYS[:60], 60)
        for round_number in range(3):
            archive.add(make_events(60, days=DAYS[:60], seed=10 + round_number))
            shipping = subprocess.Popen([STELE, "ship", "--archive", str(archive.dir)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            while shipping.poll() is None:
                report = reconcile(archive)
                self.assertEqual(report["findings"], [])
            self.assertEqual(shipping.returncode, 0, shipping.stderr.read())
            shipping.stderr.close()

    def test_unreachable(self):
        archive, _ = self.archive(DAYS[:1], 10)
        if KIND == "directory":
            archive.configure(target=f"file://{archive.home}/nowhere")
        else:
            archive.configure(**Bucket.server.settings("nobucket"))
        done = run(STELE, "ship", "--reconcile", "--archive", archive.dir, ok=False)
        self.assertEqual(done.returncode, 3, done.words)
        self.assertEqual(len(done.words.splitlines()), 1, done.words)
        archive.configure()
        done = run(STELE, "ship", "--reconcile", "--archive", archive.dir, ok=False)
        self.assertEqual((done.returncode, done.words.count("ship.target is not set")), (2, 1))


if __name__ == "__main__":
    main_of_cases()
