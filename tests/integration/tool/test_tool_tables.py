"""Every verb that prints rows has one writer: header, forms, columns, the terminal's width, time zones."""
import csv
import io
import json
import os

from stele_tool import expect, expect_error, main

LONG = "a" * 200 + "@subdomain.example.com"
ADDRESS = "2001:db8:1111:2222:3333:4444:5555:6666"


def event(uid, **more):
    return {"event": "user.login", "code": "T1000I", "uid": uid, "time": "2026-07-01T22:30:00.25Z", "user": "alice",
            "addr.remote": "192.0.2.1:1", **more}


def make(place, events):
    expect(place.stele("init", "a").code == 0, "init")
    lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in events]
    result = place.stele("import", "--archive", "a", "-", stdin=b"\n".join(lines))
    expect(result.code == 0, result.text())


def ask(place, *words, env=None):
    result = place.stele(words[0], *words[1:], "--archive", "a", env=env)
    expect(result.code == 0, (words, result.text()))
    return result.out.decode()


def world(place):
    """An archive of which every verb has rows to print."""
    make(place, [event("u1"), event("u2", user=LONG, **{"addr.remote": f"[{ADDRESS}]:22"}, sid="s1"),
                 event("u3", time="2026-07-02T01:00:00Z", user="bob"), b"not json"])
    place.write("list", b"user:" + LONG.encode() + b"\nuser:bob\n")
    with open(place.path("a", "stele.conf"), "a", encoding="utf-8") as f:
        f.write(f"\n[ship]\ntarget = file://{place.path('bucket')}\n")
    os.mkdir(place.path("bucket"))
    for words in (("hold", "add", "--user", LONG, "--why", "x, y"), ("ship",), ("seal",),
                  ("watch", "add", "list", "--name", "feed"), ("watch", "run")):
        ask(place, *words)


# A verb, the columns of its CSV, and one that --columns may ask for.
VERBS = (
    (("search", "*"), "time,severity,event,code,actor,address,target,uid,what,mark,received"),
    (("search", "*", "--top", "user,event"), "count,user,event"),
    (("search", "*", "--histogram", "1d"), "time,count"),
    (("sql", "SELECT uid, user AS who FROM teleport_audit_events"), "uid,who"),
    (("hunt", "list"), "list,indicator,kind,events,first_seen,last_seen,actors,targets,fields,suppressed,decoded"),
    (("session", "s1"), "time,elapsed,severity,event,code,actor,address,target,uid,what,mark,received"),
    (("sessions",), "sid,start,end,length,user,host,participants,recording,missing,login,address,seconds,first_event,"
                    "last_event"),
    (("watch",), "list,indicators,hits,last_hit,old_events,undelivered,given_up,indicators_seen,added,updated,source,"
                 "sha256,bytes"),
    (("watch", "hits"), "time,list,indicator,kind,field,value,uid,decoded,first_seen,last_seen,found"),
    (("hold", "list"), "id,made,who,kind,subject,from,to,why,released,released_by,released_why"),
    (("quarantine",), "id,received,reason,source,position,bytes,begins"),
    (("seal", "--list"), "seal,made,sha256,blocks,objects,deleted,put"),
    (("ship", "--status", "--from", "2026-01-01"),
     "target,key,day,first_block,last_block,state,events,events_in_range,bytes,sha256,sent_bytes,sent_sha256,sent_by,"
     "planned,shipped,tries,error"),
)


def every_form(place):
    """CSV with a header, the same rows as NDJSON, JSON that can be read, and a table with a header."""
    world(place)
    for words, columns in VERBS:
        text = ask(place, *words, "--output", "csv")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        expect(text.split("\r\n")[0] == columns and rows, (words, text))
        if words[0] != "session":  # whose elapsed times begin with +
            expect(text == ask(place, *words, "--output", "csv-safe"), words)
        lines = [json.loads(line) for line in ask(place, *words, "--output", "ndjson").splitlines()]
        expect(len(lines) == len(rows), (words, lines))
        whole = json.loads(ask(place, *words, "--output", "json"))
        expect(isinstance(whole, list) and len(whole) == len(rows) or isinstance(whole, dict), (words, whole))
        table = ask(place, *words)
        names = columns.split(",")
        head = [line for line in table.splitlines() if set(line.split()) & set(names) and line.split()[-1] in
                (*names, "bar")]
        expect(head, (words, table))


def columns_are_chosen(place):
    world(place)
    for words, columns in VERBS:
        last, first = columns.split(",")[-1], columns.split(",")[0]
        text = ask(place, *words, "--columns", f"{last},{first}", "--output", "csv")
        expect(text.startswith(f"{last},{first}\r\n"), (words, text))
        table = ask(place, *words, "--columns", f"{last},{first}")
        expect([last, first] in [line.split() for line in table.splitlines()], (words, table))
        if words[0] not in ("search", "session", "sql") or "--top" in words:
            wrong = place.stele(*words, "--archive", "a", "--columns", "nosuch")
            expect_error(wrong, 2, 'no column is called "nosuch"')
    fields = ask(place, "search", "*", "--columns", "uid,addr.remote,nosuch", "--sort", "time", "--output", "ndjson")
    expect(json.loads(fields.splitlines()[0]) == {"uid": "u1", "addr.remote": "192.0.2.1:1", "nosuch": None}, fields)
    told = place.stele("search", "*", "--columns", "uid,nosuch", "--archive", "a")
    expect(b'none of these events has a field "nosuch"' in told.err, told.text())


def whole_in_a_pipe(place):
    """Nothing is cut where there is no terminal, whatever COLUMNS says; a terminal is not overrun."""
    world(place)
    for words, _ in VERBS:
        expect("\N{HORIZONTAL ELLIPSIS}" not in ask(place, *words, env={"COLUMNS": "40"}), words)
        for width in (80, 120):
            lines = place.on_terminal(width, *words, "--archive", "a").out.decode().splitlines()
            if words[0] not in ("hunt", "session") and len(lines[0].split()) > 2:  # heads, and lines of name and value
                expect(max(map(len, lines)) <= max(width, 64 + 15), (words, width, lines))
    for words in (("search", "*"), ("hunt", "list"), ("watch", "hits"), ("hold", "list")):
        expect(LONG in ask(place, *words), words)
    expect(ADDRESS in ask(place, "search", "*"), "a whole address")


def csv_for_spreadsheets(place):
    starts = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1")
    make(place, [event(f"u{i}", user=user) for i, user in enumerate(starts)] + [event("u9", user="a=b")])
    for form, guard in (("csv", ""), ("csv-safe", "'")):
        for words in (("search", "*", "--sort", "time"), ("search", "*", "--top", "user", "--limit", "0"),
                      ("sql", "SELECT user, uid FROM teleport_audit_events"), ("search", "*", "--columns", "uid,user")):
            text = ask(place, *words, "--output", form)
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
            expect({row.get("user", row.get("actor")) for row in rows} == {guard + user for user in starts} | {"a=b"},
                   (words, text))


def time_zones(place):
    """Given and shown; JSON stays in UTC."""
    make(place, [event("u1"), event("u2", time="2026-01-02T22:30:00Z")])

    def times(*words):
        return [row["time"] for row in csv.DictReader(io.StringIO(ask(place, "search", "*", "--output", "csv", *words)))]
    berlin = ("--tz", "Europe/Berlin")
    expect(times(*berlin) == ["2026-07-02T00:30:00.25+02:00", "2026-01-02T23:30:00+01:00"], times(*berlin))
    expect(times("--from", "2026-07-02", *berlin) == ["2026-07-02T00:30:00.25+02:00"], "a day of the zone")
    late = place.stele("search", "*", "--from", "2026-07-02T00:30:01", *berlin, "--archive", "a")
    expect(late.code == 1 and late.out == b"", "a time of the zone")
    expect(times("--from", "2026-07-01T22:30:00Z", *berlin) == ["2026-07-02T00:30:00.25+02:00"], "an offset goes before it")
    expect("2026-07-02T00:30:00+02:00  " in ask(place, "search", "*", *berlin), "table")
    rows = json.loads(ask(place, "search", "*", "--columns", "time", "--output", "json", *berlin))
    expect(rows[0]["time"] == "2026-07-01T22:30:00.25Z", rows)
    expect("2026-07-02T00:30:00.25+02:00" in ask(place, "show", "u1", *berlin), "show")
    expect("oldest            2026-01-02T23:30:00+01:00" in ask(place, "stats", *berlin), "stats")
    for zone in ("Europe/Nowhere", "", "/etc/passwd", "../Berlin"):
        expect_error(place.stele("search", "*", "--archive", "a", "--tz", zone), 2, "knows no time zone")


def time_of_arrival_is_marked(place):
    make(place, [event("u1"), {**event("u2"), "time": "1970-01-01T00:00:00Z"}, {"event": "x", "uid": "u3"}])
    result = place.stele("search", "*", "--archive", "a")
    rows = result.out.decode().splitlines()[1:]
    expect([row.split()[0].endswith("Z*") for row in rows] == [True, True, False], result.text())
    expect(b"* the time of arrival" in result.err, result.text())
    rows = csv.DictReader(io.StringIO(ask(place, "search", "*", "--output", "csv")))
    expect([row["mark"] for row in rows] == ["arrival-time", "arrival-time", ""], "csv")
    calm = place.stele("search", "uid:u1", "--archive", "a")
    expect(calm.err == b"", calm.text())


def numbers_have_one_shape(place):
    make(place, [event("u1"), event("u2")])
    for words, name, number in ((("--count",), "count", 2), (("--distinct", "user"), "distinct", 1)):
        expect(ask(place, "search", "*", *words) == f"{number}\n", words)
        for form in ("json", "ndjson"):
            expect(json.loads(ask(place, "search", "*", *words, "--output", form)) == {name: number}, words)
        expect(ask(place, "search", "*", *words, "--output", "csv") == f"{name}\r\n{number}\r\n", words)


def one_is_not_many(place):
    world(place)
    for words in (("ship", "--status"), ("stats",), ("watch",), ("watch", "run"), ("seal",), ("hunt", "list")):
        text = place.stele(*words, "--archive", "a").text()
        for noun in ("events", "objects", "blocks", "hits", "indicators", "days", "records", "requests"):
            for line in text.splitlines():
                expect(not line.startswith(f"1 {noun}") and f" 1 {noun}" not in line, (words, line))


if __name__ == "__main__":
    main(every_form, columns_are_chosen, whole_in_a_pipe, csv_for_spreadsheets, time_zones, time_of_arrival_is_marked,
         numbers_have_one_shape, one_is_not_many)
