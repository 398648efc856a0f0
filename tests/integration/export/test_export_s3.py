#!/usr/bin/env python3
"""Exports to real S3 servers and archives rebuilt from them: STELE_S3=swift or STELE_S3=ceph. What is
there is read by awscli and s3cmd."""
import os
import pathlib
import random
import shutil
import socket
import tempfile
import threading
import unittest

from export_world import (DAYS, STELE, Archive, all_lines, digest, expect_lines, export,
                          objects_below, restore, run, time_of, tree)
from ship_world import killed_runs, make_events, shared_server
from stele_tool import main_of_cases, wait_until

KIND = os.environ.get("STELE_S3", "swift")


def setUpModule():
    global server, home
    home = pathlib.Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    server = shared_server(KIND, home / "d")
    unittest.addModuleCleanup(server.stop)


class Cutter:
    """Passes connections on to the server, and cuts them: the n-th after cuts[n] bytes of the
    answer (None: never; behind the end of the list neither)."""

    def __init__(self, cuts):
        self.cuts = list(cuts)
        self.done = 0
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            limit = self.cuts.pop(0) if self.cuts else None
            upstream = socket.create_connection(("127.0.0.1", server.port))
            self.sockets += [client, upstream]
            threading.Thread(target=self.pump, args=(client, upstream, None), daemon=True).start()
            threading.Thread(target=self.pump, args=(upstream, client, limit), daemon=True).start()

    def pump(self, source, sink, limit):
        try:
            while data := source.recv(65536):
                if limit is not None and len(data) >= limit:
                    sink.sendall(data[:limit])
                    self.done += 1
                    break
                limit = None if limit is None else limit - len(data)
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for one in (self.listener, *self.sockets):
            one.close()


class Store(unittest.TestCase):
    def setUp(self):
        self.bucket = server.new_name()
        server.aws("s3", "mb", f"s3://{self.bucket}")
        self.url = f"s3://{self.bucket}/pre/fix"

    def archive(self, lines=None):
        archive = Archive()
        self.addCleanup(archive.remove)
        if lines:
            archive.add(lines)
        return archive

    def words(self, **changes):
        settings = {**server.settings(self.bucket), **changes}
        del settings["target"]
        return [word for k, v in settings.items() for word in ("--set", f"ship.{k}={v}")]

    def fetch(self, prefix="pre/fix"):
        folder = home / "fetched"
        shutil.rmtree(folder, True)
        server.aws("s3", "sync", "--quiet", f"s3://{self.bucket}/{prefix}", folder)
        return folder


class Exports(Store):
    def test_as_shipped(self):
        archive = self.archive(make_events(30000, days=DAYS))
        for codec in ("zstd", "gzip"):
            ship = server.settings(self.bucket, f"/shipped-{codec}")
            archive.configure(**ship, codec=codec, object_bytes_max="64KiB")
            archive.ship()
            want = tree(self.fetch(f"shipped-{codec}"))
            self.assertEqual(len(want), 9)
            url = f"s3://{self.bucket}/again-{codec}/"
            done = export(archive, "--dest", url)
            self.assertIn("exported 30,000 events in 9 objects", done.out)
            self.assertEqual(tree(self.fetch(f"again-{codec}")), want)
            done = export(archive, "--dest", url)
            self.assertIn("9 objects (9 there already)", done.out)
            # to where it was shipped it is the same
            done = export(archive, "--dest", ship["target"])
            self.assertIn("9 objects (9 there already)", done.out)
            self.assertIn("this archive ships to", done.words)

    def test_range_and_query(self):
        lines = make_events(20000, days=DAYS)
        archive = self.archive(lines)
        export(archive, "--dest", self.url, "--from", "2026-11-19T05:30:00Z", "--to",
               "2026-11-21T11:00:00Z", "event:exec", "--layout", "flat", *self.words())
        want = [line for line in lines if b'"event": "exec"' in line and
                "2026-11-19T05:30:00Z" <= time_of(line) < "2026-11-21T11:00:00Z"]
        expect_lines(self, all_lines(self.fetch()), want)

    def test_s3cmd_reads_it(self):
        lines = make_events(9000, days=DAYS)
        export(self.archive(lines), "--dest", self.url, *self.words())
        folder = home / "s3cmd"
        shutil.rmtree(folder, True)
        folder.mkdir()
        (home / "s3cmd.cfg").write_text(
            f"[default]\naccess_key = {server.access_key}\nsecret_key = {server.secret_key}\n"
            f"host_base = 127.0.0.1:{server.port}\nhost_bucket = 127.0.0.1:{server.port}\n"
            f"use_https = False\nbucket_location = {server.region}\nsignature_v2 = False\n")
        run(shutil.which("s3cmd"), "-c", home / "s3cmd.cfg", "get", "--recursive",
            f"s3://{self.bucket}/pre/fix/", f"{folder}/")
        expect_lines(self, all_lines(folder), lines)

    def test_killed_and_run_again(self):
        archive = self.archive(make_events(30000, days=DAYS))
        words = ("--dest", self.url, "--object-bytes", "64KiB", *self.words())
        killed_runs(10, 0.1, "export", "--archive", archive.dir, *words)
        wait_until(lambda: export(archive, *words, ok=False).returncode == 0,
                   "no PUT of a killed process is at work, and all is exported")
        want = archive.home / "want"
        export(archive, "--dest", want, "--object-bytes", "64KiB")
        self.assertEqual(tree(self.fetch()), tree(want))

    def test_in_parts(self):
        lines = make_events(4000, days=DAYS[:1])
        lines = [line[:-1] + b', "blob": "%s"}' % random.Random(i).randbytes(3000).hex().encode()
                 for i, line in enumerate(lines)]
        archive = self.archive(lines)
        export(archive, "--dest", self.url, "--codec", "none", *self.words(
            s3_multipart_over="5MiB", s3_part_bytes="5MiB"))
        expect_lines(self, all_lines(self.fetch()), lines)

    def test_the_server_comes_back(self):
        """Connections that are cut at once: it is told, and tried again."""
        archive = self.archive(make_events(300, days=DAYS))
        cutter = Cutter([0] * 5)
        self.addCleanup(cutter.close)
        done = export(archive, "--dest", self.url,
                      *self.words(s3_endpoint=f"http://127.0.0.1:{cutter.port}"))
        self.assertIn("exported 300 events in 3 objects", done.out)
        self.assertEqual(len(objects_below(self.fetch())), 3)

    def test_wrong(self):
        archive = self.archive(make_events(10))
        for words, changes in (("wrong secret key", {"s3_secret_access_key": "no"}),
                               ("does not know this access key", {"s3_access_key_id": "no"})):
            for verb, arguments in ((export, ("--dest", self.url)), (restore, (self.url,))):
                done = verb(archive, *arguments, *self.words(**changes), ok=False)
                self.assertEqual(done.returncode, 3)
                self.assertEqual(len(done.words.splitlines()), 1, done.words)
                if KIND == "ceph" or "secret" in words:
                    self.assertIn(words, done.words)
        for verb, arguments in ((export, ("--dest", "s3://no-such-bucket/x")),
                                (restore, ("s3://no-such-bucket/x",))):
            done = verb(archive, *arguments, *self.words(), ok=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn("no such bucket", done.words)
            self.assertEqual(len(done.words.splitlines()), 1, done.words)
        done = restore(archive, self.url, *self.words(), ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("no objects there", done.words)


class Restores(Store):
    def shipped(self, codec, count=30000, size="64KiB"):
        archive = self.archive(make_events(count, days=DAYS))
        archive.configure(**server.settings(self.bucket, "/pre/fix"), codec=codec,
                          object_bytes_max=size)
        archive.ship()
        return archive

    def test_whole_and_again(self):
        for codec in ("zstd", "gzip"):
            first = self.shipped(codec)
            second = self.archive()
            done = restore(second, self.url, *self.words())
            self.assertIn("30,000 read, 30,000 stored, 0 duplicates, 0 quarantined; 9 files",
                          done.out)
            self.assertEqual(digest(second), digest(first))
            done = restore(second, self.url, *self.words())
            self.assertIn("30,000 read, 0 stored, 30,000 duplicates", done.out)
            self.assertEqual(digest(second), digest(first))
            shown = run(STELE, "search", "--archive", second.dir, "*", "--limit", "1", "--output",
                        "json").out
            self.assertNotIn(server.secret_key, shown)
            self.tearDownBucket()

    def tearDownBucket(self):
        server.aws("s3", "rm", "--recursive", "--quiet", f"s3://{self.bucket}")

    def test_cut_in_the_midst_of_objects(self):
        for codec in ("zstd", "gzip"):
            first = self.shipped(codec, 60000, "8MiB")
            dice = random.Random(1)
            # each connection breaks off: in the list, in the headers, in the bytes
            cutter = Cutter([100] + [dice.choice([1, 300, 60_000, 250_000]) for _ in range(30)])
            self.addCleanup(cutter.close)
            second = self.archive()
            for _ in range(20):  # given up somewhere: run again, as a person would
                done = restore(second, self.url, *self.words(
                    s3_endpoint=f"http://127.0.0.1:{cutter.port}"), ok=False)
                if done.returncode == 0:
                    break
                self.assertNotIn("to quarantine", done.words)
            self.assertEqual(done.returncode, 0, done.words)
            self.assertGreater(cutter.done, 3)
            self.assertIn(" 0 quarantined", done.out)
            self.assertEqual(digest(second), digest(first))
            self.tearDownBucket()

    def test_a_cut_is_not_seen(self):
        """A few cuts in one object: one run, every line once."""
        first = self.shipped("zstd", 60000, "8MiB")
        second = self.archive()
        cutter = Cutter([None, 200_000, 150_000, 90_000, 310_000, 70_000, 100_000])
        self.addCleanup(cutter.close)
        done = restore(second, self.url,
                       *self.words(s3_endpoint=f"http://127.0.0.1:{cutter.port}"))
        self.assertIn("60,000 read, 60,000 stored, 0 duplicates, 0 quarantined", done.out)
        self.assertEqual(done.words, "")
        self.assertGreater(cutter.done, 3)
        self.assertEqual(digest(second), digest(first))

    def test_half_a_line_goes_nowhere(self):
        """A connection that does not come back, in the midst of a line that is not packed."""
        first = self.archive(make_events(9000, days=DAYS[:1]))
        export(first, "--dest", self.url, "--codec", "none", *self.words())
        second = self.archive()
        cutter = Cutter([500_000] + [1] * 100)
        self.addCleanup(cutter.close)
        done = restore(second, self.url, *self.words(
            s3_endpoint=f"http://127.0.0.1:{cutter.port}"), ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(len(done.words.splitlines()), 1, done.words)
        self.assertRegex(done.out, r"^\d,\d+ read, \d,\d+ stored, 0 duplicates, 0 quarantined")
        restore(second, self.url, *self.words())
        self.assertEqual(digest(second), digest(first))

    def test_killed_and_run_again(self):
        first = self.shipped("zstd")
        second = self.archive()
        killed_runs(6, 0.6, "import", "--archive", second.dir, self.url, *self.words())
        restore(second, self.url, *self.words())
        self.assertEqual(digest(second), digest(first))


if __name__ == "__main__":
    main_of_cases()
