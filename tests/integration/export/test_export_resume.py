#!/usr/bin/env python3
"""Exports that were broken off: killed at any moment and run again, by themselves and by --resume,
while new events arrive."""
import shutil
import signal
import subprocess
import time
import unittest

from export_world import (DAYS, STELE, Archive, all_lines, expect_lines, export, objects_below,
                          tree)
from ship_world import killed_runs, make_events
from stele_tool import main_of_cases

SIZE = ("--object-bytes", "64KiB")


class Resume(unittest.TestCase):
    def setUp(self):
        self.archive = Archive()
        self.addCleanup(self.archive.remove)
        self.lines = make_events(30000, days=DAYS)
        self.archive.add(self.lines)
        self.out = self.archive.home / "out"
        self.state = self.archive.home / "state"

    def whole(self, *words):
        other = self.archive.home / "whole"
        shutil.rmtree(other, True)
        export(self.archive, "--dest", other, *words)
        return tree(other)

    def kill_runs(self, *words):
        killed_runs(15, 0.08, "export", "--archive", self.archive.dir, "--dest", self.out, *words)

    def objects(self):
        for path in list(self.out.rglob(".*.part")):
            path.unlink()
        return tree(self.out)

    def test_killed_and_run_again(self):
        for words in (SIZE, (*SIZE, "--codec", "gzip", "--from", "2026-11-19T03:00:00Z"),
                      (*SIZE, "event:exec OR user:user3")):
            want = self.whole(*words)
            shutil.rmtree(self.out, True)
            self.kill_runs(*words)
            export(self.archive, "--dest", self.out, *words)
            self.assertEqual(self.objects(), want, words)

    def test_killed_with_a_state(self):
        for words in (SIZE, (*SIZE, "--key", "{number}-{ymd}", "event:exec")):
            want = self.whole(*words)
            shutil.rmtree(self.out, True)
            self.state.unlink(missing_ok=True)
            self.kill_runs(*words, "--resume", self.state)
            export(self.archive, "--dest", self.out, *words, "--resume", self.state)
            self.assertEqual(self.objects(), want, words)
            done = export(self.archive, "--dest", self.out, *words, "--resume", self.state)
            self.assertIn("this export is complete", done.out)

    def test_what_arrives_meanwhile_is_of_another_export(self):
        words = (*SIZE, "--resume", self.state)
        want = self.whole(*SIZE)
        for tries in range(60):  # killed when some of it is there, and not all
            shutil.rmtree(self.out, True)
            self.state.unlink(missing_ok=True)
            process = subprocess.Popen([STELE, "export", "--archive", str(self.archive.dir),
                                        "--dest", str(self.out), *map(str, words)],
                                       stdout=subprocess.DEVNULL)
            while process.poll() is None and len(objects_below(self.out)) < 2 + tries % 5:
                time.sleep(0.0005)
            process.kill()
            process.wait()
            if 0 < len(self.objects()) < len(want):
                break
        self.assertTrue(0 < len(self.objects()) < len(want))
        # late events of each day, and another day
        self.archive.add(make_events(3000, days=(*DAYS, "2026-11-18", "2026-11-22"), seed=2))
        done = export(self.archive, "--dest", self.out, *words)
        self.assertEqual(self.objects(), want)
        self.assertIn("exported 30,000 events", done.out)
        expect_lines(self, all_lines(self.out), self.lines)

    def test_what_is_done_is_not_read_again(self):
        words = ("--dest", self.out, *SIZE, "--resume", self.state)
        export(self.archive, *words)
        text = self.state.read_text()
        at = next(line for line in text.splitlines() if line.startswith("at "))
        # as it was after the second day
        self.state.write_text(text.replace(at, "at 2026-11-20 3 6 20000 1 1").replace("end\n", ""))
        shutil.rmtree(self.out)
        done = export(self.archive, *words)
        self.assertEqual({path.parent.name for path in objects_below(self.out)}, {f"dt={DAYS[2]}"})
        self.assertIn("exported 30,000 events in 9 objects", done.out)

    def test_of_another_export(self):
        base = {"--dest": str(self.out), "--object-bytes": "64KiB", "--from": "2026-11-19"}
        words = [word for pair in base.items() for word in pair]
        export(self.archive, *words, "--resume", self.state)
        before = self.state.read_text()
        for name, value in (("--dest", f"{self.out}2"), ("--object-bytes", "65KiB"),
                            ("--from", "2026-11-20"), ("--to", "2026-11-22"), ("--codec", "gzip"),
                            ("--layout", "flat"), ("query", "user:user1")):
            other = dict(base)
            extra = [value] if name == "query" else []
            if not extra:
                other[name] = value
            words = [word for pair in other.items() for word in pair]
            done = export(self.archive, *words, *extra, "--resume", self.state, ok=False)
            self.assertEqual(done.returncode, 2, done.words)
            self.assertIn("is of another export: it says \"" +
                          {"--layout": "--key"}.get(name, name), done.words)
            self.assertEqual(self.state.read_text(), before)
        other = Archive()
        self.addCleanup(other.remove)
        other.add(self.lines[:10])
        words = [word for pair in base.items() for word in pair]
        done = export(other, *words, "--resume", self.state, ok=False)
        self.assertIn("it says \"archive ", done.words)

    def test_files_that_are_no_state(self):
        words = ("--dest", self.out, "--resume", self.state)
        export(self.archive, *words)
        text = self.state.read_text()
        for damaged in ("", "hello\n", text[:-20], text.replace("bounds", "bound"),
                        text.replace("\nday", "\ndy"), text + "more\n", text.replace("\nat ", "\n"),
                        text.replace("--dest", "--dst")):
            self.state.write_text(damaged)
            done = export(self.archive, *words, ok=False)
            self.assertIn(done.returncode, (2, 3), damaged)
            self.assertEqual(len(done.words.splitlines()), 1, damaged)
            self.assertEqual(self.state.read_text(), damaged)
        self.state.unlink()
        done = export(self.archive, "--dest", self.out, "--resume", "/nonexistent/x", ok=False)
        self.assertEqual(done.returncode, 3)

    def test_relative_times_stay_what_they_were(self):
        words = ("--dest", self.out, *SIZE, "--from", "-900d", "--to", "now", "--resume", self.state)
        export(self.archive, *words)
        text = self.state.read_text()
        self.state.write_text(text.replace("end\n", ""))
        export(self.archive, *words)
        self.assertEqual(self.state.read_text(), text)

    def test_interrupted(self):
        words = (*SIZE, "--resume", self.state)
        for _ in range(60):
            shutil.rmtree(self.out, True)
            self.state.unlink(missing_ok=True)
            process = subprocess.Popen([STELE, "export", "--archive", str(self.archive.dir),
                                        "--dest", str(self.out), *map(str, words)],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while process.poll() is None and not objects_below(self.out):
                time.sleep(0.0005)
            process.send_signal(signal.SIGINT)
            out, words_of = process.communicate()
            if process.returncode == 3:
                break
        self.assertEqual(process.returncode, 3, words_of)
        self.assertIn("interrupted; run it again for the rest", words_of)
        self.assertIn("exported ", out)
        export(self.archive, "--dest", self.out, *words)
        self.assertEqual(self.objects(), self.whole(*SIZE))


if __name__ == "__main__":
    main_of_cases()
