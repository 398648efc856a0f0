#!/usr/bin/env python3
"""An archive rebuilt from its objects in a directory: nothing lost, nothing doubled, byte for byte;
and what is wrong with objects, told by name."""
import json
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from export_world import (DAYS, STELE, Archive, digest, expect_lines, export, objects_below,
                          restore, run)
from ship_world import killed_runs, make_events
from stele_tool import by_clock, catches, main_of_cases, wait_until

# What an import of files takes apart: here they are events as they stand.
WRAPPED = [
    b'{"events": [{"event":"a","uid":"in-1","time":"2026-11-20T00:00:01Z"}], "uid":"out-1", '
    b'"time":"2026-11-20T01:00:00Z"}',
    b'{"message":"{\\"event\\":\\"b\\",\\"uid\\":\\"in-2\\",\\"time\\":\\"2026-11-20T00:00:02Z\\"}",'
    b'"uid":"out-2","time":"2026-11-20T01:00:01Z"}',
    b'{"_raw":"{\\"event\\":\\"c\\",\\"uid\\":\\"in-3\\"}","event":"x","uid":"out-3",'
    b'"time":"2026-11-20T01:00:02Z"}',
    b'{"Items":[{"event":"d","uid":"in-4"}],"time":"2026-11-20T01:00:03Z"}',
]


def days_of(archive):
    """The days that have blocks, in whatever files."""
    days = set()
    for path in archive.dir.glob("segments/*/*.db"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            days |= {row[0] for row in db.execute("SELECT DISTINCT day_us FROM block")}
        db.close()
    return days


class Restore(unittest.TestCase):
    def archive(self, lines=None, **settings):
        archive = Archive()
        self.addCleanup(archive.remove)
        archive.configure(target=f"file://{archive.home}/out", **settings)
        archive.out = archive.home / "out"
        if lines:
            archive.add(lines)
            archive.ship()
        return archive

    def test_whole(self):
        for codec in ("zstd", "gzip"):
            first = self.archive(make_events(30000, days=DAYS), codec=codec,
                                 object_bytes_max="64KiB")
            second = self.archive()
            done = restore(second, f"file://{first.out}")
            self.assertIn("30,000 read, 30,000 stored, 0 duplicates, 0 quarantined; "
                          f"{len(objects_below(first.out))} files", done.out)
            self.assertEqual(digest(second), digest(first))
            done = restore(second, f"file://{first.out}")
            self.assertIn("30,000 read, 0 stored, 30,000 duplicates", done.out)
            self.assertEqual(digest(second), digest(first))
            # and into the first: it has all of them
            self.assertIn(" 0 stored, 30,000 duplicates", restore(first, f"file://{first.out}").out)
            # in the order of keys, which is that of arrival: the same blocks again
            self.assertEqual(export(first, "--dest", "-").stdout,
                             export(second, "--dest", "-").stdout)

    def test_provenance(self):
        lines = make_events(10, days=("2026-11-20",))
        first = self.archive(lines)
        second = self.archive()
        restore(second, f"file://{first.out}")
        uid = json.loads(lines[0])["uid"]
        words = run(STELE, "show", "--archive", second.dir, uid).out
        self.assertIn(f"source     import file://{objects_below(first.out)[0]}", words)

    def test_seals_beside_them_are_no_events(self):
        first = self.archive(make_events(100, days=DAYS))
        self.assertTrue(list((first.home / "stele-digest").rglob("*.json")))
        place = first.home / "above"
        place.mkdir()
        for name in ("out", "stele-digest"):
            (first.home / name).rename(place / name)
        second = self.archive()
        done = restore(second, f"file://{place}")
        self.assertIn("100 read, 100 stored, 0 duplicates, 0 quarantined", done.out)
        self.assertEqual(digest(second), digest(first))

    def test_other_layouts(self):
        lines = make_events(9000, days=DAYS)
        first = self.archive(lines)
        for words in (("--layout", "flat"), ("--codec", "none"),
                      ("--key", "{number}", "--codec", "gzip"),
                      ("--key", "{ymd}/{first}.{ext}")):
            out = first.home / "copy"
            shutil.rmtree(out, True)
            export(first, "--dest", out, *words)
            second = self.archive()
            restore(second, f"file://{out}")
            self.assertEqual(digest(second), digest(first), words)

    def posted(self, lines):
        """By way of steled, where nothing is taken apart."""
        from ship_world import Daemon
        archive = self.archive()
        archive.configure()
        daemon = Daemon(archive)
        self.assertEqual(len(daemon.post_each(lines)), len(lines))
        daemon.stop()
        archive.configure(target=f"file://{archive.out}")
        archive.ship()
        return archive

    def test_events_that_look_like_wrappers(self):
        first = self.posted(WRAPPED)
        self.assertEqual(digest(first)[0], len(WRAPPED))
        second = self.archive()
        done = restore(second, f"file://{first.out}")
        self.assertIn("4 stored", done.out)
        self.assertEqual(digest(second), digest(first))

    @by_clock
    def test_without_uid_or_time(self):
        lines = [b'{"event":"no.uid","time":"2026-11-20T00:00:00Z"}', b'{"event":"no.time","uid":"t"}',
                 b'{"event":"neither"}', b'{"event":"strange","uid":"s","time":"1970-01-01T00:00:00Z"}']
        first = self.posted(lines)
        second = self.archive()
        later = {"STELE_CLOCK_US": str((int(time.time()) + 3 * 86400) * 1000000)}
        self.assertIn("4 stored", restore(second, f"file://{first.out}", env=later).out)
        self.assertEqual(digest(second), digest(first))
        # they come to the day that they had, whenever they are restored
        self.assertEqual(days_of(second), days_of(first))
        self.assertIn("0 stored, 4 duplicates", restore(second, f"file://{first.out}").out)
        self.assertEqual(digest(second), digest(first))

    def test_newlines_inside_stay_spaces(self):
        first = self.archive()
        file = first.home / "odd.json"
        file.write_text('{"event":"a",\n "uid":"u1",\n"time":"2026-11-20T00:00:00Z"}')
        restore(first, file)
        first.ship()
        second = self.archive()
        restore(second, f"file://{first.out}")
        shown = run(STELE, "search", "--archive", second.dir, "uid:u1", "--output", "raw").out
        self.assertEqual(shown.strip("\n"),
                         '{"event":"a",  "uid":"u1", "time":"2026-11-20T00:00:00Z"}')
        self.assertEqual(digest(second), digest(first))

    def test_several_archives_in_one_place(self):
        one = make_events(5000, days=DAYS, seed=1)
        two = make_events(5000, days=DAYS, seed=2)
        first = self.archive(one)
        second = self.archive(two + one[:100])
        shutil.copytree(first.out, second.out, dirs_exist_ok=True)
        third = self.archive()
        self.assertIn("10,000 stored, 100 duplicates", restore(third, f"file://{second.out}").out)
        expect_lines(self, export(third, "--dest", "-").stdout.splitlines(), one + two)

    def test_killed_and_run_again(self):
        first = self.archive(make_events(30000, days=DAYS), object_bytes_max="64KiB")
        second = self.archive()
        killed_runs(10, 0.4, "import", "--archive", second.dir, f"file://{first.out}")
        restore(second, f"file://{first.out}")
        self.assertEqual(digest(second), digest(first))
        run(STELE, "check", "--archive", second.dir, ok=False)

    def test_interrupted(self):
        first = self.archive(make_events(30000, days=DAYS), object_bytes_max="64KiB")
        for tries in range(20):
            second = self.archive()
            process = subprocess.Popen([STELE, "import", "--archive", str(second.dir),
                                        f"file://{first.out}"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            wait_until(lambda: catches(process, signal.SIGINT), "it can be interrupted")
            time.sleep(0.02 * tries)
            process.send_signal(signal.SIGINT)
            out, words = process.communicate()
            if process.returncode == 3:
                break
        self.assertEqual(process.returncode, 3, words)
        self.assertIn("0 quarantined", out)
        self.assertEqual(words.splitlines(), ["stele import: interrupted; what was read is stored, "
                                              "run it again for the rest"])
        restore(second, f"file://{first.out}")
        self.assertEqual(digest(second), digest(first))

    def test_what_is_no_object_of_events(self):
        lines = make_events(3000, days=("2026-11-20",))
        first = self.archive(lines)
        out = first.out
        (out / "_SUCCESS").write_text("not read")
        (out / ".hidden").write_text("not read")
        (out / "empty.ndjson").write_text("")
        (out / "z.parquet").write_bytes(b"PAR1" + bytes(100))
        second = self.archive()
        done = restore(second, f"file://{out}", ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"file://{out}/z.parquet: this is Parquet", done.words)
        self.assertEqual(len(done.words.splitlines()), 1, done.words)
        self.assertIn("3,000 stored", done.out)
        self.assertEqual(digest(second), digest(first))

    def test_damaged_object(self):
        first = self.archive(make_events(12000, days=("2026-11-20",)))
        path, = objects_below(first.out)
        whole = path.read_bytes()
        for damaged in (whole[:-100], whole[:150_000], whole[:len(whole) // 2] + b"\0" * 50 +
                        whole[len(whole) // 2 + 50:]):
            path.write_bytes(damaged)
            second = self.archive()
            done = restore(second, f"file://{first.out}", ok=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn(path.name, done.words)
            self.assertEqual(len(done.words.splitlines()), 1, done.words)
            # half a line is no event and goes nowhere
            self.assertIn(" 0 quarantined", done.out)
            path.write_bytes(whole)
            restore(second, f"file://{first.out}")
            self.assertEqual(digest(second), digest(first))

    def test_wrong(self):
        archive = self.archive()
        for words, url in (("No such file", f"file://{archive.home}/none"),
                           ("no objects there", f"file://{archive.out}"),
                           ("must be absolute", "file://out"),
                           ("a bucket's name", "s3://")):
            archive.out.mkdir(exist_ok=True)
            done = restore(archive, url, ok=False)
            self.assertIn(done.returncode, (2, 3))
            self.assertIn(words, done.words)
            self.assertEqual(len(done.words.splitlines()), 1, done.words)
        done = restore(archive, "s3://bucket", "--set", "ship.s3_access_key_id=A", ok=False)
        self.assertEqual(done.returncode, 2, done.words)
        done = restore(archive, "s3://bucket", "--set", "nothing", ok=False)
        self.assertIn("--set: ", done.words)

    def test_dry_run_and_one_file(self):
        first = self.archive(make_events(100, days=("2026-11-20",)))
        path, = objects_below(first.out)
        done = run(STELE, "import", "--dry-run", f"file://{first.out}")
        self.assertIn("100 events", done.out)
        self.assertIn(f"file://{path}", done.out)
        second = self.archive()
        self.assertIn("100 stored", restore(second, f"file://{path}").out)

    def test_beside_a_daemon(self):
        from ship_world import Daemon
        first = self.archive(make_events(5000, days=DAYS))
        second = self.archive()
        second.configure()
        daemon = Daemon(second)
        self.addCleanup(daemon.kill)
        done = restore(second, f"file://{first.out}")
        self.assertIn("5,000 handed to steled", done.out)
        restore(second, f"file://{first.out}")
        self.assertEqual(digest(second), digest(first))


if __name__ == "__main__":
    main_of_cases()
