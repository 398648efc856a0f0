#!/usr/bin/env python3
"""Exports of events that still wait in the inbox: beside a running daemon, and of an archive whose
daemon has ended."""
import os
import unittest

from export_world import Archive, expect_lines, export, ship_world
from ship_world import Daemon, make_events
from stele_tool import main_of_cases, run, wait_until


class Inbox(unittest.TestCase):
    def setUp(self):
        self.archive = Archive()
        self.addCleanup(self.archive.remove)
        self.lines = make_events(300, days=("2026-11-20", "2026-11-21"))

    def daemon(self):
        daemon = Daemon(self.archive, "index.max_wait=1h")
        self.addCleanup(daemon.kill)
        self.assertEqual(len(daemon.post_each(self.lines)), 300)
        return daemon

    def waiting(self):
        import sqlite3
        with sqlite3.connect(self.archive.dir / "archive.db") as db:
            return db.execute("SELECT count(*) FROM inbox").fetchone()[0]

    def test_steled_is_asked(self):
        daemon = self.daemon()
        done = export(self.archive, "--dest", "-")
        expect_lines(self, done.stdout.splitlines(), self.lines)
        self.assertIn("asking it to index its inbox", done.words)
        self.assertNotIn("not exported", done.words)
        daemon.stop()

    def test_only_for_what_is_asked_for(self):
        self.daemon()
        for words in (("--to", "2026-11-20"), ("user:nobody",)):
            done = export(self.archive, "--dest", "-", *words, ok=False)
            self.assertEqual(done.returncode, 1)
            self.assertNotIn("asking", done.words)

    def test_a_dry_run_says_what_waits(self):
        self.daemon()
        done = export(self.archive, "--dry-run", "--from", "2026-11-21", ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("150 events of the range wait in the inbox and are not exported", done.words)
        self.assertNotIn("asking", done.words)

    def test_a_closed_archive_is_indexed(self):
        self.daemon().kill()
        done = export(self.archive, "--dest", "-")
        expect_lines(self, done.stdout.splitlines(), self.lines)
        self.assertEqual(len(done.words.splitlines()), 1, done.words)

    def test_what_cannot_be_indexed_is_told(self):
        """Another tool holds the archive."""
        import subprocess
        self.daemon().kill()
        with subprocess.Popen([ship_world.STELE, "import", "--archive", str(self.archive.dir), "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as holder:
            lock = self.archive.dir / "archive.lock"
            wait_until(lambda: lock.exists() and str(holder.pid) in lock.read_text(), "it is held")
            # the import drains the inbox first: it is filled behind its back
            wait_until(lambda: self.waiting() == 0, "the inbox is empty")
            self.put_back()
            done = export(self.archive, "--dest", "-", ok=False)
            self.assertEqual(done.returncode, 0, done.words)
            self.assertIn(str(holder.pid), done.words)
            self.assertIn("1 event of the range waits in the inbox and is not exported", done.words)
            expect_lines(self, done.stdout.splitlines(), self.lines)
            holder.stdin.close()

    def put_back(self):
        """A row as a daemon would have it, of an event that is new."""
        run(os.environ["FORGE_TOOL"], "sql", self.archive.dir / "archive.db",
            "INSERT INTO inbox (id, received_us, source, body) SELECT 100000, 1763700000000000, "
            f"max(id), x'{make_events(1, seed=99)[0].hex()}' FROM source")


if __name__ == "__main__":
    main_of_cases()
