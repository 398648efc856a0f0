#!/usr/bin/env python3
"""stele ship --status --from --to: which events went in which object, what waits, what failed, what
is gone; compared with the objects themselves."""
import csv
import hashlib
import io
import json
import random
import unittest

from ship_world import STELE, Archive, make_events, objects_below, run, unpack
from stele_tool import main_of_cases

DAYS = ("2026-05-01", "2026-05-02", "2026-05-03")


def ask(archive, *words, form="json", code=0):
    done = run(STELE, "ship", "--status", "--output", form, "--archive", archive.dir, *words, ok=False)
    assert done.returncode == code, f"exit {done.returncode}: {done.out}{done.words}"
    return json.loads(done.out) if form == "json" else done.out


class Ledger(unittest.TestCase):
    def archive(self, **settings):
        archive = Archive()
        self.addCleanup(archive.remove)
        self.out = archive.home / "out"
        archive.configure(target=f"file://{self.out}", **settings)
        return archive

    def test_each_range_against_the_objects(self):
        archive = self.archive(object_bytes_max=64 * 1024)
        for seed in range(3):
            archive.add(make_events(9000, days=DAYS, seed=seed))
            archive.ship()
        times = {str(p.relative_to(self.out)): [json.loads(line)["time"] for line in unpack(p)]
                 for p in objects_below(self.out)}
        self.assertGreater(len(times), 6)
        dice = random.Random(2)
        for _ in range(12):
            one, two = sorted(f"{dice.choice(DAYS)}T{dice.randrange(24):02}:{dice.randrange(60):02}:{dice.randrange(3):02}Z"
                              for _ in range(2))
            if one == two:
                continue
            should = {key: sum(one <= t < two for t in of) for key, of in times.items()}
            should = {key: n for key, n in should.items() if n}
            answer = ask(archive, "--from", one, "--to", two, code=0 if should else 1)
            got = {o["key"]: o["events_in_range"] for o in answer["objects"]}
            self.assertEqual(got, should, (one, two))
            if not should:
                continue
            for o in answer["objects"]:
                path = self.out / o["key"]
                self.assertEqual((o["sent_bytes"], o["events"], o["state"], o["tries"]),
                                 (path.stat().st_size, len(times[o["key"]]), "shipped", 1))
                self.assertEqual(o["sent_sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
                self.assertRegex(o["sent_by"], r"^zstd 1\.\d+\.\d+$")
                ndjson = b"".join(line + b"\n" for line in unpack(path))
                self.assertEqual((o["bytes"], o["sha256"]),
                                 (len(ndjson), hashlib.sha256(ndjson).hexdigest()))
                self.assertIn(f"-{o['events']}-{o['sha256'][:16]}.ndjson.zst", o["key"])
            rows = list(csv.DictReader(io.StringIO(ask(archive, "--from", one, "--to", two,
                                                       form="csv"))))
            names = ("key", "sha256", "sent_sha256", "sent_by")
            self.assertEqual([[r[name] for name in names] for r in rows],
                             [[o[name] for name in names] for o in answer["objects"]])
            text = ask(archive, "--from", one, "--to", two, form="table")
            self.assertTrue(all(o["key"] in text and o["sha256"] in text for o in answer["objects"]))
        self.assertEqual(len(ask(archive, "--from", "2020-01-01")["objects"]), len(times))
        self.assertEqual(ask(archive, "--to", "2020-01-01", code=1)["objects"], [])

    def test_waiting_and_failed(self):
        archive = self.archive()
        archive.add(make_events(300, days=DAYS))
        answer = ask(archive, "--from", DAYS[1], "--to", DAYS[2])
        self.assertEqual((answer["waiting_blocks"], answer["waiting_events"]), (1, 100))
        self.out.write_text("in the way")
        archive.ship(ok=False)
        answer = ask(archive, "--from", DAYS[0])
        failed, = [o for o in answer["objects"] if o["state"] == "failed"]
        self.assertEqual((failed["tries"], answer["failed"]), (1, 1))
        self.assertIn("not a directory", failed["error"])
        self.assertIn("not a directory", ask(archive, "--from", DAYS[0], form="table"))
        self.assertEqual(answer["waiting_events"], 200)
        run(STELE, "retention", "--keep", "1d", "--force", "--archive", archive.dir)
        answer = ask(archive, "--from", DAYS[0])
        self.assertEqual((answer["gone"], answer["deleted_days"], answer["deleted_unshipped"]),
                         (1, 3, 300))
        self.assertEqual(answer["objects"][0]["state"], "gone")
        words, targets = archive.status()
        self.assertIn("gone     100 events in 1 planned object", words)
        self.assertEqual((targets[0]["gone_events"], targets[0]["planned_objects"]), (100, 0))

    def test_deleted_days_and_other_targets(self):
        archive = self.archive()
        archive.add(make_events(300, days=DAYS))
        archive.ship()
        run(STELE, "retention", "--keep", "1d", "--archive", archive.dir)
        archive.configure(target=f"file://{archive.home}/second")
        archive.add(make_events(30, days=DAYS, seed=7))
        archive.ship()
        answer = ask(archive, "--from", DAYS[0] + "T05:00:00Z", "--to", DAYS[1])
        first, second = answer["objects"]
        self.assertEqual((first["target"], second["target"]), (f"file://{self.out}",
                                                               f"file://{archive.home}/second"))
        self.assertNotIn("events_in_range", first)  # its blocks are not here: the day is all we know
        self.assertLess(second["events_in_range"], 10)
        self.assertEqual((second["first_block"], answer["deleted_days"]), (2, 1))
        uid = json.loads(unpack(objects_below(archive.home / "second")[0])[0])["uid"]
        self.assertIn(second["key"], run(STELE, "show", uid, "--archive", archive.dir).out)

    def test_wrong_use(self):
        archive = self.archive()
        for words, part in ((["--from", "2026-01-01"], "--status"), (["--status", "--output", "csv"],
                            "--from"), (["--status", "--reconcile"], "give one"),
                            (["--deep"], "--reconcile"), (["--status", "--from", "x"], "--from"),
                            (["--reconcile", "--output", "csv"], "json"),
                            (["--status", "--from", "2026-01-02", "--to", "2026-01-01"], "before")):
            done = run(STELE, "ship", *words, "--archive", archive.dir, ok=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(len(done.words.splitlines()), 1, done.words)
            self.assertIn(part, done.words)


if __name__ == "__main__":
    main_of_cases()
