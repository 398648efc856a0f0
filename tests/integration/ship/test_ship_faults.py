#!/usr/bin/env python3
"""Answers that real servers give only on bad days, by a scripted one: what the S3 target makes of
them, request by request."""
import base64
import hashlib
import http.server
import pathlib
import tempfile
import threading
import time
import unittest

from ship_world import PUT_TOOL, Archive, make_events, run
from stele_tool import LONG_SECONDS, main_of_cases

SHA256 = "2689367b205c16ce32ed4200942b8b8b1e262dfc70d9bc9fbc77c49699a4f1df"  # of b"ok"


def error(code, message="words", more=""):
    return (f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{more}"
            "</Error>").encode()


class Scripted(http.server.ThreadingHTTPServer):
    """Answers from a list: (status, headers, body); the last one again and again."""

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.seen = []  # (method, path, headers)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.seen.append((self.command, self.path, dict(self.headers.items()), body))
        answers = server.answers
        status, headers, data = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(data):
            data(self)
            return
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        if self.command == "PUT" and status == 200 and "ETag" not in headers:
            self.send_header("ETag", '"0123"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_PUT = do_HEAD = do_GET = answer

    def log_message(self, *_):
        pass


class Faults(unittest.TestCase):
    def setUp(self):
        self.file = pathlib.Path(tempfile.mkstemp()[1])
        self.file.write_bytes(b"ok")
        self.addCleanup(self.file.unlink)

    def put(self, *answers, settings=(), key="dt=2026-11-23/a b.gz"):
        server = Scripted(*answers)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        done = run(PUT_TOOL, "put", key, self.file, "ship.target=s3://bucket/p",
                   f"ship.s3_endpoint=http://127.0.0.1:{server.server_port}",
                   "ship.s3_access_key_id=AK", "ship.s3_secret_access_key=SK", *settings, ok=False)
        self.requests = server.seen
        self.assertLessEqual(len(done.words.splitlines()), 1, done.words)
        return done

    def headers(self):
        return [{name.lower(): value for name, value in headers.items()}
                for _, _, headers, _ in self.requests]

    def methods(self):
        return " ".join(method for method, _, _, _ in self.requests)

    def test_the_request(self):
        self.assertEqual(self.put((200, {}, b"")).out, "created\n")
        method, path, headers, body = self.requests[0]
        self.assertEqual((method, path), ("PUT", "/bucket/p/dt%3D2026-11-23/a%20b.gz"))
        headers = {name.lower(): value for name, value in headers.items()}
        self.assertEqual(headers["if-none-match"], "*")
        self.assertEqual(headers["x-amz-content-sha256"], SHA256)
        self.assertEqual(headers["x-amz-meta-stele-sha256"], SHA256)
        self.assertEqual(headers["content-md5"], 
                         base64.b64encode(hashlib.md5(b"ok").digest()).decode())
        self.assertEqual(headers["x-amz-checksum-sha256"],
                         base64.b64encode(hashlib.sha256(b"ok").digest()).decode())
        self.assertEqual(headers["content-length"], "2")
        self.assertIn("SignedHeaders=content-md5;content-type;host;if-none-match;"
                      "x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date;"
                      "x-amz-meta-stele-sha256",
                      headers["authorization"])
        self.assertEqual(body, b"ok")

    def test_session_token_is_signed(self):
        self.put((200, {}, b""), settings=["ship.s3_session_token=TOKEN"])
        headers = {name.lower(): value for name, value in self.requests[0][2].items()}
        self.assertEqual(headers["x-amz-security-token"], "TOKEN")
        self.assertIn(";x-amz-security-token", headers["authorization"])

    def test_what_is_no_store(self):
        done = self.put((200, {"ETag": ""}, b"Welcome to the portal"))
        self.assertEqual(done.returncode, 3)
        self.assertIn("without an ETag", done.words)

    def test_conflict_is_tried_again(self):
        done = self.put((409, {}, error("ConditionalRequestConflict")), (200, {}, b""))
        self.assertEqual(done.out, "created\n")
        self.assertEqual(self.methods(), "PUT PUT")

    def test_conflict_without_end(self):
        done = self.put((409, {}, error("ConditionalRequestConflict")))
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.methods(), "PUT PUT PUT PUT PUT")

    def test_there_already(self):
        there = {"Content-Length": "2", "x-amz-meta-stele-sha256": SHA256}
        self.assertEqual(self.put((412, {}, error("PreconditionFailed")), (200, there, b"")).out,
                         "was there\n")
        self.assertEqual(self.methods(), "PUT HEAD")
        there["x-amz-meta-stele-sha256"] = "0" * 64
        done = self.put((412, {}, b""), (200, there, b""))
        self.assertIn("ERR_EXISTS", done.words)
        done = self.put((412, {}, b""), (200, {"Content-Length": "3"}, b""))
        self.assertIn("ERR_EXISTS", done.words)

    def test_no_metadata(self):
        done = self.put((412, {}, b""), (200, {"Content-Length": "2"}, b""), (200, {}, b"ok"))
        self.assertEqual(done.out, "was there\n")
        self.assertEqual(self.methods(), "PUT HEAD GET")

    def test_store_without_conditional_writes(self):
        done = self.put((501, {}, error("NotImplemented")), (404, {}, b""), (200, {}, b""))
        self.assertEqual(done.out, "created\n")
        self.assertEqual(self.methods(), "PUT HEAD PUT")
        last = {name.lower() for name in self.requests[2][2]}
        self.assertNotIn("if-none-match", last)

    def test_other_region(self):
        """It is followed, once a request, and remembered; Location is not looked at."""
        for answer in ((301, {"x-amz-bucket-region": "eu-central-1", "Location": "http://x/"},
                        error("PermanentRedirect")),
                       (400, {}, error("AuthorizationHeaderMalformed", "wrong",
                                       "<Region>eu-central-1</Region>"))):
            done = self.put(answer, (501, {}, error("NotImplemented")), (404, {}, b""),
                            (200, {}, b""))
            self.assertEqual(done.out, "created\n")
            regions = [headers["authorization"].split("/")[2] for headers in self.headers()]
            self.assertEqual(regions, ["us-east-1"] + ["eu-central-1"] * 3)
            # a store that goes on to send us elsewhere
            done = self.put(answer, (301, {"x-amz-bucket-region": "eu-west-3"}, b""))
            self.assertIn("in region eu-west-3, not eu-central-1: set ship.s3_region", done.words)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(self.methods(), "PUT PUT")

    def test_region_of_a_head(self):
        """Which has no body to say it in."""
        there = {"Content-Length": "2", "x-amz-meta-stele-sha256": SHA256}
        done = self.put((412, {}, b""), (400, {"x-amz-bucket-region": "eu-west-1"}, b""),
                        (200, there, b""))
        self.assertEqual(done.out, "was there\n")

    def test_later_is_tried_again(self):
        for first in ((503, {}, error("SlowDown")), (500, {}, error("InternalError")),
                      (502, {}, b""), (504, {}, b""), (429, {}, b""),
                      (400, {}, error("RequestTimeout"))):
            self.assertEqual(self.put(first, first, (200, {}, b"")).out, "created\n")
            self.assertEqual(self.methods(), "PUT PUT PUT")
        # made by the first, whose answer was lost
        there = {"Content-Length": "2", "x-amz-meta-stele-sha256": SHA256}
        self.assertEqual(self.put((503, {}, b""), (412, {}, b""), (200, there, b"")).out,
                         "was there\n")

    def test_a_cut_connection_is_tried_again(self):
        def close(handler):
            handler.close_connection = True
        self.assertEqual(self.put((0, {}, close), (200, {}, b"")).out, "created\n")

    def test_headers_by_settings(self):
        day = time.strftime("%Y-%m-%dT", time.gmtime(time.time() + 365 * 86400))
        self.put((200, {}, b""), settings=[
            "ship.s3_encryption=aws:kms", "ship.s3_kms_key_id=arn:aws:kms:x:1:key/2",
            "ship.s3_bucket_key=yes", "ship.s3_storage_class=STANDARD_IA",
            "ship.s3_tags=team=a b&x=", "ship.s3_acl=bucket-owner-full-control",
            "ship.s3_expected_owner=123456789012", "ship.s3_lock_mode=COMPLIANCE",
            "ship.s3_lock_for=365d", "ship.s3_legal_hold=yes"])
        headers = self.headers()[0]
        until = headers.pop("x-amz-object-lock-retain-until-date")
        self.assertTrue(until.startswith(day) and until.endswith("Z"), until)
        for name, value in {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:x:1:key/2",
                "x-amz-server-side-encryption-bucket-key-enabled": "true",
                "x-amz-storage-class": "STANDARD_IA", "x-amz-tagging": "team=a%20b&x=",
                "x-amz-acl": "bucket-owner-full-control",
                "x-amz-expected-bucket-owner": "123456789012",
                "x-amz-object-lock-mode": "COMPLIANCE",
                "x-amz-object-lock-legal-hold": "ON"}.items():
            self.assertEqual(headers[name], value)
            self.assertIn(f";{name}", headers["authorization"])
        # HEAD and GET make nothing
        self.put((412, {}, b""), (404, {}, b""), settings=[
            "ship.s3_encryption=AES256", "ship.s3_expected_owner=123456789012"])
        headers = self.headers()[1]
        self.assertNotIn("x-amz-server-side-encryption", headers)
        self.assertEqual(headers["x-amz-expected-bucket-owner"], "123456789012")

    def test_wrong_settings(self):
        for words, *settings in (
                ("ship.s3_encryption: \"AES\" is none of", "s3_encryption=AES"),
                ("ship.s3_kms_key_id is set", "s3_kms_key_id=x", "s3_encryption=AES256"),
                ("ship.s3_bucket_key is yes", "s3_bucket_key=yes"),
                ("ship.s3_storage_class: ", "s3_storage_class=a b"),
                ("ship.s3_tags: \"x\"", "s3_tags=a=b&x"),
                ("10 tags at most", "s3_tags=" + "&".join(f"t{i}=" for i in range(11))),
                ("ship.s3_acl: ", "s3_acl=public-read"),
                ("not an account of 12 digits", "s3_expected_owner=12345678901x"),
                ("neither GOVERNANCE nor COMPLIANCE", "s3_lock_mode=governance", "s3_lock_for=1d"),
                ("but not ship.s3_lock_for", "s3_lock_mode=GOVERNANCE"),
                ("but not ship.s3_lock_mode", "s3_lock_for=1d"),
                ("a day to 100 years", "s3_lock_mode=GOVERNANCE", "s3_lock_for=1h"),
                ("ship.proxy is not of the form", "proxy=user:pw@host:1"),
                ("ship.proxy is not of the form", "proxy=http://"),
                ("ship.s3_fips goes with AWS's own", "s3_fips=yes"),
                ("ship.s3_dual_stack goes with AWS's own", "s3_dual_stack=yes")):
            done = self.put((200, {}, b""), settings=[f"ship.{one}" for one in settings])
            self.assertIn(words, done.words)
            self.assertEqual((done.returncode, self.requests), (2, []))

    def test_checksums(self):
        """No real server here knows them: what AWS and those that refuse them answer."""
        good = base64.b64encode(hashlib.sha256(b"ok").digest()).decode()
        self.assertEqual(self.put((200, {"x-amz-checksum-sha256": good}, b"")).out, "created\n")
        done = self.put((200, {"x-amz-checksum-sha256": "A" + good[1:]}, b""))
        self.assertIn("keeps other bytes than were sent", done.words)
        self.put((200, {}, b""), settings=["ship.s3_checksum=none"])
        self.assertNotIn("x-amz-checksum-sha256", self.headers()[0])
        self.assertIn("none of auto, sha256, none",
                      self.put((200, {}, b""), settings=["ship.s3_checksum=crc32"]).words)

    def test_a_store_that_refuses_checksums(self):
        named = "Header 'x-amz-checksum-sha256' not implemented"
        for refusal in ((501, {}, error("NotImplemented", named)),
                        (400, {}, error("InvalidArgument", named))):
            self.assertEqual(self.put(refusal, (200, {}, b"")).out, "created\n")
            self.assertEqual(self.methods(), "PUT PUT")
            last = self.headers()[1]
            self.assertNotIn("x-amz-checksum-sha256", last)
            self.assertIn("content-md5", last)
            self.assertEqual(last["if-none-match"], "*")
            done = self.put(refusal, settings=["ship.s3_checksum=sha256"])
            self.assertNotEqual(done.returncode, 0)
        # one that knows neither, and does not say what it means
        mute = (501, {}, error("NotImplemented"))
        self.assertEqual(self.put(mute, (404, {}, b""), mute, (404, {}, b""), (200, {}, b"")).out,
                         "created\n")
        self.assertEqual(self.methods(), "PUT HEAD PUT HEAD PUT")
        # another fault is not taken for it
        self.put((400, {}, error("InvalidArgument", "no such class")))
        self.assertEqual(self.methods(), "PUT")

    def test_proxy(self):
        """The request goes to the proxy, which is told where it should go."""
        server = Scripted((200, {}, b""))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        proxy = f"http://127.0.0.1:{server.server_port}"
        done = run(PUT_TOOL, "put", "k", self.file, "ship.target=s3://bucket/p",
                   "ship.s3_endpoint=http://s3.example.com", "ship.s3_access_key_id=AK",
                   "ship.s3_secret_access_key=SK", f"ship.proxy={proxy}")
        self.assertEqual(done.out, "created\n")
        self.assertEqual(server.seen[0][1], "http://bucket.s3.example.com/p/k")
        done = run(PUT_TOOL, "put", "k", self.file, "ship.target=s3://bucket/p",
                   "ship.s3_endpoint=http://s3.example.com", "ship.s3_access_key_id=AK",
                   "ship.s3_secret_access_key=SK", env={"http_proxy": proxy})
        self.assertEqual(len(server.seen), 2)

    def test_busy_stores(self):
        for status, code in ((503, "SlowDown"), (500, "InternalError"), (429, "TooMany"),
                             (504, ""), (400, "RequestTimeout")):
            done = self.put((status, {}, error(code)))
            self.assertIn("ERR_NET", done.words)
            self.assertIn(f"HTTP {status}", done.words)
            self.assertEqual(len(self.requests), 3)

    def test_refusals(self):
        for status, code in ((403, "AccessDenied"), (403, "ExpiredToken"), (403, ""),
                             (401, "Unauthorized")):
            self.assertIn("ERR_DENIED", self.put((status, {}, error(code))).words)
        self.assertIn("ERR_CONFIG", self.put((400, {}, error("Whatever"))).words)

    def test_clock_without_a_date(self):
        done = self.put((403, {}, error("RequestTimeTooSkewed")))
        self.assertIn("clock is wrong", done.words)
        self.assertEqual(self.methods(), "PUT")

    def test_clock_is_corrected_once(self):
        date = {"Date": "Wed, 01 Jan 2031 00:00:00 GMT"}
        self.put((403, date, error("RequestTimeTooSkewed")), (200, {}, b""))
        self.assertEqual(self.methods(), "PUT PUT")
        stamp = {k.lower(): v for k, v in self.requests[1][2].items()}["x-amz-date"]
        self.assertTrue(stamp.startswith("20310101T0000"), stamp)

    def test_hostile_answers(self):
        long = error("A" * 100000, "B" * 100000)
        self.assertIn("HTTP 400", self.put((400, {}, long)).words)
        self.assertIn("HTTP 400", self.put((400, {}, b"<Code>open" * 9000)).words)
        self.assertIn("a b c", self.put((400, {}, error("X", "a\nb\rc"))).words)
        self.assertIn("a<b>", self.put((400, {}, error("X", "a&lt;b&gt;"))).words)
        self.put((200, {"x" * 200: "y" * 5000}, b"z" * 200000))

    def test_no_answer(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def hang(handler):
            over.wait(LONG_SECONDS)
            handler.close_connection = True
        done = self.put((0, {}, hang), settings=["ship.timeout=500ms"])
        self.assertIn("no answer from 127.0.0.1", done.words)

    def test_closed_without_an_answer(self):
        def close(handler):
            handler.close_connection = True
        self.assertIn("ERR_NET", self.put((0, {}, close)).words)

    def test_redirects_are_not_followed(self):
        done = self.put((307, {"Location": "http://127.0.0.1:1/elsewhere"}, b""))
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(self.requests), 1)

    def test_a_failing_target_gets_one_object_a_pass(self):
        server = Scripted((503, {}, error("SlowDown")))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        archive = Archive(target="s3://bucket", s3_access_key_id="AK", s3_secret_access_key="SK",
                          s3_endpoint=f"http://127.0.0.1:{server.server_port}")
        self.addCleanup(archive.remove)
        archive.add(make_events(3000, days=[f"2026-11-{day}" for day in range(10, 20)]))
        for tries in (1, 2, 3):
            self.assertEqual(archive.ship(ok=False).returncode, 3)
            _, targets = archive.status()
            self.assertEqual(len(server.seen), 3 * tries)
            self.assertEqual(targets[0]["failed"]["tries"], tries)
            self.assertEqual(targets[0]["planned_objects"], 1)
        server.answers = [(200, {}, b"")]
        self.assertIn("3,000 events in 10 objects", archive.ship().out)


if __name__ == "__main__":
    main_of_cases()
