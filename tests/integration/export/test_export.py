#!/usr/bin/env python3
"""Exports to directories and to standard output: the bytes that shipping gives, ranges and queries
cut exactly, keys of all kinds, and what is refused."""
import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

from export_world import (DAYS, STELE, Archive, all_lines, expect_lines, export, lines_of,
                          objects_below, run, ship_world, time_of, tree)
from ship_world import make_events
from stele_tool import keep_sums, main_of_cases


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One archive for all: some blocks on each of three days, times not in order of arrival."""
        cls.archive = Archive(day_files=True)
        cls.addClassCleanup(cls.archive.remove)
        cls.lines = make_events(30000, days=DAYS)
        cls.archive.add(cls.lines)

    def setUp(self):
        self.out = self.archive.home / "out"
        self.addCleanup(shutil.rmtree, self.out, True)

    def export(self, *words, ok=True, **more):
        return export(self.archive, *words, ok=ok, **more)

    def to_out(self, *words, ok=True):
        shutil.rmtree(self.out, True)
        return self.export("--dest", self.out, *words, ok=ok)


class AsShipped(Export):
    def test_keys_and_bytes(self):
        shipped = self.archive.home / "shipped"
        for codec in ("zstd", "gzip"):
            for size in ("64KiB", "450KiB", "32MiB"):
                self.archive.configure(target=f"file://{shipped}", codec=codec,
                                       object_bytes_max=size)
                shutil.rmtree(shipped, True)
                copy = self.archive.home / "copy"
                shutil.copytree(self.archive.dir, copy)
                run(STELE, "ship", "--archive", copy)
                shutil.rmtree(copy)
                self.archive.configure()
                done = self.to_out("--codec", codec, "--object-bytes", size)
                self.assertEqual(tree(self.out), tree(shipped), (codec, size))
                self.assertGreater(len(tree(shipped)), 2)
                self.assertIn("exported 30,000 events in", done.out)
                # and by the settings of the configuration alone
                self.archive.configure(codec=codec, object_bytes_max=size)
                self.to_out()
                self.assertEqual(tree(self.out), tree(shipped))
        self.archive.configure()

    def test_one_day_of_it(self):
        self.to_out("--object-bytes", "64KiB")
        want = {key: of for key, of in tree(self.out).items() if DAYS[1] in key}
        self.to_out("--object-bytes", "64KiB", "--from", DAYS[1], "--to", DAYS[2])
        self.assertEqual(tree(self.out), want)
        self.to_out("--object-bytes", "64KiB", f"time:[{DAYS[1]} TO 2026-11-20T23:59:59.999999Z]")
        self.assertEqual(tree(self.out), want)

    def test_nothing_is_written_into_the_archive(self):
        before = run(STELE, "ship", "--status", "--output", "json", "--archive",
                     self.archive.dir).out
        self.to_out()
        self.assertEqual(run(STELE, "ship", "--status", "--output", "json", "--archive",
                             self.archive.dir).out, before)

    def test_again_is_nothing_new(self):
        self.to_out("--object-bytes", "64KiB")
        before = {p: p.stat().st_mtime_ns for p in objects_below(self.out)}
        done = self.export("--dest", f"file://{self.out}", "--object-bytes", "64KiB")
        self.assertIn(f"in {len(before)} objects ({len(before)} there already)", done.out)
        self.assertEqual({p: p.stat().st_mtime_ns for p in objects_below(self.out)}, before)
        gone = objects_below(self.out)[2]
        bytes_of = gone.read_bytes()
        gone.unlink()
        self.assertIn(f"({len(before) - 1} there already)",
                      self.export("--dest", self.out, "--object-bytes", "64KiB").out)
        self.assertEqual(gone.read_bytes(), bytes_of)

    def test_other_bytes_are_not_written_over(self):
        self.to_out()
        taken = objects_below(self.out)[0]
        taken.write_bytes(b"something else")
        done = self.export("--dest", self.out, ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is there already with other bytes", done.words)
        self.assertEqual(taken.read_bytes(), b"something else")


class Cuts(Export):
    def test_at_the_very_ends(self):
        times = sorted(time_of(line) for line in self.lines)
        low, high = times[7000], times[23000]
        want = [line for line in self.lines if low <= time_of(line) < high]
        self.assertNotEqual(len(want), 0)
        for codec in ("zstd", "gzip", "none"):
            done = self.to_out("--from", low, "--to", high, "--codec", codec, "--object-bytes",
                               "100KiB")
            expect_lines(self, all_lines(self.out), want)
            self.assertIn(f"exported {len(want):,} events", done.out)
            first = tree(self.out)
            self.to_out("--from", low, "--to", high, "--codec", codec, "--object-bytes", "100KiB")
            self.assertEqual(tree(self.out), first)

    def test_query(self):
        want = [line for line in self.lines
                if json.loads(line)["user"] == "user3" and json.loads(line)["event"] == "exec"]
        self.to_out("user:user3", "event:exec")
        got = all_lines(self.out)
        expect_lines(self, got, want)
        # in order of day, block and slot: as they came
        place = {line: i for i, line in enumerate(self.lines)}
        for day in DAYS:
            of_day = [place[line] for line in got if day in time_of(line)]
            self.assertEqual(of_day, sorted(of_day))
        # what it matches of blocks is packed together, not block by block
        self.assertEqual(len(objects_below(self.out)), 3)
        self.assertEqual(objects_below(self.out)[0].read_bytes().count(b"\x28\xb5\x2f\xfd"), 1)

    def test_a_query_that_all_events_match_copies_blocks(self):
        self.to_out()
        want = tree(self.out)
        self.to_out("addr.remote:203.0.113.7")
        self.assertEqual(tree(self.out), want)

    def test_standard_output(self):
        plain = self.export("--dest", "-")
        expect_lines(self, plain.stdout.splitlines(), self.lines)
        self.assertIn("exported 30,000 events, ", plain.words)
        packed = self.export("--dest", "-", "--codec", "gzip").stdout
        self.assertEqual(gzip.decompress(packed), plain.stdout)
        packed = self.export("--dest", "-", "--codec", "zstd").stdout
        self.assertEqual(run("zstd", "-dc", data=packed).stdout, plain.stdout)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([STELE, "export", "--archive", str(self.archive.dir), "--dest",
                                   "-"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"standard output", done.stderr)

    def test_a_day_file_alone(self):
        file = next(self.archive.dir.rglob(f"{DAYS[0]}.db"))
        done = run(STELE, "export", "--archive", file, "--dest", "-")
        expect_lines(self, done.stdout.splitlines(),
                     [line for line in self.lines if DAYS[0] in time_of(line)])

    def test_newlines_and_odd_bytes(self):
        archive = Archive()
        self.addCleanup(archive.remove)
        file = archive.home / "odd.json"
        events = ['{"event":"a",\n "uid":"u1",\n\n"time":"2026-11-20T00:00:00Z"}',
                  '{"event":"b","uid":"u2","time":"2026-11-20T00:00:01Z","x":"\\n \u2028 \\ud800"}']
        file.write_text("\n".join(events), encoding="utf-8")
        run(STELE, "import", "--archive", archive.dir, file)
        want = [event.replace("\n", " ") for event in events]
        for words in ((), ("uid:u1 OR uid:u2",), ("--from", "2026-11-20", "--to", "2026-11-21")):
            got = export(archive, "--dest", "-", *words).stdout.decode()
            self.assertEqual(got, "".join(line + "\n" for line in want))
        self.assertEqual(export(archive, "--dest", "-", "event:a").stdout.decode(), want[0] + "\n")

    def test_corpus(self):
        lines = ship_world.corpus_events()
        archive = Archive()
        self.addCleanup(archive.remove)
        archive.add(lines)
        expect_lines(self, export(archive, "--dest", "-").stdout.splitlines(), lines)


class Keys(Export):
    def test_layouts(self):
        self.to_out()
        hive = tree(self.out)
        self.to_out("--layout", "flat")
        self.assertEqual(tree(self.out), {key.split("/")[1]: of for key, of in hive.items()})
        self.assertTrue(all(re.fullmatch(
            r"[0-9a-f]{8}-202611\d\d-\d{6}-\d{6}-\d+-[0-9a-f]{16}\.ndjson\.zst", key)
            for key in tree(self.out)))

    def test_own_template(self):
        self.to_out("--codec", "none", "--key",
                    "a b/{archive_id}/y={year}/{month}/{mday}/{day}_{ymd}_{first}_{last}_{events}_{number}_"
                    "{digest}_{sha256}.{ext}", "--from", DAYS[0], "--to", DAYS[1])
        path, = objects_below(self.out)
        (key, of), = tree(self.out).items()
        identity = run(STELE, "stats", "--archive", self.archive.dir).out
        identity = re.search(r"\(([0-9a-f-]{36})\)", identity)[1]
        self.assertEqual(key, f"a b/{identity}/y=2026/11/19/2026-11-19_20261119_000001_000003_"
                         f"10000_000001_{of[:16]}_{of}.ndjson")
        self.assertEqual(len(lines_of(path)), 10000)
        self.to_out("--key", "{number}", "--object-bytes", "64KiB")
        self.assertEqual(sorted(tree(self.out)), [f"{i + 1:06}" for i in range(9)])

    def test_refused(self):
        for template, words in (
                ("x.{ext}", "would give two objects the same key"),
                ("{day}/{last}", "would give two objects the same key"),
                ("{first}-{digest}", "would give two objects the same key"),
                ("{year}-{month}-{first}", "would give two objects the same key"),
                ("{day}/{first", "a { is not closed"),
                ("{day}{first}}", "printable ASCII"),
                ("{hour}/{number}", "no such part: {hour}; there are {day} {ymd}"),
                ("{}{number}", "no such part: {}"),
                ("/{number}", "no slash at its begin"),
                ("a//{number}", "none behind another"),
                ("{number}/", "no slash at its begin or end"),
                ("../{number}", "begins with a dot"),
                ("a/.{number}", "begins with a dot"),
                ("a?{number}", "printable ASCII"),
                ("\u00fc{number}", "printable ASCII"),
                ("", "no slash at its begin")):
            done = self.to_out("--key", template, ok=False)
            self.assertEqual(done.returncode, 2, template)
            self.assertIn(words, done.words)
            self.assertEqual(len(done.words.splitlines()), 1)
        self.assertFalse(self.out.exists())

    def test_too_long(self):
        done = self.to_out("--key", "k" * 1020 + "{number}", ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a key of over 1023 bytes", done.words)


class DryRun(Export):
    def counts(self, text):
        return re.search(r"([\d,]+ events? in [\d,]+ objects?).*?(, [\d,]+ bytes.*?)(?:, to.*)?$",
                         text, re.M).groups()

    def test_says_what_comes(self):
        for words in ((), ("--codec", "gzip"), ("--codec", "none"), ("user:user3",),
                      ("--from", "2026-11-20T04:00:00Z", "--to", "2026-11-20T20:00:00Z"),
                      ("--codec", "gzip", "user:user3", "--object-bytes", "64KiB")):
            shutil.rmtree(self.out, True)
            dry = self.export("--dry-run", *words)
            self.assertIn("dry run, nothing is written: ", dry.out)
            self.assertFalse(self.out.exists())
            done = self.to_out(*words)
            self.assertEqual(self.counts(dry.out), self.counts(done.out), words)
            size = sum(p.stat().st_size for p in objects_below(self.out))
            self.assertIn(f" {size:,} bytes", dry.out)

    def test_by_day(self):
        dry = self.export("--dry-run", "--verbose", "--dest", self.out)
        for day in DAYS:
            self.assertRegex(dry.out, rf"(?m)^{day}  10,000 events in 1 object, ")
        self.assertEqual(len(dry.out.splitlines()), 4)

    def test_needs_no_place(self):
        """Neither credentials nor a connection."""
        dry = self.export("--dry-run", "--dest", "s3://nobody/there")
        self.assertIn("30,000 events", dry.out)


class Wrong(Export):
    def expect(self, code, words, *arguments, **more):
        done = self.export(*arguments, ok=False, **more)
        self.assertEqual(done.returncode, code, done.words)
        self.assertIn(words, done.words)
        self.assertEqual(len(done.words.splitlines()), 1, done.words)

    def test_use(self):
        self.expect(2, "--dest is missing")
        self.expect(2, "--codec is zstd, gzip or none", "--dest", self.out, "--codec", "lz4")
        self.expect(2, "--layout is hive or flat", "--dest", self.out, "--layout", "x")
        self.expect(2, "--layout and --key", "--dest", self.out, "--layout", "flat", "--key",
                    "{number}")
        self.expect(2, "--object-bytes: \"5 apples\" is not a size", "--dest", self.out,
                    "--object-bytes", "5 apples")
        self.expect(2, "--object-bytes: \"0\" is not a size", "--dest", self.out, "--object-bytes", 0)
        self.expect(2, "--from is not before --to", "--dest", self.out, "--from", DAYS[1], "--to",
                    DAYS[0])
        self.expect(2, "--dest - is one stream: --resume", "--dest", "-", "--resume", "x")
        self.expect(2, "cannot be used together", "--dry-run", "--resume", "x")
        self.expect(2, "neither s3://bucket/prefix nor file:///directory", "--dest", "gs://x")
        self.expect(2, "--dest: ", "--dest", "s3://")
        self.expect(2, "must be absolute", "--dest", "file://out")
        self.expect(2, "--set: ", "--dest", self.out, "--set", "ship.s3_endpont=x")
        self.expect(2, "--dest is empty", "--dest", "")
        self.expect(2, "query", "--dest", self.out, "user:(")
        self.assertFalse(self.out.exists())

    def test_places(self):
        self.out.write_text("in the way")
        self.expect(3, "is there and not a directory", "--dest", self.out)
        self.out.unlink()
        os.symlink("/nowhere/at/all", self.out)
        done = self.export("--dest", self.out / "x", ok=False)
        self.assertNotEqual(done.returncode, 0)
        self.out.unlink()

    def test_relative_directories(self):
        self.out.mkdir()
        for name in ("a/b", "../out/c", "./d//e/", "."):
            run(STELE, "export", "--archive", self.archive.dir, "--dest", name, cwd=self.out)
        self.assertEqual(len(objects_below(self.out)), 12)
        self.assertEqual(len(objects_below(self.out / "d" / "e")), 3)

    def test_nothing(self):
        done = self.export("--dest", self.out, "--from", "2030-01-01", ok=False)
        lines = done.words.splitlines()
        self.assertEqual((done.returncode, len(lines)), (1, 2), done.words)
        self.assertIn("nothing in the range", lines[0])
        self.assertIn("no event is of 2030-01-01T00:00:00Z or later", lines[1])
        self.expect(1, "nothing in the range", "--dest", "-", "user:nobody")
        self.expect(1, "nothing in the range", "--dry-run", "user:nobody")
        self.assertFalse(self.out.exists())
        done = self.export("--dest", "-", "usr:user1", ok=False)
        self.assertIn("user", done.words)

    def test_where_it_ships_to(self):
        self.archive.configure(target=f"file://{self.out}")
        done = self.export("--dest", self.out)
        self.assertIn("this archive ships to file://", done.words)
        self.archive.configure()

    def test_full_disk(self):
        # a file system of its own would need root: a limit of file sizes stands in
        done = subprocess.run(["bash", "-c", f"ulimit -f 100; trap '' XFSZ; exec {STELE} export "
                               f"--archive {self.archive.dir} --dest {self.out}"],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(objects_below(self.out), [])

    def test_damage(self):
        """A damaged block is named and left out, and all else goes."""
        copy = Archive(day_files=True)
        self.addCleanup(copy.remove)
        copy.add(self.lines)
        file = next(copy.dir.rglob(f"{DAYS[1]}.db"))
        with sqlite3.connect(file) as db:
            data, = db.execute("SELECT data FROM block_data WHERE id = 4").fetchone()
            at = len(data) // 2  # of the events of block 2
            db.execute("UPDATE block_data SET data = ? WHERE id = 4",
                       (data[:at] + bytes([data[at] ^ 1]) + data[at + 1:],))
        db.close()
        keep_sums(file)
        whole = export(self.archive, "--dest", "-").stdout.splitlines()
        lost = [line for line in whole if DAYS[1] in time_of(line)][4096:8192]
        for words in (("--codec", "zstd"), ("--codec", "gzip"),
                      ("--from", "2026-11-19T00:30:00Z")):
            shutil.rmtree(self.out, True)
            done = export(copy, "--dest", self.out, *words, ok=False)
            self.assertEqual(done.returncode, 4, done.words)
            self.assertRegex(done.words, "2026-11-20.db: block 2 is damaged.*left out")
            self.assertIn("1 damaged block is left out", done.words)
            from_time = words[1] if words[0] == "--from" else ""
            expect_lines(self, all_lines(self.out),
                         [l for l in whole if time_of(l) >= from_time and l not in set(lost)])


def begin_on(archive, cores, *words):
    """An export to standard output on so many cores."""
    return subprocess.Popen(
        [STELE, "export", "--archive", str(archive.dir), "--dest", "-", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores]))


def stdout_of(archive, cores, *words):
    """What goes to standard output, and what is said."""
    with begin_on(archive, cores, *words) as tool:
        out, said = tool.communicate()
    return tool.returncode, out, said


class ManyBlocks(unittest.TestCase):
    """A day whose blocks are shared by threads."""
    BLOCKS, EVENTS, DAMAGED = 20, 400, 7

    @classmethod
    def setUpClass(cls):
        cls.archive = Archive(day_files=True)
        cls.addClassCleanup(cls.archive.remove)
        cls.lines = make_events(cls.BLOCKS * cls.EVENTS, days=DAYS[:1])
        for i in range(0, len(cls.lines), cls.EVENTS):
            cls.archive.add(cls.lines[i:i + cls.EVENTS])

    def test_the_same_on_any_number_of_cores(self):
        for codec in ("none", "zstd", "gzip"):
            for words in ((), ("user:user3",), ("NOT user:user3",),
                          ("--from", f"{DAYS[0]}T03:00:00Z")):
                one = stdout_of(self.archive, 1, "--codec", codec, *words)
                self.assertEqual(one[0], 0, one[2])
                for _ in range(3):
                    self.assertEqual(stdout_of(self.archive, 4, "--codec", codec, *words), one)
        self.assertEqual(stdout_of(self.archive, 4)[1].splitlines(), self.lines)

    def test_damage(self):
        copy = self.archive.home / "damaged"
        shutil.copytree(self.archive.dir, copy / "archive")
        self.addCleanup(shutil.rmtree, copy)
        file = next(copy.rglob(f"{DAYS[0]}.db"))
        row = f"id = {2 * self.DAMAGED}"
        with sqlite3.connect(file) as db:
            data, = db.execute(f"SELECT data FROM block_data WHERE {row}").fetchone()
            at = len(data) // 2
            db.execute(f"UPDATE block_data SET data = ? WHERE {row}",
                       (data[:at] + bytes([data[at] ^ 1]) + data[at + 1:],))
        db.close()
        archive = type("Copy", (), {"dir": copy / "archive"})
        lost = range((self.DAMAGED - 1) * self.EVENTS, self.DAMAGED * self.EVENTS)
        kept = [line for i, line in enumerate(self.lines) if i not in lost]
        for words in ((), ("NOT user:user3",)):
            one = stdout_of(archive, 1, *words)
            self.assertEqual(one[0], 4, one[2])
            self.assertIn(b"block %d is damaged" % self.DAMAGED, one[2])
            self.assertEqual(one[1].splitlines(), [line for line in kept if not words or
                                                   json.loads(line)["user"] != "user3"])
            for _ in range(3):
                self.assertEqual(stdout_of(archive, 4, *words), one)

    def test_a_closed_pipe(self):
        """As `stele export | head -1`: it ends, and quietly."""
        for cores in (1, 4):
            tool = begin_on(self.archive, cores)
            self.assertEqual(tool.stdout.readline().rstrip(b"\n"), self.lines[0])
            tool.stdout.close()
            self.assertNotEqual(tool.wait(timeout=60), 0)
            tool.stderr.close()


if __name__ == "__main__":
    main_of_cases()
