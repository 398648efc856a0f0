"""stele sql: what it prints, what it refuses, and its exit codes; and the same table as an extension
of SQLite's own shell and of Python."""
import csv
import io
import json
import os
import signal
import subprocess
import sys

from stele_tool import BIN, DAY_FILES, LONG_SECONDS, catches, expect, expect_error, main, wait_until

EXTENSION = os.path.join(os.path.dirname(BIN), "lib", "stele_sql")
EVENTS = [
    {"event": "user.login", "code": "T1000I", "uid": "1", "time": "2026-11-01T10:00:00Z",
     "user": "alice", "success": True, "roles": ["admin", "ops"], "pid": 7},
    {"event": "user.login", "code": "T1000W", "uid": "2", "time": "2026-11-01T10:00:00.5Z",
     "user": "bob, \"b\"", "success": False, "roles": ["ops"], "pid": 7.5},
    {"event": "session.command", "code": "T4000I", "uid": "3", "time": "2026-11-02T00:00:00Z",
     "user": "\u001b[31mred", "path": "/usr/bin/rm", "pid": "7"},
]


def make(place):
    expect(place.stele("init", "a").code == 0, "init")
    with open(place.path("a/stele.conf"), "a", encoding="utf-8") as conf:
        conf.write(DAY_FILES)
    data = "\n".join(json.dumps(event) for event in EVENTS).encode()
    result = place.stele("import", "--archive", "a", "-", stdin=data)
    expect(result.code == 0, result.text())


def sql(place, text, *words, stdin=b""):
    return place.stele("sql", text, "--archive", "a", *words, stdin=stdin)


def forms(place):
    make(place)
    ask = "SELECT user, success, pid, roles, NULL AS n FROM teleport_audit_events ORDER BY time"
    rows = json.loads(sql(place, ask, "--output", "json").out)
    should = [{"user": e["user"], "success": int(e["success"]) if "success" in e else None,
               "pid": e["pid"], "n": None,
               "roles": json.dumps(e["roles"]) if "roles" in e else None} for e in EVENTS]
    expect(rows == should, rows)
    lines = sql(place, ask, "--output", "ndjson").out.decode().splitlines()
    expect([json.loads(line) for line in lines] == should, lines)
    table = list(csv.reader(io.StringIO(sql(place, ask, "--output", "csv").out.decode(),
                                        newline="")))
    expect(table[0] == ["user", "success", "pid", "roles", "n"], table)
    expect(table[2] == ['bob, "b"', "0", "7.5", '["ops"]', ""], table)
    shown = sql(place, ask).out.decode()
    expect(shown.splitlines()[0].split() == ["user", "success", "pid", "roles", "n"], shown)
    expect("\x1b" not in shown and "x1b" in shown, "what paints on a terminal is made visible")
    expect(sql(place, "SELECT 1 WHERE 0", "--output", "json").out == b"[]\n", "no rows")


def exit_codes(place):
    make(place)
    expect(sql(place, "SELECT 1").code == 0, "a row")
    expect(sql(place, "SELECT 1 WHERE 0").code == 1, "no row")
    expect(sql(place, " -- nothing\n").code == 1, "nothing asked")
    expect_error(sql(place, "SELEC 1"), 2, "SELEC", "syntax")
    expect_error(sql(place, "SELECT nothing FROM teleport_audit_events"), 2, "nothing")
    expect_error(sql(place, "SELECT * FROM teleport_audit_events('ip:x')"), 2, "character 4")
    expect_error(sql(place, "SELECT 1", "--output", "xml"), 2, "xml", "ndjson")
    expect_error(place.stele("sql", "--archive", "a"), 2, "the SQL as one word")
    expect_error(place.stele("sql", "SELECT", "1", "--archive", "a"), 2, "quote")
    expect_error(place.stele("sql", "SELECT 1"), 2, "--archive DIR")
    expect_error(place.stele("sql", "SELECT 1", "--archive", "nowhere"), 3, "nowhere")
    expect_error(sql(place, "-", stdin=b"SELECT 1;\0"), 2, "NUL")
    day = place.path("a", "segments", "2026", "2026-11-01.db")
    with open(day, "r+b") as f:
        f.write(b"no database" * 20000)
    expect_error(sql(place, "SELECT count(user) FROM teleport_audit_events"), 4, "2026-11-01.db")


def several_statements(place):
    make(place)
    text = (b"CREATE TEMP TABLE ioc(ip); INSERT INTO ioc VALUES ('alice'), ('mallory');\n"
            b"SELECT e.uid FROM ioc JOIN teleport_audit_events e ON e.user = ioc.ip;"
            b"SELECT count(*) AS n FROM teleport_audit_events -- the end\n")
    result = sql(place, "-", "--output", "ndjson", stdin=text)
    expect(result.code == 0 and result.out == b'{"uid":"1"}\n{"n":3}\n', result.text())


def read_only(place):
    make(place)
    for text, word in (("ATTACH 'x.db' AS x", "ATTACH"), ("VACUUM INTO 'x.db'", "not allowed"),
                       ("CREATE TABLE x(a)", "sqlite_master"), ("DETACH main", "DETACH"),
                       ("PRAGMA journal_mode = WAL", "journal_mode"),
                       ("PRAGMA temp_store_directory = '/'", "temp_store_directory"),
                       ("SELECT load_extension('x')", "load_extension"),
                       ("CREATE VIRTUAL TABLE temp.x USING stele('a')", "not allowed"),
                       ("DELETE FROM teleport_audit_events", "teleport_audit_events"),
                       ("UPDATE teleport_audit_events SET user = 1", "teleport_audit_events")):
        expect_error(sql(place, text), 2, word)
    expect(not os.path.exists(place.path("x.db")), "nothing was written")
    expect(sql(place, "PRAGMA table_info(teleport_audit_events)").code == 0, "columns can be listed")


def interrupted(place):
    make(place)
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    child = subprocess.Popen([os.path.join(BIN, "stele"), "sql", slow, "--archive", "a"],
                             cwd=place.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: catches(child, signal.SIGINT), "it can be interrupted")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=LONG_SECONDS)
    expect(child.returncode == 3 and err == b"stele sql: interrupted\n" and out == b"",
           (child.returncode, out, err))


CHECKS = [
    ("SELECT group_concat(uid, ' ') FROM (SELECT uid FROM teleport_audit_events ORDER BY time)",
     "1 2 3"),
    ("SELECT uid FROM teleport_audit_events WHERE time > '2026-11-01T10:00:00.000Z'"
     " AND time < '2026-11-02'", "2"),
    ("SELECT count(*) FROM teleport_audit_events('alice OR rm')", "2"),
    ("SELECT value FROM teleport_audit_events, json_each(roles) WHERE uid = '2'", "ops"),
    ("SELECT count(*) FROM t WHERE pid = 7", "1"),
    ("SELECT group_concat(typeof(pid), ' ') FROM (SELECT pid FROM t ORDER BY time)",
     "integer real text"),
]


def in_the_shell(place):
    make(place)
    words = ["sqlite3", "-bail", ":memory:", f".load {EXTENSION}",
             "CREATE VIRTUAL TABLE t USING stele('a');"]
    done = subprocess.run(words + [check for check, _ in CHECKS], cwd=place.dir,
                          env={**os.environ, "STELE_ARCHIVE": "a"}, capture_output=True, text=True)
    expect(done.returncode == 0 and done.stdout.split("\n")[:-1] == [s for _, s in CHECKS],
           done.stdout + done.stderr)
    plan = subprocess.run(words + ["EXPLAIN QUERY PLAN SELECT * FROM t WHERE event = 'x'"],
                          cwd=place.dir, capture_output=True, text=True).stdout
    expect("VIRTUAL TABLE INDEX 1:event=?" in plan, plan)
    done = subprocess.run(["sqlite3", ":memory:", f".load {EXTENSION}",
                           "SELECT * FROM teleport_audit_events"], cwd=place.dir, text=True,
                          env={k: v for k, v in os.environ.items() if k != "STELE_ARCHIVE"},
                          capture_output=True)
    expect("STELE_ARCHIVE" in done.stderr, done.stderr)


IN_PYTHON = """
import sqlite3, sys
if not hasattr(sqlite3.Connection, "enable_load_extension"):
    sys.exit(77)
for _ in range(2):
    db = sqlite3.connect(":memory:")
    db.enable_load_extension(True)
    db.load_extension(sys.argv[1])
    db.load_extension(sys.argv[1])
    db.execute("CREATE VIRTUAL TABLE t USING stele('a')")
    for line in sys.stdin.read().splitlines() if _ == 0 else []:
        print(db.execute(line).fetchone()[0])
    rows = db.execute("SELECT uid FROM t WHERE user = ? AND time >= ?", ("alice", "2026-11-01"))
    assert rows.fetchall() == [("1",)]
    try:
        db.execute("SELECT * FROM t('ip:x')").fetchall()
        sys.exit("no error")
    except sqlite3.OperationalError as problem:
        assert "character 4" in str(problem), problem
    db.close()
"""


def in_python(place):
    make(place)
    lines = "\n".join(check for check, _ in CHECKS)
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", IN_PYTHON, EXTENSION], cwd=place.dir, input=lines,
                              env={**os.environ, "STELE_ARCHIVE": "a"}, capture_output=True,
                              text=True)
        if done.returncode != 77:
            expect(done.returncode == 0 and done.stdout.split("\n")[:-1] == [s for _, s in CHECKS],
                   done.stdout + done.stderr)
            return
        print(f"{python}: its sqlite3 module was built without the loading of extensions")
    print("no Python here can load extensions: only the shell was tried")


def only_the_entry_is_seen(place):
    out = subprocess.run(["nm", "-D", "--defined-only", EXTENSION + ".so"], capture_output=True,
                         text=True, check=True).stdout
    names = [line.split()[-1] for line in out.splitlines()]
    expect(names == ["sqlite3_stelesql_init"], names)


tests = [forms, exit_codes, several_statements, read_only, interrupted]
if os.environ.get("STELE_SANITIZED"):
    print("the extension is not tried: a program without the sanitizer cannot load one with it")
else:
    tests += [in_the_shell, in_python, only_the_entry_is_seen]
main(*tests)
