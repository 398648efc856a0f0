#!/usr/bin/env python3
"""Reading a target back, lists and objects: a directory, and answers of a scripted S3 server that
real ones give on bad days only."""
import hashlib
import os
import pathlib
import shutil
import socket
import struct
import tempfile
import unittest

from ship_world import PUT_TOOL, run
from test_ship_faults import Scripted, error
from stele_tool import main_of_cases


def page(keys, token=None, more="", **settings):
    """A page of ListObjectsV2; keys as they stand in XML."""
    inner = "".join(f"<Contents><Key>{key}</Key><LastModified>2026-11-23T10:00:00.000Z"
                    f"</LastModified><ETag>&quot;e&quot;</ETag><Size>{len(key)}</Size>"
                    "</Contents>" for key in keys)
    named = "".join(f"<{k}>{v}</{k}>" for k, v in settings.items())
    token = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/">{named}'
            f"<IsTruncated>{more or ('true' if token else 'false')}</IsTruncated>{token}{inner}"
            "</ListBucketResult>").encode()


class Directory(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stele-read-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def fill(self, *keys):
        for key in keys:
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(key.encode())

    def tool(self, *words, ok=True):
        return run(PUT_TOOL, *words, f"ship.target=file://{self.folder}", ok=ok)

    def list(self, prefix=""):
        lines = self.tool("list", prefix).out.splitlines()
        return [line.split(" ", 1)[1] for line in lines[:-1]], lines[-1]

    def test_order_is_that_of_whole_keys(self):
        keys = ["a-b", "a/c", "a/c.d", "a/c/d", "a0", "dt=1/x", "dt=1/y", "dt=10/x", "z", "\u00fc/k"]
        self.fill(*(key for key in keys if key != "a/c"), "a/c.")
        keys[1] = "a/c."
        keys = sorted(keys, key=str.encode)
        self.assertEqual(self.list(), (keys, "passed over: 0 parts, 0 others"))
        for prefix in ("dt=1", "dt=1/", "a/", "a/c", "a/c/", "a", "nothing", "nothing/x", "z/"):
            self.assertEqual(self.list(prefix)[0], [k for k in keys if k.startswith(prefix)], prefix)

    def test_what_is_no_object(self):
        self.fill("dt=1/k", "dt=1/.k.part", "dt=2/.x.part", ".hidden", "a.part")
        (self.folder / "link").symlink_to("dt=1/k")
        (self.folder / "loop").symlink_to(".")
        os.mkfifo(self.folder / "pipe")
        self.assertEqual(self.list(), ([".hidden", "a.part", "dt=1/k"],
                                       "passed over: 2 parts, 3 others"))
        self.assertEqual(self.list("dt=1/"), (["dt=1/k"], "passed over: 1 parts, 0 others"))

    def test_get(self):
        data = os.urandom(1_000_003)
        (self.folder / "k").write_bytes(data)
        done = self.tool("get", "k")
        self.assertEqual(done.stdout, data)
        self.assertEqual(done.words, f"{len(data)} {hashlib.sha256(data).hexdigest()}\n")
        (self.folder / "empty").write_bytes(b"")
        self.assertEqual(self.tool("get", "empty").out, "")

    def test_wrong(self):
        self.assertIn("ERR_NOT_FOUND", self.tool("get", "k", ok=False).words)
        (self.folder / "d").mkdir()
        self.assertIn("is not a file", self.tool("get", "d", ok=False).words)
        (self.folder / "l").symlink_to("d")
        self.assertNotEqual(self.tool("get", "l", ok=False).returncode, 0)
        done = run(PUT_TOOL, "list", "", f"ship.target=file://{self.folder}/none", ok=False)
        self.assertIn("ERR_NOT_FOUND", done.words)
        done = run(PUT_TOOL, "get", "k", "ship.target=file:///dev/null", ok=False)
        self.assertEqual(done.returncode, 3)

    def test_a_full_pipe_ends_it(self):
        (self.folder / "k").write_bytes(b"x" * 10_000_000)
        with open("/dev/full", "wb") as full:
            import subprocess
            done = subprocess.run([PUT_TOOL, "get", "k", f"ship.target=file://{self.folder}"],
                                  stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertIn(b"ERR_IO: standard output", done.stderr)


class Answers(unittest.TestCase):
    def tool(self, *words, answers, settings=(), prefix="/p"):
        server = Scripted(*answers)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.server = server
        done = run(PUT_TOOL, *words, f"ship.target=s3://bucket{prefix}",
                   f"ship.s3_endpoint=http://127.0.0.1:{server.server_port}",
                   "ship.s3_access_key_id=AK", "ship.s3_secret_access_key=SK", *settings, ok=False)
        self.assertLessEqual(len(done.words.splitlines()), 1, done.words)
        return done

    def list(self, *pages, **settings):
        done = self.tool("list", "dt=1", answers=[(200, {}, body) for body in pages], **settings)
        return [line.split(" ", 1)[1] for line in done.out.splitlines()[:-1]], done.words

    def paths(self):
        return [path for _, path, _, _ in self.server.seen]

    def test_pages(self):
        got, _ = self.list(page(["p/dt=1/a", "p/dt=1/b"], token="T+/=&amp;&#x20;1"),
                           page([], token="2"), page(["p/dt=1/c"]))
        self.assertEqual(got, ["dt=1/a", "dt=1/b", "dt=1/c"])
        self.assertEqual(self.paths()[0],
                         "/bucket?encoding-type=url&list-type=2&prefix=p%2Fdt%3D1")
        self.assertIn("continuation-token=T%2B%2F%3D%26%201&", self.paths()[1])
        self.assertIn("continuation-token=2&", self.paths()[2])

    def test_keys_exactly(self):
        body = page(["p/dt%3D1/%C3%BC+%2B%25%0A%26"], EncodingType="url")
        done = self.tool("list", "dt=1", answers=[(200, {}, body)])
        self.assertEqual(done.out, "28 dt=1/\u00fc +%\n&\npassed over: 0 parts, 0 others\n")
        got, _ = self.list(page(["p/dt=1/%41+&amp;&lt;&#252;&#xfc;\u00fc"]))
        self.assertEqual(got, ["dt=1/%41+&<\u00fc\u00fc\u00fc"])
        got, _ = self.list(page(["x", "y/"]), prefix="")
        self.assertEqual(got, [])

    def test_no_list_is_no_shorter_list(self):
        long = "p/dt=1/" + "k" * 3000
        size = page(["p/dt=1/a"]).replace(b"<Size>8</Size>", b"<Size>many</Size>")
        for words, pages in (
                ("is none: look at", [b"<html>Welcome</html>"]),
                ("is none: look at", [page(["p/dt=1/a"])[:-30]]),
                ("breaks off", [page(["p/dt=1/a"], more="true")]),
                ("is not in order", [page(["p/dt=1/b", "p/dt=1/a"])]),
                ("is not in order", [page(["p/dt=1/a"], token="1")]),
                ("breaks off", [page([], token="1")]),
                ("of another prefix", [page(["p/dt=2/a"])]),
                ("too long", [page([long])]),
                ("without a size", [size]),
                ("without a key", [page(["p/dt=1/%00"], EncodingType="url")])):
            _, error_words = self.list(*pages)
            self.assertIn("ERR_NET", error_words)
            self.assertIn(words, error_words)

    def test_refused(self):
        done = self.tool("list", "", answers=[(403, {}, error("AccessDenied"))])
        self.assertIn("it needs s3:ListBucket", done.words)
        done = self.tool("list", "", answers=[(404, {}, error("NoSuchBucket"))])
        self.assertIn("ERR_NOT_FOUND", done.words)
        done = self.tool("get", "k", answers=[(403, {}, error("AccessDenied"))])
        self.assertIn("it needs s3:GetObject", done.words)
        done = self.tool("get", "k", answers=[(404, {}, error("NoSuchKey"))])
        self.assertIn("ERR_NOT_FOUND: s3://bucket/p", done.words)
        self.assertIn("no object k", done.words)

    # Objects.

    DATA = bytes(range(256)) * 4096

    def cut(self, status, headers, data, length=None, hang_up=True):
        """An answer whose connection is cut behind `data`."""
        def body(handler):
            handler.send_response_only(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(length or len(data)))
            handler.end_headers()
            handler.wfile.write(data)
            handler.wfile.flush()
            if hang_up:
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                              struct.pack("ii", 0, 0) if not data else
                                              struct.pack("ii", 1, 5))
                handler.connection.shutdown(socket.SHUT_RDWR)
                handler.close_connection = True
        return (0, {}, body)

    def rest(self, start, etag='"one"', status=206, cut=None):
        total = len(self.DATA)
        return self.cut(status, {"ETag": etag, "Content-Range":
                                 f"bytes {start}-{total - 1}/{total}"},
                        self.DATA[start:cut], total - start, hang_up=cut is not None)

    def get(self, *answers, **settings):
        return self.tool("get", "k", answers=answers, **settings)

    def whole(self):
        return f"{len(self.DATA)} {hashlib.sha256(self.DATA).hexdigest()}\n"

    def test_taken_up_where_it_was_cut(self):
        done = self.get(self.cut(200, {"ETag": '"one"'}, self.DATA[:300_000], len(self.DATA)),
                        (503, {}, error("SlowDown")), self.rest(300_000, cut=300_001),
                        self.rest(300_001, cut=900_000), self.rest(900_000))
        self.assertEqual(done.words, self.whole())
        self.assertEqual(done.stdout, self.DATA)
        headers = [{k.lower(): v for k, v in seen[2].items()} for seen in self.server.seen]
        self.assertNotIn("range", headers[0])
        self.assertEqual([h["range"] for h in headers[1:]],
                         ["bytes=300000-", "bytes=300000-", "bytes=300001-", "bytes=900000-"])
        self.assertEqual({h["if-match"] for h in headers[1:]}, {'"one"'})
        self.assertIn(";if-match;range;", headers[1]["authorization"].replace("host;if", ";if"))

    def test_a_store_without_ranges(self):
        done = self.get(self.cut(200, {"ETag": '"one"'}, self.DATA[:300_000], len(self.DATA)),
                        (200, {"ETag": '"one"'}, self.DATA))
        self.assertEqual(done.stdout, self.DATA)
        self.assertEqual(done.words, self.whole())

    def test_replaced_meanwhile(self):
        first = self.cut(200, {"ETag": '"one"'}, self.DATA[:300_000], len(self.DATA))
        for second in ((412, {}, error("PreconditionFailed")), (416, {}, error("InvalidRange")),
                       self.rest(300_000, etag='"two"')):
            done = self.get(first, second)
            self.assertIn("ERR_EXISTS: k in s3://bucket/p", done.words)
            self.assertIn("was replaced while it was read", done.words)
            self.assertEqual(done.stdout, self.DATA[:300_000])

    def test_wrong_rest(self):
        first = self.cut(200, {"ETag": '"one"'}, self.DATA[:300_000], len(self.DATA))
        done = self.get(first, self.rest(299_999))
        self.assertIn("ERR_NET: k: the store gave bytes from 299999 on, not 300000", done.words)
        done = self.get(self.cut(200, {}, self.DATA[:300_000], len(self.DATA)))
        self.assertIn("without an ETag", done.words)
        done = self.get(first, (200, {"ETag": '"one"'}, self.DATA[:-1]))
        self.assertIn(f"{len(self.DATA) - 1} bytes came of {len(self.DATA)}", done.words)

    def test_not_without_end(self):
        done = self.get(self.cut(200, {"ETag": '"one"'}, self.DATA[:300_000], len(self.DATA)),
                        (503, {}, error("SlowDown")))
        self.assertEqual(done.returncode, 3)
        self.assertLess(len(self.server.seen), 12)

    def test_digest_of_the_store(self):
        right = hashlib.sha256(self.DATA).hexdigest()
        done = self.get((200, {"x-amz-meta-stele-sha256": right}, self.DATA))
        self.assertEqual(done.words, self.whole())
        done = self.get((200, {"x-amz-meta-stele-sha256": right}, self.DATA[:-1] + b"?"))
        self.assertIn("ERR_CORRUPT: k in s3://bucket/p", done.words)
        self.assertEqual(done.returncode, 4)

    def test_cut_in_the_headers(self):
        """No answer is no empty object, and no object of unknown length."""
        def half(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Le")
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        done = self.get((0, {}, half), (0, {}, half), (200, {"ETag": '"one"'}, self.DATA))
        self.assertEqual(done.words, self.whole())
        done = self.get((0, {}, half))
        self.assertIn("ERR_NET", done.words)
        done = self.tool("head", "k", answers=[(0, {}, half)])
        self.assertIn("breaks off in its headers", done.words)

    def test_empty(self):
        done = self.get((200, {"ETag": '"one"'}, b""))
        self.assertEqual(done.words, f"0 {hashlib.sha256(b'').hexdigest()}\n")


if __name__ == "__main__":
    main_of_cases()
