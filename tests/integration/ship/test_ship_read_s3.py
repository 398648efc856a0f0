#!/usr/bin/env python3
"""Lists and objects of real S3 servers: STELE_S3=swift or STELE_S3=ceph."""
import hashlib
import os
import pathlib
import shutil
import tempfile
import unittest

from ship_world import PUT_TOOL, run, shared_server
from stele_tool import main_of_cases

KIND = os.environ.get("STELE_S3", "swift")
ODD = ["dt=1/ü +%&'()*~=.x", "dt=1/a b", "dt=1/a+b", "dt=1/a<b>&amp;", "dt=1/ï%2F", "dt=1/q?x#y",
       "dt=1/tab\tx"]
MANY = 2500


def setUpModule():
    global server, home, bucket
    home = pathlib.Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    server = shared_server(KIND, home / "d")
    unittest.addModuleCleanup(server.stop)
    bucket = server.new_name()
    server.aws("s3", "mb", f"s3://{bucket}")


def tool(*words, prefix="/pre/fix", ok=True, data=None):
    settings = [f"ship.{k}={v}" for k, v in server.settings(bucket, prefix).items()]
    return run(PUT_TOOL, *words, *settings, ok=ok, data=data)


def listed(*words, **settings):
    return [line.split(" ", 1)[1] for line in tool("list", *words, **settings).out.splitlines()[:-1]]


class Store(unittest.TestCase):
    def test_many(self):
        folder = home / "many" / "dt=2"
        folder.mkdir(parents=True)
        for i in range(MANY):
            (folder / f"k{i:05}").write_bytes(b"%d" % i)
        (home / "aws.cfg").write_text("[default]\ns3 =\n    max_concurrent_requests = 20\n")
        os.environ["AWS_CONFIG_FILE"] = str(home / "aws.cfg")
        self.addCleanup(os.environ.update, AWS_CONFIG_FILE="/nonexistent")
        server.aws("s3", "cp", "--recursive", "--quiet", home / "many", f"s3://{bucket}/pre/fix")
        keys = [f"dt=2/k{i:05}" for i in range(MANY)]
        self.assertEqual(listed("dt=2/"), keys)
        self.assertEqual(listed("dt=2/", "PAGE=7", )[:50], keys[:50])
        self.assertEqual(listed("dt=2/k001", "PAGE=3"), keys[100:200])
        self.assertEqual(listed("dt=3"), [])

    def test_odd_keys_on_each_page_end(self):
        file = home / "file"
        for key in ODD:
            file.write_bytes(key.encode())
            if key.isprintable():
                tool("put", key, file)
            else:  # others may put it: it can be read
                server.aws("s3api", "put-object", "--bucket", bucket, "--key", f"pre/fix/{key}", "--body", file)
                self.assertNotEqual(tool("put", key, file, ok=False).returncode, 0)
        keys = sorted(ODD, key=str.encode)
        for size in (1, 2, 3):
            self.assertEqual(listed("dt=1/", f"PAGE={size}"), keys, size)
        for key in ODD:
            done = tool("get", key)
            self.assertEqual(done.stdout, key.encode())
            self.assertEqual(done.words, f"{len(key.encode())} "
                             f"{hashlib.sha256(key.encode()).hexdigest()}\n")

    def test_prefixes_beside(self):
        for key in ("pre/fix2/dt=9/k", "pre/fix/dt=9/k", "pre/dt=9/k"):
            server.aws("s3api", "put-object", "--bucket", bucket, "--key", key)
        self.assertEqual(listed("dt=9"), ["dt=9/k"])
        self.assertEqual(listed("dt=9", prefix="/pre"), ["dt=9/k"])
        self.assertIn("fix2/dt=9/k", listed("", prefix="/pre"))
        self.assertIn("pre/fix2/dt=9/k", listed("", prefix=""))

    def test_large(self):
        data = os.urandom(30_000_000)
        (home / "large").write_bytes(data)
        tool("put", "dt=5/large", home / "large")
        done = tool("get", "dt=5/large")
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest())
        self.assertEqual(done.words, f"{len(data)} {hashlib.sha256(data).hexdigest()}\n")

    def test_wrong(self):
        self.assertIn("ERR_NOT_FOUND", tool("get", "dt=1/none", ok=False).words)
        settings = [f"ship.{k}={v}" for k, v in server.settings("nobucket").items()]
        done = run(PUT_TOOL, "list", "", *settings, ok=False)
        self.assertIn("no such bucket", done.words)
        settings = [f"ship.{k}={v}" for k, v in {**server.settings(bucket),
                                                 "s3_secret_access_key": "no"}.items()]
        self.assertIn("wrong secret key", run(PUT_TOOL, "list", "", *settings, ok=False).words)


if __name__ == "__main__":
    main_of_cases()
