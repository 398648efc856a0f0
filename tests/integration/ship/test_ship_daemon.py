#!/usr/bin/env python3
"""Shipping by the daemon: by itself in time, at once when asked, on and on while the target is away,
and each event once through kill -9."""
import http.client
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

import ship_world
from ship_world import Archive, expect_once, make_events, objects_below, run

STELED = os.path.join(os.environ["STELE_BIN"], "steled")


class Daemon:
    """steled on a port of its own."""

    def __init__(self, archive, *settings):
        words = []
        for setting in ("receive.listen=127.0.0.1:0", "serve.listen=", *settings):
            words += ["--set", setting]
        self.process = subprocess.Popen([STELED, "--archive", str(archive.dir), *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        self.port = None
        self.log = []
        self.listens = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not self.listens.wait(30) or self.port is None:
            self.kill()
            raise AssertionError("steled did not start: " + "".join(self.log))

    def read(self):
        for line in self.process.stdout:
            self.log.append(line)
            found = re.search(r"^ready: .*127\.0\.0\.1:(\d+)", line)
            if found and self.port is None:
                self.port = int(found.group(1))
                self.listens.set()
        self.listens.set()

    def post(self, lines):
        """Returns the lines that were answered 200."""
        answered = []
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            for line in lines:
                connection.request("POST", "/test.log", body=line)
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    answered.append(line)
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        return answered

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


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
        self.assertEqual(len(daemon.post(lines)), 500)
        done = archive.ship()
        self.assertIn("asking it to ship", done.words)
        self.assertIn("shipped 500 events", done.out)
        expect_once(self, self.out, lines)
        self.assertIn("nothing to ship", archive.ship().out)
        self.assertEqual(daemon.stop(), 0)

    def test_by_itself_in_time(self):
        archive = self.archive(interval="500ms")
        daemon = self.daemon(archive, "index.max_wait=200ms")
        lines = make_events(100)
        daemon.post(lines)
        for _ in range(100):
            if archive.status()[1][0]["shipped_events"] == 100:
                break
            time.sleep(0.1)
        expect_once(self, self.out, lines)

    def test_what_fails_is_told_and_mended(self):
        archive = self.archive(retry_max_wait="300ms")
        self.out.write_text("in the way")
        daemon = self.daemon(archive)
        lines = make_events(50)
        daemon.post(lines)
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is there and not a directory", done.words)
        self.assertIn("failed   1 object", archive.status()[0])
        self.out.unlink()
        for _ in range(100):
            if archive.status()[1][0]["shipped_events"] == 50:
                break
            time.sleep(0.1)
        expect_once(self, self.out, lines)

    def test_killed_under_load(self):
        archive = self.archive(interval="50ms", object_bytes_max=64 * 1024)
        lines = make_events(6000, seed=11)
        dice = random.Random(12)
        answered, at = [], 0
        for _ in range(5):
            daemon = Daemon(archive, "index.max_wait=20ms")
            timer = threading.Timer(0.2 + dice.random() * 0.5, daemon.process.send_signal,
                                    [signal.SIGKILL])
            timer.start()
            part = daemon.post(lines[at:])
            timer.join()
            answered += part
            at += len(part)
            daemon.kill()
        self.assertGreater(len(answered), 100)
        archive.ship()
        for left in list(self.out.rglob(".*.part")):
            left.unlink()
        # the one in flight at each kill may be there unanswered: it is sent again, as a sender does
        daemon = Daemon(archive)
        daemon.post(lines[:at + 1])
        archive.ship()
        daemon.kill()
        expect_once(self, self.out, lines[:at + 1])


if __name__ == "__main__":
    ship_world.main()
