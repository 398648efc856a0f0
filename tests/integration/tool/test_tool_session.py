"""stele session: its head is that of the session's start and end, its timeline has everything, in order."""
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
    """The head as a dictionary, and the lines below it."""
    result = place.stele("session", sid, "--archive", "a")
    expect(result.code == 0, result.text())
    head, _, rows = result.out.decode().partition("\n\n")
    return dict(line.split(None, 1) for line in head.splitlines()), rows.splitlines()


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


if __name__ == "__main__":
    main(head_of_start_and_end, without_start, without_end, only_what_came_after, order_of_one_millisecond,
         everything_that_was_done, requests_of_chunks, sessions_of_the_corpus)
