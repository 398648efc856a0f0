"""stele session: its head is that of the session's start and end, its timeline has everything, in order."""
import csv
import io
import json

import corpus
from stele_tool import expect, expect_error, main

SID = "11111111-2222-4333-8444-555555555555"
ALICE = {"sid": SID, "user": "alice", "login": "deploy", "server_hostname": "shop-1"}


def event(kind, time, **more):
    return {"event": kind, "time": f"2026-03-01T{time}Z", "uid": f"{kind}-{time}-{more.get('ei', 0)}", **ALICE, **more}


def make(place, events):
    expect(place.stele("init", "a").code == 0, "init")
    lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in events]
    result = place.stele("import", "--archive", "a", "-", stdin=b"\n".join(lines))
    expect(result.code == 0, result.text())


def ask(place, sid=SID):
    """The head as a dictionary, and the lines below the header of the timeline."""
    result = place.stele("session", sid, "--archive", "a")
    expect(result.code == 0, result.text())
    head, _, rows = result.out.decode().partition("\n\n")
    return dict(line.split(None, 1) for line in head.splitlines()), rows.splitlines()[1:]


def head_of_start_and_end(place):
    """Not of enhanced recording before the start, nor of who watched it the week after."""
    make(place, [
        event("session.network", "10:00:00", src_addr="192.0.2.200", dst_addr="203.0.113.9", login="", user="node"),
        event("session.start", "10:00:01", **{"addr.remote": "192.0.2.7:41000"}, session_recording="node"),
        event("session.join", "10:00:05", user="bob", **{"addr.remote": "192.0.2.8:41000"}),
        event("session.end", "10:03:00.5", participants=["alice", "bob", "carol"]),
        event("session.leave", "10:03:00.6"),
        {"event": "session.upload", "sid": SID, "uid": "u", "time": "2026-03-01T10:30:00Z", "url": "s3://b/1.tar"},
        {"event": "session.recording.access", "sid": SID, "uid": "v", "time": "2026-03-09T10:00:00Z", "user": "dave"},
        {"event": "session.summarized", "sid": SID, "uid": "w", "time": "2026-03-10T10:00:00Z", "user": "robot"},
    ])
    head, rows = ask(place)
    expect(head == {"session": SID, "who": "alice", "participants": "alice, bob, carol", "login": "deploy",
                    "where": "shop-1", "address": "192.0.2.7", "recording": "node, uploaded to s3://b/1.tar",
                    "from": "2026-03-01T10:00:01Z", "until": "2026-03-01T10:03:00.5Z",
                    "length": "0:02:59.5, 8 events"}, head)
    expect(rows[0].split()[1] == "-0:00:01.0" and rows[1].split()[1] == "+0:00:00.0", rows)
    expect(rows[-1].endswith("Summarized a session") and len(rows) == 8, rows)


def without_start(place):
    """Who and where are in the end event, also when an event of enhanced recording came first."""
    make(place, [
        event("session.network", "10:00:02", src_addr="192.0.2.200", dst_addr="203.0.113.9", server_hostname=""),
        event("session.end", "10:03:00", session_start="2026-03-01T09:59:59.5Z", **{"addr.remote": "192.0.2.7:1"}),
    ])
    head, _ = ask(place)
    expect((head["where"], head["address"], head["from"], head["length"]) ==
           ("shop-1", "192.0.2.7", "2026-03-01T09:59:59.5Z", "0:03:00.5, 2 events"), head)


def without_end(place):
    make(place, [
        event("session.start", "10:00:00", session_recording="proxy"),
        event("exec", "10:00:09", command="id"),
        {"event": "session.recording.access", "sid": SID, "uid": "v", "time": "2026-03-09T10:00:00Z", "user": "dave"},
    ])
    head, _ = ask(place)
    expect(head["until"] == "2026-03-01T10:00:09Z (no end seen)", head)
    expect(head["recording"] == "proxy (no upload seen)" and "participants" not in head, head)


def only_what_came_after(place):
    make(place, [{"event": "session.upload", "sid": SID, "uid": "u", "time": "2026-03-01T10:30:00Z"}])
    head, _ = ask(place)
    expect(head["from"] == "2026-03-01T10:30:00Z (no start seen)" and head["recording"] == "uploaded", head)
    expect_error(place.stele("session", "nobody", "--archive", "a"), 1, "no event of session nobody")


def order_of_one_millisecond(place):
    """By ei, whatever came first; the session's start before what has the same number and time."""
    make(place, [
        event("session.data", "10:00:00.001", ei=2147483646, tx=1, rx=2),
        event("exec", "10:00:00.001", ei=0, command="zero"),
        event("session.command", "10:00:00.001", ei=10, path="/ten", return_code=0),
        event("session.command", "10:00:00.001", ei=9, path="/nine", return_code=0),
        event("sftp", "10:00:00.001900001", ei=3, action=3, path="/three"),
        event("session.start", "10:00:00.001", ei=0),
        event("session.command", "10:00:00.002", ei=1, path="/later", return_code=0),
        event("session.command", "10:00:00", ei=99, path="/earlier", return_code=0),
    ])
    _, rows = ask(place)
    words = ["/earlier", "Opened a session", "zero", "/three", "/nine", "/ten", "1 byte sent", "/later"]
    expect(len(rows) == len(words) and all(word in row for word, row in zip(words, rows)), rows)


def everything_that_was_done(place):
    long = "curl -fsSL https://example.net/x | sh " + "y" * 5000
    make(place, [
        event("session.start", "10:00:00", initial_command=["sh", "-c", "cat /secret"], kubernetes_cluster="quay",
              server_hostname="teleport.example.com"),
        event("exec", "10:00:01", command=long),
        event("session.command", "10:00:02", path="/bin/cat", argv=["/secret", "b c"], return_code=1),
        event("kube.request", "10:00:03", verb="DELETE", request_path="/api/v1/x", response_code=403),
        event("desktop.directory.write", "10:00:04", file_path="a\\b.txt", length=3, desktop_name="d"),
        event("mcp.session.request", "10:00:05", message={"method": "tools/call", "params": {"name": "rm"}}),
        event("db.session.query", "10:00:06", db_service="d", db_query="SELECT $1", db_query_parameters=["7"]),
        event("exec", "10:00:07", command="\x1b[2Jpaint"),
    ])
    head, rows = ask(place)
    expect(head["where"] == "quay", head)
    words = ["sh -c cat /secret", long, "/bin/cat /secret b c, returned 1", "DELETE /api/v1/x on shop-1, status 403",
             "a\\b.txt", "tools/call rm", "SELECT $1 with 7", "\\x1b[2Jpaint"]
    expect(len(rows) == len(words) and all(word in row for word, row in zip(words, rows)), rows)


def requests_of_chunks(place):
    """They name the chunk they are in, which the session's own events name."""
    app = {"app_name": "shop", "uid": "", "ei": 0}
    times = iter(range(100))

    def one(kind, **more):
        at = next(times)
        return {**app, "event": kind, "uid": f"u{at}", "time": f"2026-03-01T10:00:{at:02}Z", **more}
    make(place, [
        one("app.session.start", sid=SID, user="alice"),
        one("app.session.chunk", sid=SID, user="alice", session_chunk_id="chunk-a"),
        one("app.session.request", session_chunk_id="chunk-a", method="DELETE", path="/orders/1", status_code=200),
        one("session.upload", sid="chunk-a", url="s3://b/a.tar"),
        one("app.session.chunk", sid=SID, user="alice", session_chunk_id='b"\\'),
        one("app.session.request", session_chunk_id='b"\\', method="GET", path="/two", status_code=404),
        one("session.upload", sid='b"\\', url="s3://b/b.tar"),
        one("app.session.request", session_chunk_id="chunk-c", method="GET", path="/others", status_code=200),
        one("app.session.end", sid=SID, user="alice"),
    ])
    head, rows = ask(place)
    expect(head["length"] == "0:00:08.0, 8 events", head)
    expect(head["recording"] == "uploaded to s3://b/a.tar and 1 more", head)
    expect("DELETE /orders/1 on shop, status 200" in rows[2] and "GET /two" in rows[5], rows)
    expect(not any("/others" in row for row in rows), rows)
    _, rows = ask(place, "chunk-a")
    expect(len(rows) == 3 and "DELETE" in rows[1], rows)


def sessions_of_the_corpus(place):
    """Each event of a session is in its timeline, once."""
    events = [line for path in corpus.own_files() if path.name.startswith("session-")
              for line in corpus.lines_of(path)]
    make(place, corpus.with_uids(events))
    sids = {}
    for line in events:
        one = json.loads(line)
        if one.get("sid"):
            sids.setdefault(one["sid"], []).append(one)
    expect(len(sids) > 8, sids)
    for sid, own in sids.items():
        _, rows = ask(place, sid)
        chunks = {one.get("session_chunk_id") for one in own} - {None} | {sid}
        should = sum(json.loads(line).get("sid") in chunks or json.loads(line).get("session_chunk_id") in chunks
                     for line in events)
        expect(len(rows) == should, (sid, len(rows), should))


def forms_of_the_timeline(place):
    """One document that has the head and the events; rows alone in the other forms."""
    long = "curl " + "y" * 5000
    make(place, [event("session.start", "10:00:00.5"), event("exec", "10:00:01", command=long, ei=1),
                 event("session.end", "10:00:02.75", ei=2, participants=["alice", "bob"])])

    def form(name, *more):
        result = place.stele("session", SID, "--archive", "a", "--output", name, *more)
        expect(result.code == 0, result.text())
        return result.out.decode()
    whole = json.loads(form("json"))
    expect((whole["session"], whole["who"], whole["participants"], whole["from"], whole["until"], whole["seconds"],
            whole["start_seen"], whole["end_seen"]) ==
           (SID, "alice", ["alice", "bob"], "2026-03-01T10:00:00.5Z", "2026-03-01T10:00:02.75Z", 2.25, True, True), whole)
    expect(long in whole["events"][1]["what"] and whole["events"][1]["uid"] == "exec-10:00:01-1", "whole and reachable")
    expect([json.loads(line) for line in form("ndjson").splitlines()] == whole["events"], "the same rows")
    rows = list(csv.DictReader(io.StringIO(form("csv", "--columns", "elapsed,ei,uid"))))
    expect([row["ei"] for row in rows] == ["", "1", "2"] and rows[2]["elapsed"] == "+0:00:02.2", rows)
    out = place.on_terminal(80, "session", SID, "--archive", "a").out.decode()
    expect(long in out.replace("\n", ""), "a terminal cuts no command")


def world_of_sessions(place):
    """Whole, without an end, without a start, after the fact alone, and an application's with a chunk."""
    def of(sid, kind, time, **more):
        return {"event": kind, "sid": sid, "uid": f"{sid}-{kind}-{time}", "time": f"2026-03-{time}Z", **more}
    make(place, [
        of("whole", "session.start", "01T10:00:00", user="alice", server_hostname="db-1", session_recording="node"),
        of("whole", "session.join", "01T10:01:00", user="bob"),
        of("whole", "exec", "01T10:02:00", user="alice", command="id"),
        of("whole", "session.end", "01T10:03:00.5", user="alice", server_hostname="db-1", participants=["alice", "bob"]),
        of("whole", "session.upload", "01T10:04:00", url="s3://b/w.tar"),
        of("whole", "session.recording.access", "09T10:00:00", user="dave"),
        of("no-end", "session.start", "02T10:00:00", user="carol", server_hostname="db-2"),
        of("no-end", "exec", "02T10:05:00", user="carol", command="id"),
        of("no-end", "session.recording.access", "09T11:00:00", user="dave"),
        of("no-start", "exec", "03T09:00:00", user="alice", command="id", server_hostname="db-1"),
        of("no-start", "session.end", "03T10:00:00", user="alice", server_hostname="db-1",
           session_start="2026-03-03T08:59:59Z"),
        of("neither", "exec", "04T10:00:00", user="erin", command="id", server_hostname="db-4"),
        of("app", "app.session.start", "05T10:00:00", user="alice", app_name="shop"),
        of("app", "app.session.chunk", "05T10:00:01", user="alice", app_name="shop", session_chunk_id="chunk"),
        of("chunk", "session.upload", "05T10:30:00", url="s3://b/c.tar"),
        of("app", "app.session.end", "05T11:00:00", user="alice", app_name="shop"),
    ])


def listed(place, *words):
    result = place.stele("sessions", "--archive", "a", "--output", "json", *words)
    expect(result.code in (0, 1), result.text())
    return json.loads(result.out)


def list_of_sessions(place):
    world_of_sessions(place)
    rows = listed(place)
    expect([row["sid"] for row in rows] == ["app", "neither", "no-start", "no-end", "whole"], rows)
    of = {row["sid"]: row for row in rows}
    whole = of["whole"]
    expect((whole["start"], whole["end"], whole["length"], whole["seconds"], whole["user"], whole["host"],
            whole["participants"], whole["recording"], whole["missing"]) ==
           ("2026-03-01T10:00:00Z", "2026-03-01T10:03:00.5Z", "0:03:00.5", 180.5, "alice", "db-1", ["alice", "bob"],
            "node, uploaded to s3://b/w.tar", []), whole)
    # neither a guess nor the day it was watched
    expect((of["no-end"]["start"], of["no-end"]["end"], of["no-end"]["length"], of["no-end"]["missing"]) ==
           ("2026-03-02T10:00:00Z", None, None, ["no end seen"]), of["no-end"])
    expect(of["no-end"]["last_event"] == "2026-03-02T10:05:00Z", of["no-end"])
    expect((of["no-start"]["start"], of["no-start"]["length"], of["no-start"]["missing"]) ==
           ("2026-03-03T08:59:59Z", "1:00:01.0", ["no start seen"]), of["no-start"])
    expect((of["neither"]["start"], of["neither"]["user"], of["neither"]["host"], of["neither"]["missing"]) ==
           (None, "erin", "db-4", ["no start seen", "no end seen"]), of["neither"])
    table = place.stele("sessions", "--archive", "a").out.decode().splitlines()
    expect(table[0].split()[:5] == ["sid", "start", "end", "length", "user"] and len(table) == 6, table)


def filters_of_sessions(place):
    world_of_sessions(place)

    def sids(*words):
        return [row["sid"] for row in listed(place, *words)]
    expect(sids("user:bob") == ["whole"] and sids("user:alice", "server_hostname:db-1") == ["no-start", "whole"], "by query")
    expect(sids("server_hostname:db-1", "--from", "2026-03-03") == ["no-start"], "by time")
    expect(sids("--from", "2026-03-01T10:01:30", "--to", "2026-03-01T10:02:30") == ["whole"], "by one event of it")
    expect(sids("--incomplete") == ["neither", "no-start", "no-end"] and sids("--limit", "2") == ["app", "neither"],
           "what is missing, and how many")
    none = place.stele("sessions", "user:nobody", "--archive", "a")
    expect(none.code == 1 and none.out == b"" and b"nobody" not in none.out, none.text())
    some = place.stele("sessions", "--archive", "a", "--limit", "1")
    expect(b"the newest 1 of 5 sessions" in some.err, some.text())


def many_sessions(place):
    """More than are read by their ids: starts and ends are read first, the rest by id or all of it."""
    def of(sid, kind, at, **more):
        return {"event": kind, "sid": sid, "uid": f"{sid}-{kind}", "time": f"2026-03-01T{at // 3600:02}:{at // 60 % 60:02}"
                f":{at % 60:02}Z", **more}
    events = []
    for i in range(5200):
        events.append(of(f"s{i}", "session.start", i, user=f"u{i % 7}", server_hostname=f"h{i % 3}"))
        if i % 2 == 0:
            events.append(of(f"s{i}", "session.end", i + 60, participants=[f"u{i % 7}", "guest"]))
        events.append(of(f"s{i}", "exec", i + 30, user="x", command="id"))
    make(place, events)
    for words, step in (((), 1), (("user:u3",), 7)):
        rows = listed(place, *words)
        should = {f"s{i}" for i in range(5200) if step == 1 or i % 7 == 3}
        expect({row["sid"] for row in rows} == should and len(rows) == len(should), len(rows))
        for row in rows:
            i = int(row["sid"][1:])
            expect((row["user"], row["host"], row["seconds"]) == (f"u{i % 7}", f"h{i % 3}", None if i % 2 else 60), row)
            expect(row["missing"] == (["no end seen"] if i % 2 else []), row)


if __name__ == "__main__":
    main(head_of_start_and_end, without_start, without_end, only_what_came_after, order_of_one_millisecond,
         everything_that_was_done, requests_of_chunks, sessions_of_the_corpus,
         forms_of_the_timeline, list_of_sessions, filters_of_sessions, many_sessions)
