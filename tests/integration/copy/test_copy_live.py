"""A copy made while a daemon receives answers as the archive does, on a read-only mount with no
network, and no file is made beside it."""
import json
import os
import threading

import copy_world
from copy_world import DOMAINS, FROM, SESSIONS, TO, events, locked
from stele_tool import expect, main
from steletest import Steled, event, new_archive

RANGE = ["--from", FROM, "--to", TO]
QUERIES = [
    "*", "user:alice", "curl", "evil.example.net", "NOT user:alice curl", "ip:203.0.113.0/28",
    f"domain:{DOMAINS[1]}", "url:https://cdn.example.org/f77", f"sid:{SESSIONS[3]}", "f77",
    "*ample.org/f1*", "pid:>=90000", "score:[10 TO 20]", "success:false", "identity.roles:admin",
    "severity:warn", "actor:bob", "time:2026-10-15", "stele.source:import", "stele.source:http",
    '"curl https"', "hash:" + copy_world.hashlib.sha256(b"7").hexdigest(), "sha256:*", "nowhere",
    "uid:00000000-0000-4000-8000-000000000077",
]
FORMS = [
    ["--output", "raw", "--limit", "0"], ["--output", "raw", "--limit", "0", "--sort", "time"],
    ["--output", "json", "--limit", "25"], ["--output", "csv", "--limit", "9"], ["--limit", "30"],
    ["--count"], ["--histogram", "1d"], ["--histogram"], ["--top", "user"], ["--top", "day,event"],
    ["--top", "addr.remote"], ["--top", "stele.source"], ["--distinct", "sid"],
]
STATEMENTS = [
    "SELECT count(*), min(time), max(time), sum(pid) FROM teleport_audit_events WHERE {range}",
    "SELECT segment, count(*) FROM teleport_audit_events WHERE {range} GROUP BY segment ORDER BY 1",
    "SELECT user, event, count(*) FROM teleport_audit_events WHERE {range} GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT time, raw, received FROM teleport_audit_events WHERE {range} AND user = 'bob'"
    " ORDER BY time DESC LIMIT 50",
    "SELECT time, uid FROM teleport_audit_events WHERE teleport_audit_events MATCH 'curl'"
    " AND {range} AND time >= '2026-11-02' ORDER BY time LIMIT 40",
    "SELECT time, typeof(success), score FROM teleport_audit_events WHERE {range} AND"
    " time < '2026-10-03' AND \"identity.roles\" IS NOT NULL ORDER BY time, uid",
]


class Pouring(threading.Thread):
    """Posts events of another day for as long as the test runs, at a pace that leaves the machine to
    the questions: at its full speed the archive would be several times as large in the end."""

    def __init__(self, steled):
        super().__init__(daemon=True)
        self.steled, self.over, self.count = steled, threading.Event(), 0

    def run(self):
        connection = self.steled.connect()
        while not self.over.wait(0.02):
            body = b"\n".join(event(10**9 + self.count + i) for i in range(20))
            self.count += 20 * (self.steled.post(body, connection=connection) == 200)


def coverage(out):
    """What a hunt found, without how much of what it saw was in the inbox or in which blocks."""
    found = json.loads(out)
    for name in ("inbox", "sha256"):
        del found["coverage"][name]
    return found


def in_any_order(out):
    return sorted(out.splitlines())


def same(place, words, copy, read=lambda out: out):
    archive = place.stele(*words, "--archive", "archive")
    there = locked(os.path.dirname(copy), *words, "--archive", copy)
    expect(archive.code in (0, 1), archive.text())
    expect(there.code == archive.code, f"{words}: {there.code}, {archive.code}: {there.text()}")
    expect(read(there.out) == read(archive.out), f"{words}: the copy answers otherwise")
    return archive.code


def compare_all(place, copy):
    found = 0
    for query in QUERIES:
        for form in FORMS if query in QUERIES[:4] else FORMS[:1] + FORMS[5:6] + FORMS[8:9]:
            found += same(place, ["search", query, *RANGE, *form], copy) == 0
    expect(found > 60, f"only {found} questions found something")
    hunt = ["hunt", place.path("list"), *RANGE]
    expect(same(place, [*hunt, "--output", "json"], copy, coverage) == 0, "nothing was hunted down")
    same(place, [*hunt, "--output", "csv", "--unseen"], copy)
    same(place, [*hunt, "--events", "--query", "user:alice"], copy, in_any_order)
    between = f"time >= '{FROM}' AND time < '{TO}'"
    for statement in STATEMENTS:
        words = ["sql", "--output", "csv", statement.format(range=between)]
        expect(same(place, words, copy) == 0, statement)
    same(place, ["session", SESSIONS[5]], copy)


def above_the_place(out):
    return out.split(b"kept in")[0]


def live(place):
    archive = new_archive(place)
    place.write("old.ndjson", b"\n".join(events(9000, 1)) + b"\n")
    place.write("list", copy_world.INDICATORS)
    result = place.stele("import", "--archive", "archive", "old.ndjson")
    expect(result.code == 0, result.text())
    os.mkdir(place.path("case"))
    copy = place.path("case", "case 7?.stele")
    with Steled(archive) as steled:
        pouring = Pouring(steled)
        pouring.start()
        # half again over HTTP, and some that still wait in the inbox when the copy is made
        for seed, signal in ((2, "SIGUSR1"), (3, None)):
            lines = events(2000, seed, first=9000 if seed == 2 else 11000)
            expect(steled.post(b"\n".join(lines)) == 200, "posted")
            expect(steled.post(b"\n".join(events(100, 1))) == 200, "some that are there already")
            if signal:
                steled.signal(signal)
                steled.wait_for("stele_stored_total", 11000)
        result = place.stele("copy", *RANGE, "--why", "case 7", "--archive", "archive", copy)
        expect(result.code == 0 and b"13,000 events" in result.out, result.text())
        expect(place.stats("archive")["inbox"] > 0, "nothing waited in the inbox")
        before = pouring.count
        compare_all(place, copy)
        same(place, ["show", "00000000-0000-4000-8000-000000011007"], copy, above_the_place)
        same(place, ["show", "00000000-0000-4000-8000-000000000007"], copy, above_the_place)
        pouring.over.set()
        pouring.join()
        expect(pouring.count > before > 0, "the daemon received all the while")
    stats = json.loads(place.stele("stats", "--archive", copy, "--output", "json").out)
    expect(stats["events"] == 13000 and stats["inbox"] is None, stats)
    # opened where files could be made beside it, too
    result = place.stele("search", "*", "--count", "--archive", copy)
    expect(result.out == b"13000\n", result.text())
    expect(os.listdir(place.path("case")) == ["case 7?.stele"], os.listdir(place.path("case")))


def of_a_session_and_a_query(place):
    new_archive(place)
    lines = events(3000, 4)
    place.write("e.ndjson", b"\n".join(lines) + b"\n")
    place.stele("import", "--archive", "archive", "e.ndjson")
    sid = SESSIONS[11]
    for words, wanted in (
            (["--session", sid], lambda e: e["sid"] == sid),
            (["--session", sid, "user:alice", "OR", "user:bob"],
             lambda e: e["sid"] == sid and e["user"] in ("alice", "bob")),
            (["user:alice", "curl"], lambda e: e["user"] == "alice" and "command" in e)):
        result = place.stele("copy", *words, "out.stele", "--why", "x", "--force", "--archive",
                             "archive")
        expect(result.code == 0, result.text())
        got = place.stele("search", "*", "--archive", "out.stele", "--output", "raw", "--limit", "0")
        expect(sorted(got.out.split(b"\n")[:-1]) ==
               sorted(line for line in lines if wanted(json.loads(line))), words)
    # a copy of a copy is of the same archive
    again = place.stele("copy", "again.stele", "--why", "less", "--archive", "out.stele",
                        "--to", "2026-10-20")
    expect(again.code == 0, again.text())
    first = place.stele("copy", "--show", "out.stele").out.decode()
    second = place.stele("copy", "--show", "again.stele").out.decode()
    archive_id = json.loads(place.stele("stats", "--output", "json", "--archive", "archive").out)["id"]
    expect(archive_id in first and archive_id in second and "out.stele" in second, second)


if not copy_world.can_mount():
    print("no right to mount: read-only is a directory without write permission here")
main(live, of_a_session_and_a_query)
