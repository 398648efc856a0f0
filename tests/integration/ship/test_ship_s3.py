#!/usr/bin/env python3
"""Shipping to real S3 servers: STELE_S3=swift (strict on signature, region and digest; answers 501
to conditional writes) or STELE_S3=ceph (knows conditional writes)."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

import ship_world
from fault_proxy import FaultProxy
from ship_world import (PUT_TOOL, Archive, expect_once, killed_runs, make_events, own_server, run,
                        shared_server)
from stele_tool import LONG_SECONDS, by_clock, keep_sums, main_of_cases, wait_until

KIND = os.environ.get("STELE_S3", "swift")
KEY = "dt=2026-11-23/odd key +%\u00fc&'()*~=.ndjson.zst"


def setUpModule():
    global server, home
    home = pathlib.Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    server = shared_server(KIND, home / "d")
    unittest.addModuleCleanup(server.stop)


class Store(unittest.TestCase):
    def setUp(self):
        self.bucket = server.new_name()

    def make_bucket(self):
        server.aws("s3", "mb", f"s3://{self.bucket}")

    def archive(self, **settings):
        archive = Archive(**{**server.settings(self.bucket, "/pre/fix"), **settings})
        self.addCleanup(archive.remove)
        return archive

    def ship_until_done(self, archive):
        """A request of a process that was killed may still be at work in the store."""
        done = []
        wait_until(lambda: done.append(archive.ship(ok=False)) or done[-1].returncode == 0,
                   "all is shipped")
        return done[-1]

    def fetch(self, archive):
        folder = archive.home / "fetched"
        shutil.rmtree(folder, ignore_errors=True)
        server.aws("s3", "cp", "--recursive", "--quiet", f"s3://{self.bucket}/pre/fix/", folder)
        return folder

    def put(self, key, data, *settings, ok=True):
        file = home / "put.bin"
        file.write_bytes(data)
        defaults = [f"ship.{k}={v}" for k, v in server.settings(self.bucket, "/pre").items()]
        return run(PUT_TOOL, "put", key, file, *defaults, *settings, ok=ok)

    def head(self, key, ok=True):
        defaults = [f"ship.{k}={v}" for k, v in server.settings(self.bucket, "/pre").items()]
        return run(PUT_TOOL, "head", key, *defaults, ok=ok)


class Ships(Store):
    def test_every_event_once(self):
        for codec in ("zstd", "gzip"):
            with self.subTest(codec=codec):
                self.setUp()
                self.make_bucket()
                archive = self.archive(codec=codec)
                lines = make_events(9000)
                archive.add(lines)
                self.assertIn("9,000 events", archive.ship().out)
                listing = server.aws("s3", "ls", "--recursive", f"s3://{self.bucket}").out
                self.assertIn("pre/fix/dt=2026-11-20/", listing)
                expect_once(self, self.fetch(archive), lines)
                self.assertIn("nothing to ship", archive.ship().out)
                words, targets = archive.status()
                self.assertEqual(targets[0]["shipped_events"], 9000)
                self.assertIn("lag      none", words)

    def test_credentials_from_the_environment(self):
        self.make_bucket()
        archive = self.archive(s3_access_key_id="", s3_secret_access_key="")
        archive.add(make_events(10))
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no credentials", done.words)
        archive.ship(env=server.env())

    def test_a_shipped_object_again(self):
        """A crash between upload and ledger: the object is there, the plan is not yet shipped."""
        self.make_bucket()
        archive = self.archive()
        lines = make_events(3000)
        archive.add(lines)
        archive.ship()
        before = server.aws("s3", "ls", "--recursive", f"s3://{self.bucket}").out
        run("sqlite3", archive.dir / "archive.db",
            "DROP TRIGGER object_shipped_is_final; UPDATE object SET state = 0, shipped_us = 0")
        keep_sums(archive.dir / "archive.db")
        self.assertIn("3,000 events", archive.ship().out)
        self.assertEqual(server.aws("s3", "ls", "--recursive", f"s3://{self.bucket}").out, before)
        expect_once(self, self.fetch(archive), lines)


    def test_killed_at_any_moment(self):
        self.make_bucket()
        archive = self.archive(object_bytes_max=64 * 1024)
        lines = make_events(20000)
        archive.add(lines)
        killed_runs(8, 0.1, "ship", "--archive", archive.dir)
        self.ship_until_done(archive)
        expect_once(self, self.fetch(archive), lines)
        self.assertEqual(archive.status()[1][0]["shipped_events"], 20000)


class Fails(Store):
    def expect_failure(self, archive, text, code=3):
        lines = make_events(50)
        archive.add(lines)
        done = archive.ship(ok=False)
        self.assertEqual(done.returncode, code, done.words)
        self.assertIn(text, done.words)
        words, targets = archive.status()
        self.assertIn(text, words)
        self.assertIn("failed   1 object", words)
        self.assertIn("next try 20", words)
        self.assertEqual(targets[0]["planned_events"] + targets[0]["waiting_events"], 50)
        return lines

    def expect_mended(self, archive, lines):
        self.assertIn("50 events", archive.ship().out)
        expect_once(self, self.fetch(archive), lines)
        self.assertNotIn("failed", archive.status()[0])

    def test_wrong_secret(self):
        self.make_bucket()
        archive = self.archive(s3_secret_access_key="wrong")
        lines = self.expect_failure(archive, "wrong secret key")
        archive.configure(**server.settings(self.bucket, "/pre/fix"))
        self.expect_mended(archive, lines)

    def test_missing_bucket(self):
        archive = self.archive()
        lines = self.expect_failure(archive, "no such bucket")
        self.make_bucket()
        self.expect_mended(archive, lines)

    def test_server_down_then_up(self):
        folder = home / "e"
        other = own_server(KIND, folder)
        self.addCleanup(lambda: other.stop())
        port = other.port
        other.stop()
        archive = self.archive(**{"s3_endpoint": f"http://127.0.0.1:{port}"})
        self.expect_failure(archive, "cannot connect to 127.0.0.1")
        shutil.rmtree(folder, ignore_errors=True)
        other = own_server(KIND, folder, port=port)
        other.aws("s3", "mb", f"s3://{self.bucket}")
        self.assertIn("50 events", archive.ship().out)

    def test_unknown_ca(self):
        self.make_bucket()
        tls = f"https://127.0.0.1:{server.tls_port}"
        archive = self.archive(s3_endpoint=tls, s3_ca=server.other_ca)
        lines = self.expect_failure(archive, "is not trusted: set ship.s3_ca", code=2)
        settings = {**server.settings(self.bucket, "/pre/fix"), "s3_endpoint": tls}
        archive.configure(**settings, s3_ca=server.ca)
        self.expect_mended(archive, lines)

    @unittest.skipIf(KIND == "ceph", "Ceph takes any region")
    def test_wrong_region_is_followed(self):
        self.make_bucket()
        archive = self.archive(s3_region="eu-west-1")
        lines = make_events(50)
        archive.add(lines)
        self.expect_mended(archive, lines)


class Puts(Store):
    """The target alone."""

    def test_same_and_other_bytes(self):
        self.make_bucket()
        data = os.urandom(3_000_000)  # large enough for Expect: 100-continue
        self.assertEqual(self.put(KEY, data).out, "created\n")
        self.assertEqual(self.put(KEY, data).out, "was there\n")
        done = self.put(KEY, data[:-1] + b"?", ok=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is there already with other bytes", done.words)
        size, _ = self.head(KEY).out.split()
        self.assertEqual(int(size), len(data))
        file = home / "got.bin"
        server.aws("s3api", "get-object", "--bucket", self.bucket, "--key", f"pre/{KEY}", file)
        self.assertEqual(file.read_bytes(), data)

    @unittest.skipIf(KIND == "swift", "Swift knows no conditional writes")
    def test_a_race_has_one_winner(self):
        self.make_bucket()
        file = home / "race.bin"
        file.write_bytes(os.urandom(200_000))
        settings = [f"ship.{k}={v}" for k, v in server.settings(self.bucket).items()]
        racers = [subprocess.Popen([PUT_TOOL, "put", "k", str(file), *settings],
                                   stdout=subprocess.PIPE, text=True) for _ in range(8)]
        outs = sorted(racer.communicate(timeout=LONG_SECONDS)[0] for racer in racers)
        self.assertEqual(outs, ["created\n"] + ["was there\n"] * 7)

    def test_object_without_our_metadata(self):
        self.make_bucket()
        file = home / "by-aws.bin"
        file.write_bytes(b"put by somebody else")
        server.aws("s3api", "put-object", "--bucket", self.bucket, "--key", "pre/k", "--body", file)
        self.assertEqual(self.put("k", file.read_bytes()).out, "was there\n")
        self.assertNotEqual(self.put("k", b"put by somebody ELSE", ok=False).returncode, 0)

    @unittest.skipIf(KIND == "swift", "Swift knows no tags")
    def test_tags(self):
        """Of one PUT: Ceph 16 passes over those of an upload in parts."""
        self.make_bucket()
        self.put("k", b"x", "ship.s3_tags=team=a b&stage=", "ship.s3_storage_class=STANDARD")
        told = json.loads(server.aws("s3api", "get-object-tagging", "--bucket", self.bucket,
                                     "--key", "pre/k").out)
        self.assertEqual(sorted(told["TagSet"], key=lambda tag: tag["Key"]),
                         [{"Key": "stage", "Value": ""}, {"Key": "team", "Value": "a b"}])
        done = self.put("class", b"x", "ship.s3_storage_class=NONE_SUCH", ok=False)
        self.assertIn("bucket", done.words)

    PARTS = ("ship.s3_multipart_over=5MiB", "ship.s3_part_bytes=5MiB")

    def uploads(self):
        told = server.aws("s3api", "list-multipart-uploads", "--bucket", self.bucket).out
        return [upload["Key"] for upload in json.loads(told or "{}").get("Uploads", [])]

    def test_in_parts(self):
        self.make_bucket()
        data = os.urandom(12 << 20)
        self.assertEqual(self.put(KEY, data, *self.PARTS).out, "created\n")
        self.assertEqual(self.put(KEY, data, *self.PARTS).out, "was there\n")
        done = self.put(KEY, data[:-1] + bytes([data[-1] ^ 1]), *self.PARTS, ok=False)
        self.assertIn("is there already with other bytes", done.words)
        self.assertEqual(self.head(KEY).out.split()[0], str(len(data)))
        file = home / "parts.bin"
        server.aws("s3api", "get-object", "--bucket", self.bucket, "--key", f"pre/{KEY}", file)
        self.assertEqual(file.read_bytes(), data)
        self.assertIn('-3"', server.aws("s3api", "head-object", "--bucket", self.bucket, "--key",
                                        f"pre/{KEY}").out.replace('\\"', '"'))
        self.assertEqual(self.uploads(), [])

    def test_a_sweep_takes_our_own(self):
        self.make_bucket()
        ours = "pre/dt=2026-11-23/0123abcd-20261123-000001-000001-f.ndjson.zst"
        others = ["other/dt=2026-11-23/0123abcd-x", "pre/0123abcd-x",
                  "pre/dt=2026-11-23/0123abcde-x", "pre/dt=2026-11-23/99999999-x",
                  "pre/dt=2026-11-23/x/0123abcd-x"]
        for key in (ours, ours, *others):
            server.aws("s3api", "create-multipart-upload", "--bucket", self.bucket, "--key", key)
        settings = [f"ship.{k}={v}" for k, v in server.settings(self.bucket, "/pre").items()]
        # nothing can come in parts: nothing is looked for
        self.assertEqual(run(PUT_TOOL, "sweep", "0123abcd", *settings).out, "0\n")
        self.assertEqual(run(PUT_TOOL, "sweep", "0123abcd", *settings, *self.PARTS).out, "2\n")
        self.assertEqual(sorted(self.uploads()), sorted(others))

    def test_killed_between_parts(self):
        self.make_bucket()
        archive = self.archive(s3_multipart_over="5MiB", s3_part_bytes="5MiB")
        dice = random.Random(3)
        lines = make_events(4000, days=["2026-11-20"])
        lines = [line[:-1] + b', "blob": "%s"}' % dice.randbytes(3000).hex().encode()
                 for line in lines]
        archive.add(lines)
        proxy = FaultProxy(server.port)
        self.addCleanup(proxy.close)
        settings = {**server.settings(self.bucket, "/pre/fix"), "s3_multipart_over": "5MiB",
                    "s3_part_bytes": "5MiB"}
        archive.configure(**{**settings, "s3_endpoint": proxy.endpoint})
        proxy.reset(lambda number, kind, _: "kill answered" if kind == "part" else None)
        proxy.victim = subprocess.Popen([ship_world.STELE, "ship", "--archive", str(archive.dir)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(proxy.victim.wait(), -signal.SIGKILL)
        self.assertEqual(len(self.uploads()), 1)
        archive.configure(**settings)
        done = self.ship_until_done(archive)
        self.assertEqual(done.returncode, 0, done.words)
        self.assertEqual(self.uploads(), [])
        expect_once(self, self.fetch(archive), lines)

    def test_changed_on_the_way(self):
        self.make_bucket()
        other = home / "other.bin"
        other.write_bytes(b"planned")
        done = self.put("k", b"changed", f"SHA256_OF={other}", ok=False)
        self.assertIn("changed on their way", done.words)
        self.assertEqual(self.head("k", ok=False).returncode, 3)

    @by_clock
    def test_a_wrong_clock_is_worked_around(self):
        self.make_bucket()
        file = home / "clock.bin"
        file.write_bytes(b"tick")
        defaults = [f"ship.{k}={v}" for k, v in server.settings(self.bucket).items()]
        done = run(PUT_TOOL, "put", "k", file, *defaults,
                   env={"STELE_CLOCK_US": "1600000000000000"})
        self.assertEqual(done.out, "created\n")

    def test_check(self):
        def check(*settings):
            defaults = [f"ship.{k}={v}" for k, v in server.settings(self.bucket).items()]
            return run(PUT_TOOL, "check", *defaults, *settings, ok=False)
        self.assertIn("no such bucket", check().words)
        self.make_bucket()
        self.assertEqual(check().returncode, 0)
        self.assertIn("wrong secret key", check("ship.s3_secret_access_key=no").words)


if __name__ == "__main__":
    main_of_cases()
