"""A target as somebody sees it who is not stele: a directory, or a bucket of a real S3 server.
STELE_S3=directory, swift or ceph."""
import json
import os
import unittest

from ship_world import shared_server

KIND = os.environ.get("STELE_S3", "directory")


class Bucket:
    """Below the prefix "pre", or the folder "out" beside the archive, which ships there."""
    server = None
    home = None

    @classmethod
    def start(cls, home):
        """Before the tests of a module; `home` is for files on their way."""
        cls.home = home
        if KIND != "directory":
            cls.server = shared_server(KIND, home / "d")
            unittest.addModuleCleanup(cls.server.stop)

    def __init__(self, archive, **settings):
        if KIND == "directory":
            self.folder = archive.home / "out"
            self.settings = {"target": f"file://{self.folder}"}
        else:
            self.name = self.server.new_name()
            self.server.aws("s3", "mb", f"s3://{self.name}")
            self.settings = self.server.settings(self.name, "/pre")
        self.url = self.settings["target"]
        archive.configure(**self.settings, **settings)

    def s3api(self, verb, key, *words):
        return self.server.aws("s3api", verb, "--bucket", self.name, "--key", "pre/" + key, *words)

    def keys(self):
        if KIND == "directory":
            return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*.ndjson.*")
                          if not p.name.endswith(".part"))
        done = self.server.aws("s3api", "list-objects-v2", "--bucket", self.name, "--prefix", "pre/")
        return sorted(o["Key"][4:] for o in json.loads(done.out or "{}").get("Contents", []))

    def remove(self, key):
        if KIND == "directory":
            (self.folder / key).unlink()
        else:
            self.s3api("delete-object", key)

    def get(self, key):
        if KIND == "directory":
            return (self.folder / key).read_bytes()
        file = self.home / "get"
        self.s3api("get-object", key, file)
        return file.read_bytes()

    def put(self, key, data, sha256=None):
        """Other bytes under the key; the store keeps `sha256` as what they should be."""
        if KIND == "directory":
            (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / key).write_bytes(data)
            return
        file = self.home / "put"
        file.write_bytes(data)
        more = ["--metadata", f"stele-sha256={sha256}"] if sha256 else []
        self.s3api("put-object", key, "--body", file, *more)
