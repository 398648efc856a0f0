#!/usr/bin/env python3
"""Shipping by the daemon: by itself in time, at once when asked, on and on while the target is away,
and each event once through kill -9."""
import random
import unittest

from ship_world import Archive, Daemon, expect_once, make_events
from stele_tool import main_of_cases, wait_until

class Ships(unittest.TestCase):
    def archive(self, **settings):
        archive = Archive()
        self.addCleanup(archive.remove)
        self.out = archive.home / "out"
        archive.configure(**{"target": f"file://{self.out}", **settings})
        return archive

    def daemon(self, archive, *settings):
        daemon = Daemon(archive, *settings)
        self.addCleanup(daemon.kill)
        return daemon

    def test_at_once_when_asked(self):
        archive = self.archive()
        daemon = self.daemon(archive)
        lines = make_events(500)
        self.assertEqual(len(daemon.post_each(lines)), 500)
        done = archive.ship()
        self.assertIn("asking it to ship", done.words)
        self.assertIn("shipped 500 events", done.out)
        expect_once(self, self.out, lines)
        self.assertIn("nothing to ship", archive.ship().out)
        daemon.stop()

    def test_by_itself_in_time(self):
        archive = self.archive(interval="500ms")
        daemon = self.daemon(archive, "index.max_wait=200ms")
        lines = make_events(100)
        daemon.post_each(lines)
        wait_until(lambda: archive.status()[1][0]["shipped_events"] == 100, "all is shipped")
        expect_once(self, self.out, lines)

    def test_what_fails_is_told_and_mended(self):
        archive = self.archive(retry_max_wait="300ms")
        self.out.write_text("in the way")
        daemon = self.daemon(archive)
        lines = make_events(50)
        daemon.post_each(lines)
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is there and not a directory", done.words)
        self.assertIn("failed   1 object", archive.status()[0])
        self.out.unlink()
        wait_until(lambda: archive.status()[1][0]["shipped_events"] == 50, "all is shipped")
        expect_once(self, self.out, lines)

    def test_killed_under_load(self):
        archive = self.archive(interval="50ms", object_bytes_max=64 * 1024)
        lines = make_events(6000, seed=11)
        dice = random.Random(12)
        answered, at = [], 0
        for _ in range(5):
            daemon = Daemon(archive, "index.max_wait=20ms")
            part = daemon.post_each(lines[at:], then_kill=dice.randrange(50, 600))
            answered += part
            at += len(part)
            daemon.kill()
        self.assertGreater(len(answered), 100)
        archive.ship()
        for left in list(self.out.rglob(".*.part")):
            left.unlink()
        # the one in flight at each kill may be there unanswered: it is sent again, as a sender does
        daemon = Daemon(archive)
        daemon.post_each(lines[:at + 1])
        archive.ship()
        daemon.kill()
        expect_once(self, self.out, lines[:at + 1])


if __name__ == "__main__":
    main_of_cases()
