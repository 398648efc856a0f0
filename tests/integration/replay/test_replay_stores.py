"""Replays to Splunk's HEC and to a bulk API. The servers are ours (replay_world.py): they check each
body line by line and answer as the two products document it, partial failures among it. They are no
proof of what the products do beyond that."""
import base64
import json
import re
import threading

from replay_world import WebServer, archive_with, events, expect_same_lines, expect_sent, replay
from stele_tool import expect, main
from steletest import Certificates

TOKEN = "c0ffee00-0000-4000-8000-000000000001"


def objects(text):
    """JSON objects one after the other."""
    decoder = json.JSONDecoder()
    at, found = 0, []
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at] in "\r\n ":
            at += 1
    return found


class Hec:
    """bad: uids that are no good; busy: how many requests are answered 503 first."""

    def __init__(self, bad=(), busy=0, retry_after=None):
        self.bad = set(bad)
        self.busy = busy
        self.retry_after = retry_after
        self.taken = []
        self.lock = threading.Lock()

    def __call__(self, path, headers, body):
        expect(path == "/services/collector/event", path)
        if headers["Authorization"] != "Splunk " + TOKEN:
            return 403, {}, b'{"text":"Invalid token","code":4}'
        with self.lock:
            if self.busy > 0:
                self.busy -= 1
                after = {"Retry-After": self.retry_after} if self.retry_after else {}
                return 503, after, b'{"text":"Server is busy","code":9}'
            for number, envelope in enumerate(objects(body.decode("utf-8"))):
                expect(set(envelope) <= {"time", "host", "source", "sourcetype", "index", "event"},
                       str(set(envelope)))
                expect(isinstance(envelope["time"], float) and envelope["host"] == "c"
                       and envelope["source"] == "teleport" and envelope["sourcetype"] == "_json",
                       str(envelope)[:300])
                if envelope["event"]["uid"] in self.bad:
                    return 400, {}, json.dumps({"text": "Invalid data format", "code": 6,
                                                "invalid-event-number": number}).encode()
                self.taken.append(envelope)
        return 200, {}, b'{"text":"Success","code":0}'

    def events(self):
        return [json.dumps(envelope["event"]).encode() for envelope in self.taken]


def hec(place):
    lines = events(1000)
    source = archive_with(place, lines)
    certificates = Certificates(place.path("tls"))
    token = place.write("token", TOKEN + "\n")
    collector = Hec()
    with WebServer(collector, certificates) as server:
        result = replay(place, source, server.url, "--as", "hec", "--ca", certificates.path("ca.crt"),
                        "--token-file", token, "--index", "audit", "--batch-events", 30)
        expect_sent(result, 1000)
        expect(server.requests == 34 and server.most_under_way <= 4, str(server.requests))
    expect_same_lines(collector.events(), lines, "HEC")
    times = {envelope["event"]["uid"]: envelope["time"] for envelope in collector.taken}
    expect(times["00000000-0000-4000-8000-000000000001"] == 1795132800.5, str(times)[:200])
    expect({envelope["index"] for envelope in collector.taken} == {"audit"}, "another index")


def hec_invalid_events(place):
    lines = events(200)
    source = archive_with(place, lines)
    bad = [json.loads(lines[i])["uid"] for i in (0, 7, 8, 49, 50, 120, 199)]
    collector = Hec(bad, busy=2, retry_after="1")
    refused = place.path("refused.ndjson")
    with WebServer(collector) as server:
        result = replay(place, source, server.url + "/services/collector/event", "--batch-events", 50,
                        "--refused", refused, "--resume", place.path("state"),
                        env={"STELE_REPLAY_TOKEN": TOKEN})
        expect_sent(result, 200, 3)
        expect("193 taken, 7 refused" in result.text() and TOKEN not in result.text(), result.text())
        expect("Server is busy" in result.text(), result.text())
    good = [line for line in lines if json.loads(line)["uid"] not in bad]
    expect_same_lines(collector.events(), good, "HEC: each once")
    with open(refused, "rb") as f:
        expect_same_lines(f.read().split(b"\n")[:-1], [line for line in lines if line not in good],
                          "the refused file")
    with open(refused + ".reasons") as f:
        reasons = [line.split("\t") for line in f.read().split("\n")[:-1]]
    expect(reasons == [[uid, "400", "code 6: Invalid data format"] for uid in bad], str(reasons))
    # what was refused can be imported again
    archive_with(place, [b"{}"], "second")
    result = place.stele("import", "--archive", place.path("second"), refused)
    expect(result.code == 0 and b"7 stored" in result.out + result.err, result.text())


def hec_without_a_place_for_refused(place):
    lines = events(20)
    source = archive_with(place, lines)
    collector = Hec([json.loads(lines[10])["uid"]])
    with WebServer(collector) as server:
        result = replay(place, source, server.url, "--as", "hec", "--in-flight", 1, "--batch-events",
                        4, env={"STELE_REPLAY_TOKEN": TOKEN})
        expect(result.code == 3 and "--refused FILE" in result.text(), result.text())
        expect(b"sent 8 events" in result.out, result.text())


def wrong_token(place):
    source = archive_with(place, events(20))
    with WebServer(Hec()) as server:
        result = replay(place, source, server.url, "--as", "hec", "--refused", place.path("refused"),
                        env={"STELE_REPLAY_TOKEN": "wr0ng-secret"})
        expect(result.code == 3 and "Invalid token" in result.text(), result.text())
        expect("wr0ng-secret" not in result.text() and server.requests <= 4, result.text())
    with open(place.path("refused"), "rb") as f:
        expect(f.read() == b"", "events were put aside for a wrong token")


class Bulk:
    """An index. bad: uids whose documents cannot be mapped; busy: uids and how often they are
    answered 429 first."""

    def __init__(self, bad=(), busy=None, authorization=None):
        self.bad = set(bad)
        self.busy = dict(busy or {})
        self.authorization = authorization
        self.documents = {}
        self.sent = 0
        self.lock = threading.Lock()

    def __call__(self, path, headers, body):
        expect(path == "/audit/_bulk", path)
        expect(headers["Content-Type"] == "application/x-ndjson", str(headers))
        expect(headers["Authorization"] == self.authorization, str(headers["Authorization"]))
        lines = body.decode("utf-8").split("\n")
        expect(lines.pop() == "" and len(lines) % 2 == 0, "no newline at the end, or a line missing")
        with self.lock:
            items = [self.item(json.loads(lines[i]), json.loads(lines[i + 1]))
                     for i in range(0, len(lines), 2)]
        errors = any("error" in list(item.values())[0] for item in items)
        return 200, {}, json.dumps({"took": 1, "errors": errors, "items": items}).encode()

    def item(self, action, document):
        (kind, options), = action.items()
        uid = document["uid"]
        self.sent += 1
        expect(kind in ("create", "index") and set(options) == {"_id"}, str(action))
        expect(options["_id"].startswith(uid) and re.fullmatch(r"[0-9a-f-]+", options["_id"]),
               str(action))
        expect(document["@timestamp"] == re.sub(r"(\.\d*?)0*Z$", r"\1Z", document["time"]).replace(".Z", "Z"),
               document["@timestamp"])
        if self.busy.get(uid, 0) > 0:
            self.busy[uid] -= 1
            return {kind: {"status": 429, "error": {"type": "es_rejected_execution_exception"}}}
        if uid in self.bad:
            return {kind: {"status": 400, "error": {"type": "mapper_parsing_exception",
                                                    "reason": "failed to parse field [user]"}}}
        there = options["_id"] in self.documents
        if there and kind == "create":
            return {kind: {"status": 409, "error": {"type": "version_conflict_engine_exception"}}}
        self.documents[options["_id"]] = document
        return {kind: {"status": 200 if there else 201,
                       "result": "updated" if there else "created"}}

    def lines(self):
        return [json.dumps({k: v for k, v in document.items() if k != "@timestamp"}).encode()
                for document in self.documents.values()]


def bulk(place):
    lines = events(1000)
    source = archive_with(place, lines)
    login = place.write("login", "elastic:pass\n")
    index = Bulk(authorization="Basic " + base64.b64encode(b"elastic:pass").decode())
    with WebServer(index) as server:
        words = ["--as", "bulk", "--login-file", login, "--batch-events", 64]
        url = server.url + "/audit"
        expect_sent(replay(place, source, url, *words), 1000)
        expect_same_lines(index.lines(), lines, "the index")
        result = replay(place, source, url, *words)
        expect_sent(result, 1000)
        expect("1,000 there already" in result.text(), result.text())
        result = replay(place, source, url, *words, "--update")
        expect("1,000 written over" in result.text(), result.text())
    expect_same_lines(index.lines(), lines, "the index after all was sent again")


def bulk_partial_failures(place):
    lines = events(300)
    source = archive_with(place, lines)
    uids = [json.loads(line)["uid"] for line in lines]
    index = Bulk(bad=[uids[3], uids[150]], busy={uids[i]: 1 + i % 3 for i in range(0, 300, 10)})
    refused = place.path("refused")
    with WebServer(index) as server:
        result = replay(place, source, server.url + "/audit", "--as", "bulk", "--batch-events", 100,
                        "--refused", refused)
        expect_sent(result, 300, 3)
        expect("298 taken, 2 refused" in result.text(), result.text())
    expect_same_lines(index.lines(), [lines[i] for i in range(300) if i not in (3, 150)], "the index")
    expect(index.sent == 300 + sum(1 + i % 3 for i in range(0, 300, 10)),
           f"{index.sent} items: more than those that were busy came again")
    with open(refused + ".reasons") as f:
        expect(f.read() == "".join(f"{uids[i]}\t400\tmapper_parsing_exception: failed to parse field "
                                   "[user]\n" for i in (3, 150)), "other reasons")


def batches_that_are_refused_whole(place):
    """413 and 400 for a body: halves, until the event at fault is alone."""
    lines = events(100)
    lines[40] = lines[40][:-1] + b', "large": "' + b"x" * 5000 + b'"}'
    lines[77] = lines[77][:-1] + b', "evil": 1}'
    source = archive_with(place, lines)
    taken = []

    def answer(path, headers, body):
        if len(body) > 12000 or (b"large" in body and body.count(b"\n") > 1):
            return 413, {}, b"too large"
        if b"evil" in body or b"large" in body:
            return 400, {}, b"no"
        taken.extend(body[:-1].split(b"\n"))
        return 200, {}, b""

    refused = place.path("refused")
    with WebServer(answer) as server:
        result = replay(place, source, server.url + "/x", "--as", "ndjson", "--refused", refused)
        expect_sent(result, 100, 3)
        expect(server.requests < 60, str(server.requests))
    expect(taken == [line for i, line in enumerate(lines) if i not in (40, 77)],
           "not each once, or not in order")
    with open(refused, "rb") as f:
        expect(f.read() == lines[40] + b"\n" + lines[77] + b"\n", "others were refused")


main(hec, hec_invalid_events, hec_without_a_place_for_refused, wrong_token, bulk,
     bulk_partial_failures, batches_that_are_refused_whole)
