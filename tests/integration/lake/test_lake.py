"""What DuckDB counts in the shipped directory, by the view of stele lake ddl and the SQL of stele search
--explain-sql, is what stele search --count says. DuckDB comes from npm; exit code 77 when it cannot be had."""
import fcntl
import json
import os
import random
import re
import shutil
import subprocess
import sys

import corpus
from stele_tool import BIN, LONG_SECONDS, expect, expect_error, main

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(os.environ["LAKE_CACHE"], "duckdb")
SANITIZED = "STELE_SANITIZED" in os.environ  # ten times as slow: fewer queries then
EVENTS = int(os.environ.get("STELE_LAKE_EVENTS", "2000" if SANITIZED else "20000"))
ENGINES = ("duckdb", "clickhouse", "trino", "athena", "spark")
SKIP = 77
OUT_OF_REACH = re.compile("ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ECONNRESET|E40[34]")


def skip(why):
    print("SKIPPED, nothing was tested:", why, flush=True)
    sys.exit(SKIP)


def install():
    """DuckDB of package-lock.json, once a build directory."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not there")
    os.makedirs(MODULES, exist_ok=True)
    with open(os.path.join(MODULES, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = open(os.path.join(HERE, "package-lock.json")).read()
        done = os.path.join(MODULES, "done")
        if os.path.exists(done) and open(done).read() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(HERE, name), MODULES)
        npm = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=MODULES,
                             capture_output=True, text=True, timeout=LONG_SECONDS)
        if npm.returncode != 0 and OUT_OF_REACH.search(npm.stderr):
            skip("npm cannot be reached: " + npm.stderr.strip().split("\n")[0])
        expect(npm.returncode == 0, npm.stderr)
        with open(done, "w") as mark:
            mark.write(wanted)


def ask(statements):
    done = subprocess.run(["node", os.path.join(HERE, "duckdb_ask.mjs")], capture_output=True, text=True,
                          input=json.dumps(statements), timeout=LONG_SECONDS,
                          env={**os.environ, "DUCKDB_MODULES": MODULES})
    expect(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def queries():
    with open(os.path.join(HERE, "queries.txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                options, _, query = line.rpartition(" @@ ")
                yield [word for word in options.split() if word != "--"], query


def shipped(place, codec, events):
    """An archive with generated, odd and the corpus's events, shipped to the directory `out`."""
    archive = place.path("archive-" + codec)
    out = place.path("out " + codec)  # with a blank in it
    expect(place.stele("init", archive).code == 0, "init")
    generated = subprocess.run([os.path.join(BIN, "stele-generate"), "--events", str(events), "--days", "3",
                                "--start", "2026-11-01"], capture_output=True, check=True).stdout
    files = [place.write("generated.ndjson", generated), os.path.join(HERE, "odd_events.ndjson")]
    files += [str(path) for path in corpus.files()]
    result = place.stele("import", "--archive", archive, *files)
    expect(result.code == 0, result.text())
    os.makedirs(out)
    config = os.path.join(archive, "stele.conf")
    with open(config, "a") as conf:
        conf.write(f"\n[ship]\ntarget = file://{out}\ncodec = {codec}\n")
    result = place.stele("ship", "--archive", archive)
    expect(result.code == 0, result.text())
    return archive


def ddl(place, archive, engine="duckdb", *options):
    result = place.stele("lake", "ddl", "--engine", engine, "--archive", archive, *options)
    expect(result.code == 0, result.text())
    return result.out.decode()


def count_of(place, archive, options, query):
    result = place.stele("search", "--archive", archive, "--count", *options, "--", query)
    expect(result.code in (0, 1), f"{query}: {result.text()}")
    return int(result.out)


def sql_of(place, options, query, engine="duckdb", *more):
    return place.stele("search", "--explain-sql", engine, *more, *options, "--", query)


def compare(place, archive, step=1):
    """Every query of the table, or each step-th. The view is kept as a table, so that its making is paid for once."""
    asked = list(queries())[::step]
    expect(len(asked) >= 60, "a table of queries")
    statements = [ddl(place, archive, "duckdb", "--table", "events_view"),
                  "CREATE TABLE teleport_audit_events AS SELECT * FROM events_view"]
    for options, query in asked:
        result = sql_of(place, options, query, "duckdb", "--count")
        expect(result.code == 0, f"{query}: {result.text()}")
        statements.append(result.out.decode())
    wrong = []
    found = 0
    for (options, query), rows in zip(asked, ask(statements)[2:]):
        should = count_of(place, archive, options, query)
        found += should > 0
        got = rows["error"] if isinstance(rows, dict) else int(rows[0][0])
        if got != should:
            wrong.append(f"{' '.join(options)} {query}: SQL {got}, stele {should}")
    expect(not wrong, f"{len(wrong)} of {len(asked)} differ:\n  " + "\n  ".join(wrong))
    expect(found > len(asked) * 2 // 3, f"only {found} of {len(asked)} queries find anything")
    print(f"     {len(asked)} queries, {found} of them with hits", flush=True)


def same_counts_zstd(place):
    compare(place, shipped(place, "zstd", EVENTS), 4 if SANITIZED else 1)


def same_counts_gzip(place):
    compare(place, shipped(place, "gzip", 1000), 5)


def random_values(place):
    """Values put together at random, asked for by parts of themselves."""
    seed = int(os.environ.get("STELE_LAKE_SEED", "1"))
    chance = random.Random(seed)
    words = ["root", "Alice", "\u00c9t\u00e9", "10.9.8.7", "2001:db8::5", "::ffff:192.0.2.9", "a_b", "x", "7", "007", "1.5", "-3",
             "\u041f\u0440", "e5", "2026-11-02T10:00:00Z", "2026-11-02", "550e8400-e29b-41d4-a716-446655440000", "true",
             "evil.com", "bob@evil.com", "http://u@10.9.8.7:80/p?q", "C:", "usr", "bin", "\u65e5\u672c", "Y2F0IDEwLjkuOC43IGZpbGU"]
    joints = [" ", ".", "-", "/", "\\", "@", ":", "+", "%", ",", ";", "=", "(", "]", "'", '"', "", "  ", "_", "\n", "\t", "*"]
    value = lambda: "".join(chance.choice(words) + chance.choice(joints) for _ in range(chance.randint(1, 5)))
    number = lambda: chance.choice([0, 7, -3, 1.5, 0.1, 1e20, 5, 123456789012, 2**53 + 2, 1e-7])
    scalar = lambda: chance.choice([value, value, value, number, lambda: True, lambda: None])()
    tree = lambda depth: (scalar() if depth == 0 or chance.random() < 0.5 else
                          [tree(depth - 1) for _ in range(chance.randint(0, 3))] if chance.random() < 0.5 else
                          {chance.choice("abcf") + chance.choice(["", ".d"]): tree(depth - 1) for _ in range(2)})
    events = [{"event": chance.choice(["one", "two.three"]), "uid": f"r{i}", "time": "2026-11-02T10:00:00Z",
               "a": value(), "b": tree(3), "c": scalar()} for i in range(400)]
    lines = "".join(json.dumps(event, ensure_ascii=chance.random() < 0.5) + "\n" for event in events)
    archive = shipped(place, "zstd", 1)
    expect(place.stele("import", "--archive", archive, place.write("random.ndjson", lines)).code == 0, "import")
    expect(place.stele("ship", "--archive", archive).code == 0, "ship")
    fields = ["", "", "", "a:", "a:", "b:", "b.a:", "b.c.d:", "b.f:", "c:", "event:", "actor:"]

    def part():
        text = value()
        at = chance.randrange(len(text) + 1)
        text = text[at:at + chance.randint(1, 12)] or "x"
        word = re.sub(r'[\s()"]', "", text) or "x"
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        field = chance.choice(fields)
        form = chance.randrange(8)
        if field and form == 7:
            return field + chance.choice([">", "<", ">=", "<="]) + quoted
        return field + [quoted, word, word + "*", "*" + word + "*", "*" + word, word[:1] + "*" + word[1:], quoted,
                        chance.choice(words)][form]

    statements = [ddl(place, archive, "duckdb", "--table", "v"), "CREATE TABLE teleport_audit_events AS SELECT * FROM v"]
    asked = []
    while len(asked) < (50 if SANITIZED else 250):
        query = part() + chance.choice(["", "", " OR " + part(), " NOT " + part()])
        result = sql_of(place, ["--count"], query)
        if result.code == 0:
            asked.append(query)
            statements.append(result.out.decode())
    wrong = []
    for query, rows in zip(asked, ask(statements)[2:]):
        should = count_of(place, archive, [], query)
        if isinstance(rows, dict) or int(rows[0][0]) != should:
            wrong.append(f"{query!r}: SQL {rows}, stele {should}")
    expect(not wrong, f"seed {seed}: {len(wrong)} differ:\n  " + "\n  ".join(wrong[:20]))


def view_itself(place):
    """Without a copy: counts, rows in order, and the typed columns."""
    archive = shipped(place, "zstd", 2000)
    view = ddl(place, archive)
    query = "event:session.command login:root"  # whose times are all taken as they stand
    rows = sql_of(place, ["--limit", "7"], query).out.decode()
    answers = ask([view, sql_of(place, ["--count"], query).out.decode(), rows,
                   "SELECT CAST(time AS VARCHAR), \"user\", \"addr.remote\", \"error\" FROM "
                   "teleport_audit_events WHERE event = 'odd.five'",
                   "SELECT count(*), count(DISTINCT uid), min(dt) FROM teleport_audit_events"])
    expect(int(answers[1][0][0]) == count_of(place, archive, [], query), answers[1])
    lines = place.stele("search", "--archive", archive, "--output", "raw", "--limit", "7", query).out
    times = [json.loads(line)["time"] for line in lines.decode().splitlines()]
    expect([json.loads(row[4])["time"] for row in answers[2]] == times, "newest first")
    expect(answers[3] == [["2026-11-01 22:00:00", None, "198.51.100.23:4022", None]], answers[3])
    total = place.stats(archive)
    expect(int(answers[4][0][0]) == count_of(place, archive, [], "*"), (answers[4], total))


def hostile_text(place):
    """Text that would break out of a literal or mean something to a pattern comes back as it is."""
    values = ["'", "''", "\\", "\\'", "'; DROP TABLE t; --", "a\nb", "%", "_", "[a]", "(", "*", ".*", "$", "${x}",
              "$1", "\\d", "\\u0041", "?", "{", "}", "\"", "`", "/*", "--", "é'", "\t'\t", "^$", "a|b", "x\\", "#1"]
    lines = "".join(json.dumps({"event": "h", "uid": f"h{i}", "time": "2026-11-02T10:00:00Z", "v": value}) + "\n"
                    for i, value in enumerate(values))
    archive = shipped(place, "gzip", 1)
    expect(place.stele("import", "--archive", archive, place.write("hostile.ndjson", lines)).code == 0, "import")
    expect(place.stele("ship", "--archive", archive).code == 0, "ship")
    statements = [ddl(place, archive, "duckdb", "--table", "events_view"),
                  "CREATE TABLE teleport_audit_events AS SELECT * FROM events_view"]
    asked = []
    for value in values:
        quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        asked += ["v:" + quoted, "v:[" + quoted + " TO " + quoted + "]", quoted + ":*"]
        if not re.search(r'[\s()"]', value):
            asked += [f"v:*{value}*", f"v:x*{value}*", f"v:{value}*"]
    for query in asked:
        for engine in ENGINES:
            result = sql_of(place, ["--count"], query, engine)
            expect(result.code == 0, f"{engine} {query!r}: {result.text()}")
            if engine == "duckdb":
                statements.append(result.out.decode())
    for query, rows in zip(asked, ask(statements)[2:]):
        should = count_of(place, archive, [], query)
        expect(not isinstance(rows, dict) and int(rows[0][0]) == should, f"{query!r}: {rows}, should be {should}")


def what_cannot_be_told(place):
    """Leaves that are refused, and a query that fails instead of counting wrong."""
    for engine in ENGINES:
        for query in ("domain:evil.com", "root url:evil.com/a", "hash:" + "a" * 32,
                      "stele.source:x", "w" * 200):
            expect_error(sql_of(place, [], query, engine), 2, f"this leaf cannot be said in {engine}: ")
    expect_error(sql_of(place, [], "x", "oracle"), 2, "duckdb", "oracle")
    expect_error(sql_of(place, ["--table", "a b"], "x"), 2, "table")
    expect_error(sql_of(place, ["--top", "user"], "x"), 2, "--explain-sql")
    expect_error(place.stele("search", "--table", "t", "x"), 2, "--table")
    archive = shipped(place, "zstd", 10)
    view = ddl(place, archive)
    day = ask([view, "SELECT dt FROM teleport_audit_events WHERE event = 'odd.two'"])[1][0][0]
    statements = [view]
    statements += [sql_of(place, ["--count", "--from", day + when], "*").out.decode() for when in ("", "T00:00:01Z")]
    answers = ask(statements)
    expect(int(answers[1][0][0]) == count_of(place, archive, ["--from", day], "*"), answers[1])
    expect("whole days" in answers[2].get("error", ""), answers[2])


def every_engine(place):
    """Places that an engine can and cannot read; no credentials in what is printed."""
    bucket = ["--dest", "s3://logs/teleport", "--config",
              place.write("s3.conf", "[ship]\ns3_access_key_id = AKIDSECRET\ns3_secret_access_key = verysecret\n"
                                     "s3_region = eu-central-1\n")]
    for engine in ENGINES:
        result = place.stele("lake", "ddl", "--engine", engine, "--table", "a.b.events", *bucket)
        text = result.text()
        expect(result.code == 0, text)
        expect("AKIDSECRET" not in text and "verysecret" not in text, "credentials")
        expect("a.b.events" in text and "teleport" in text and "$map" not in text, text)
        expect(text.rstrip().endswith(";"), text)
    wrong = [(["--engine", "oracle", *bucket], "oracle"), (bucket, "--engine"),
             (["--engine", "duckdb", "--dest", "ftp://x"], "s3://"),
             (["--engine", "duckdb", "--dest", "file:///a\nb"], "control"),
             (["--engine", "duckdb", "--dest", "file:///a*"], "pattern"),
             (["--engine", "athena", "--dest", "file:///a"], "s3://"),
             (["--engine", "duckdb", *bucket, "--table", "x; DROP"], "name")]
    for options, words in wrong:
        expect_error(place.stele("lake", "ddl", *options), 2, words)
    expect_error(place.stele("lake"), 2, "ddl")


if __name__ == "__main__":
    install()
    main(same_counts_zstd, same_counts_gzip, random_values, view_itself, hostile_text, what_cannot_be_told, every_engine)
