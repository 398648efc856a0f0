#!/usr/bin/env python3
"""Uploads in parts against a small strict store, for what Swift and Ceph cannot show: additional
checksums (they ignore them), an error inside the 200 of CompleteMultipartUpload, parts that fail,
pages of uploads. What they can show is in test_ship_s3.py."""
import base64
import hashlib
import http.server
import pathlib
import re
import tempfile
import threading
import unittest
import urllib.parse

from ship_world import PUT_TOOL, run
from stele_tool import main_of_cases

DATA = bytes(range(256)) * (11 * 4096)  # 11 MiB: parts of 5, 5 and 1
KEY = "dt=2026-11-23/k.gz"


def b64(digest):
    return base64.b64encode(digest).decode()


def error(code, message="words"):
    return f"<?xml version='1.0'?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"


class Store(http.server.ThreadingHTTPServer):
    """Checks what it gets as AWS does, and keeps what it was told. `faults`: {step: [answers]} are
    given in place of the store's own, steps being begin, part N, complete, abort, list, head."""

    def __init__(self, **faults):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults = {step.replace("_", " "): list(answers) for step, answers in faults.items()}
        self.steps = []
        self.seen = []
        self.uploads = {}
        self.objects = {}
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def begin(self, key, headers):
        if headers.get("x-amz-checksum-algorithm") not in (None, "SHA256"):
            return 400, error("InvalidArgument")
        upload = f"id+/{len(self.steps)}"
        self.uploads[upload] = {"key": key, "parts": {}, "meta": headers,
                                "checksum": "x-amz-checksum-algorithm" in headers}
        return 200, f"<R><Key>x</Key><UploadId>{upload}</UploadId></R>", {
            "x-amz-checksum-algorithm": "SHA256"} if self.uploads[upload]["checksum"] else {}

    def part(self, upload, number, headers, body):
        kept = self.uploads.get(upload)
        if not kept:
            return 404, error("NoSuchUpload")
        sha256 = hashlib.sha256(body)
        if headers["x-amz-content-sha256"] != sha256.hexdigest() or \
                headers["content-md5"] != b64(hashlib.md5(body).digest()):
            return 400, error("BadDigest")
        checksum = headers.get("x-amz-checksum-sha256")
        if kept["checksum"] != (checksum is not None) or checksum not in (None,
                                                                          b64(sha256.digest())):
            return 400, error("BadDigest", "checksum")
        etag = hashlib.md5(body).hexdigest()
        kept["parts"][number] = (etag, checksum, body)
        return 200, "", {"ETag": f'"{etag}"'}

    def complete(self, upload, headers, body):
        kept = self.uploads.get(upload)
        if not kept:
            return 404, error("NoSuchUpload")
        told = re.findall(r"<Part><PartNumber>(\d+)</PartNumber><ETag>&quot;(\w+)&quot;</ETag>"
                          r"(?:<ChecksumSHA256>([^<]*)</ChecksumSHA256>)?</Part>", body.decode())
        should = [(str(n), etag, checksum or "") for n, (etag, checksum, _)
                  in sorted(kept["parts"].items())]
        if told != should or any(len(part[2]) < 5 << 20
                                 for _, part in sorted(kept["parts"].items())[:-1]):
            return 400, error("InvalidPart")
        if headers.get("if-none-match") == "*" and kept["key"] in self.objects:
            return 412, error("PreconditionFailed")
        del self.uploads[upload]
        self.objects[kept["key"]] = (b"".join(part[2] for _, part in sorted(
            kept["parts"].items())), kept["meta"])
        return 200, ("<?xml version='1.0'?>\n   \n  <CompleteMultipartUploadResult><ETag>&quot;a-3"
                     "&quot;</ETag></CompleteMultipartUploadResult>")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def own_answer(self, step, key, query, headers, body):
        store = self.server
        if step == "begin":
            return store.begin(key, headers)
        if step.startswith("part"):
            return store.part(query["uploadId"], int(query["partNumber"]), headers, body)
        if step == "complete":
            return store.complete(query["uploadId"], headers, body)
        if step == "abort":
            gone = store.uploads.pop(query["uploadId"], None)
            return (204, "") if gone else (404, error("NoSuchUpload"))
        if step == "head" and key in store.objects:
            data, meta = store.objects[key]
            return 200, data, {"x-amz-meta-stele-sha256": meta["x-amz-meta-stele-sha256"]}
        return 404, ""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        step = {"POST": "begin" if "uploads" in query else "complete", "DELETE": "abort",
                "PUT": f"part {query.get('partNumber', 'none')}", "HEAD": "head",
                "GET": "list"}[self.command]
        with self.server.lock:
            self.server.steps.append(step)
            self.server.headers = headers
            self.server.seen.append((step, headers, body))
            fault = self.server.faults.get(step)
            told = fault.pop(0) if fault else None
            if not told or told == "lost":
                own = self.own_answer(step, urllib.parse.unquote(path), query, headers, body)
            if told == "lost":
                self.close_connection = True
                return
        status, data, *more = told or own
        data = data if isinstance(data, bytes) else data.encode()
        self.send_response_only(status)
        for name, value in (more[0] if more else {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_PUT = do_HEAD = do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class Multipart(unittest.TestCase):
    data = DATA

    def store(self, **faults):
        self.server = Store(**faults)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        return self.server

    def tool(self, *words):
        done = run(PUT_TOOL, *words, "ship.target=s3://bucket/p",
                   f"ship.s3_endpoint=http://127.0.0.1:{self.server.server_port}",
                   "ship.s3_access_key_id=AK", "ship.s3_secret_access_key=SK",
                   "ship.s3_multipart_over=5MiB", "ship.s3_part_bytes=5MiB",
                   *self.settings, ok=False)
        self.assertLessEqual(len(done.words.splitlines()), 1, done.words)
        return done

    def put(self, *settings, **faults):
        self.store(**faults)
        self.settings = settings
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.data)
            file.flush()
            done = self.tool("put", KEY, pathlib.Path(file.name))
        return done

    def steps(self):
        return " ".join(step.replace("part ", "") for step in self.server.steps)

    def expect_whole(self, done):
        self.assertEqual(done.out, "created\n", done.words)
        self.assertEqual(self.server.uploads, {})
        data, meta = self.server.objects[f"/bucket/p/{KEY}"]
        self.assertEqual(data, DATA)
        return meta

    def expect_aborted(self, done, words):
        self.assertIn(words, done.words)
        self.assertEqual(self.server.uploads, {})
        self.assertEqual(self.server.objects, {})
        self.assertIn("abort", self.server.steps)

    def test_the_requests(self):
        meta = self.expect_whole(self.put("ship.s3_encryption=AES256", "ship.s3_tags=a=b"))
        self.assertEqual(self.steps(), "head begin 1 2 3 complete")
        self.assertEqual(meta["x-amz-meta-stele-sha256"], hashlib.sha256(DATA).hexdigest())
        self.assertEqual(meta["x-amz-server-side-encryption"], "AES256")
        self.assertEqual(meta["x-amz-tagging"], "a=b")
        self.assertEqual(meta["x-amz-checksum-algorithm"], "SHA256")
        self.assertEqual(meta["content-type"], "application/octet-stream")
        self.assertEqual(self.server.headers["if-none-match"], "*")
        meta = self.expect_whole(self.put("ship.s3_checksum=none"))
        self.assertNotIn("x-amz-checksum-algorithm", meta)

    def test_parts_are_tried_again(self):
        later = (503, error("SlowDown"))
        self.expect_whole(self.put(part_2=[later, later], part_3=["lost"]))
        self.assertEqual(self.steps(), "head begin 1 2 2 2 3 3 complete")

    def test_a_part_that_fails_ends_the_upload(self):
        later = (503, error("SlowDown"))
        self.expect_aborted(self.put(part_2=[later] * 3), "slow down")
        self.assertEqual(self.steps(), "head begin 1 2 2 2 abort")
        self.expect_aborted(self.put(part_1=[(403, error("AccessDenied"))]), "may not write")
        self.expect_aborted(self.put(part_1=[(200, "")]), "without an ETag")
        wrong = {"ETag": '"x"', "x-amz-checksum-sha256": b64(b"0" * 32)}
        self.expect_aborted(self.put(part_1=[(200, "", wrong)]), "keeps other bytes")

    def test_the_budget_is_for_all(self):
        """Each part takes two tries more and gives one back: the tenth finds one, and no other."""
        later = (503, error("SlowDown"))
        self.data = DATA * 5
        self.expect_aborted(self.put(**{f"part_{n}": [later, later] for n in range(1, 12)}),
                            "slow down")
        self.assertEqual(self.server.steps.count("part 9"), 3)
        self.assertEqual(self.server.steps.count("part 10"), 2)
        self.assertEqual(self.server.steps.count("part 11"), 0)

    def test_an_error_inside_a_200(self):
        def inside(code):
            return 200, "<?xml version='1.0'?>\n" + " \n" * 99 + error(code)[21:]
        self.expect_whole(self.put(complete=[inside("InternalError"), inside("SlowDown")]))
        self.assertEqual(self.steps(), "head begin 1 2 3 complete complete complete")
        self.expect_aborted(self.put(complete=[inside("InternalError")] * 3), "InternalError")
        self.expect_aborted(self.put(complete=[inside("AccessDenied")]), "may not write")
        self.expect_aborted(self.put(complete=[inside("Whatever")]), "HTTP 400 Whatever")
        self.expect_aborted(self.put(complete=[(200, "   \n ")]), "without an ETag")

    def test_a_lost_answer_to_the_end(self):
        """It was completed: the upload is gone, the object is there."""
        done = self.put(complete=["lost"])
        self.assertEqual(done.out, "was there\n")
        self.assertEqual(self.steps(), "head begin 1 2 3 complete complete abort head"
                         if "abort" in self.server.steps else
                         "head begin 1 2 3 complete complete head")
        done = self.put(complete=[(404, error("NoSuchUpload"))])
        self.assertIn("went away while it was sent", done.words)

    def test_a_conflict_begins_anew(self):
        self.expect_whole(self.put(complete=[(409, error("ConditionalRequestConflict"))]))
        self.assertEqual(self.steps(),
                         "head begin 1 2 3 complete abort head begin 1 2 3 complete")

    def test_a_store_without_conditions(self):
        self.expect_whole(self.put(complete=[(501, error("NotImplemented"))]))
        self.assertNotIn("if-none-match", self.server.headers)

    def test_a_store_that_knows_no_checksums(self):
        """It does not say the algorithm again: neither parts nor their list get any."""
        def begin(upload="u1"):
            return 200, f"<R><UploadId>{upload}</UploadId></R>"
        done = self.put(begin=[begin()], part_1=[(200, "", {"ETag": '"1"'})],
                        part_2=[(200, "", {"ETag": '"2"'})], part_3=[(200, "", {"ETag": '"3"'})],
                        complete=[(200, "<CompleteMultipartUploadResult/>")])
        self.assertEqual(done.out, "created\n")
        self.assertFalse([step for step, headers, body in self.server.seen if step != "begin" and
                          ("x-amz-checksum-sha256" in headers or b"Checksum" in body)])

    def test_no_upload_id(self):
        done = self.put(begin=[(200, "<html>Welcome</html>")])
        self.assertIn("no UploadId came", done.words)
        self.assertEqual(self.steps(), "head begin")

    def test_pages_of_uploads(self):
        def page(more, *keys):
            listed = "".join(f"<Upload><Key>p/{key}</Key><UploadId>u{n}</UploadId></Upload>"
                             for n, key in enumerate(keys))
            return 200, (f"<R><IsTruncated>{more}</IsTruncated><NextKeyMarker>m&amp;k"
                         f"</NextKeyMarker><NextUploadIdMarker>mi</NextUploadIdMarker>{listed}</R>")
        self.store(list=[page("true", "dt=2026-11-23/0123abcd-a", "dt=2026-11-23/0123abcde"),
                         page("false", "dt=2026-11-23/0123abcd-b", "x")],
                   abort=[(204, ""), (404, error("NoSuchUpload"))])
        self.settings = ()
        self.assertEqual(self.tool("sweep", "0123abcd").out, "2\n")
        self.assertEqual(self.steps(), "list abort list abort")
        self.store(list=[(403, error("AccessDenied"))])
        self.assertIn("ERR_DENIED", self.tool("sweep", "0123abcd").words)
        self.store(list=[page("true", "dt=x")] * 101)
        self.assertEqual(self.tool("sweep", "0123abcd").out, "0\n")
        self.assertEqual(len(self.server.steps), 100)


if __name__ == "__main__":
    main_of_cases()
