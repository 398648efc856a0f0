"""Numbers and names in an archive's files that Stele does not write: whatever a column holds, each verb
and the daemon end by themselves, with an exit code of theirs. A usual run gives a third of the
columns one value of these, a full one each all."""
import concurrent.futures
import glob
import os
import shutil
import sqlite3

from stele_tool import DRAW, FULL, expect, run, run_cases
from verify_world import World

NUMBERS = (-(2**63), -1, 0, 1, 4097, 2**31, 2**32 + 1, 2**62, 2**63 - 1)
NAMES = ("", "/", "../../escaped", "/escaped", "a//b", "a\x1b[31m\nb", "x" * 5000, "\u202e%s%n")
VERBS = (
    ("search", "user:user1"), ("search", "--limit", "3"), ("search", "--histogram", "hour"),
    ("search", "--top", "user"), ("search", "ip:203.0.113.7"), ("search", "/srv/*"), ("stats",),
    ("session", "00000001-0000-4000-8000-000000000000"), ("hunt", "list.txt"), ("quarantine",),
    ("sql", "select count(*), max(time), min(user) from teleport_audit_events where user > 'a'"),
    ("hold", "list"), ("seal", "--list"), ("verify", "--key", "seal.pub"), ("verify", "--shipped"),
    ("ship", "--status"), ("ship", "--reconcile"), ("watch", "hits"), ("retention", "--deleted"),
    ("retention", "--dry-run", "--keep", "1d"), ("export", "--dest", "COPY/export"),
    ("copy", "--why", "test", "COPY/out.stele"), ("watch", "run"), ("import", "late.ndjson"),
    ("ship",), ("seal",), ("retention", "--keep", "1d"), ("import", "late.ndjson"))
SQL_NAMES = ("sqlite_", "fts")


class Columns(World):
    def __enter__(self):
        super().__enter__()
        self.write("late.ndjson", b"\n".join(self.lines[:5]).replace(b'"pid":', b'"late":1,"pid":'))
        self.write("list.txt", b"203.0.113.7\nuser1\n")
        self.ok("watch", "add", "--archive", "clean", "list.txt", "--name", "list")
        self.ok("hold", "add", "--archive", "clean", "--why", "case", "--from", "2026-11-20", "--to",
                "2026-11-21")
        self.ok("watch", "run", "--archive", "clean")
        self.ok("retention", "--archive", "clean", "--keep", "1d")
        self.ok("import", "--archive", "clean", "late.ndjson")
        return self

    def files(self):
        days = sorted(glob.glob(self.path("clean/segments/*/*.db")))
        return [os.path.relpath(path, self.path("clean"))
                for path in [self.path("clean/archive.db"), self.path("clean/watch.db"), *days[-1:]]]

    def columns(self, name):
        """Of each table: its triggers, and each column that holds numbers or texts."""
        file = sqlite3.connect(f"file:{self.path('clean', name)}?mode=ro", uri=True)
        triggers = "".join(f"DROP TRIGGER {t}; " for t, in file.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
        tables = [t for t, in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"
                                           " AND sql NOT LIKE '%VIRTUAL%' ORDER BY name")
                  if t.startswith("sqlite_sequence") or not t.startswith(SQL_NAMES)]
        for table in tables:
            for _, column, kind, *_ in file.execute(f"PRAGMA table_info('{table}')"):
                if file.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]:
                    yield triggers, table, column, kind
        file.close()

    def changes(self):
        """(file, SQL, what): one change each."""
        for name in NAMES:  # these become names of files
            text = name.replace("'", "''")
            yield "archive.db", (f"UPDATE archive SET id = '{text}'", f"archive.id = {name[:60]!r}")
            yield "archive.db", ("DROP TRIGGER object_plan_is_final; DROP TRIGGER object_shipped_is_final;"
                                 f" UPDATE object SET state = 0, seal = 0, key = '{text}' WHERE id ="
                                 " (SELECT max(id) FROM object)", f"object.key = {name[:60]!r}")
        yield "archive.db", ("DROP TRIGGER seal_is_final; UPDATE seal SET number = 2147483648 WHERE number ="
                             " (SELECT max(number) FROM seal)", "seal.number, two thousand millions")
        count = 0
        for name in self.files():
            for triggers, table, column, kind in self.columns(name):
                values = NUMBERS if kind in ("INTEGER", "INT", "") else NAMES if kind == "TEXT" else ()
                if values and not FULL:
                    taken = (count + DRAW) % 3 == 0
                    values = [values[(count + DRAW) % len(values)]] if taken else []
                    count += 1
                for value in values:
                    text = str(value) if isinstance(value, int) else "'" + value + "'"
                    yield name, (f"{triggers}UPDATE OR REPLACE \"{table}\" SET \"{column}\" = {text}",
                                 f"{name}: {table}.{column} = {text[:60]!r}")

    def try_change(self, number, name, sql, what):
        """What went wrong with a copy of the archive that was so changed."""
        base = self.path(f"copy{number}")
        shutil.copytree(self.path("clean"), base)
        run(os.environ["FORGE_TOOL"], "sql", os.path.join(base, name), sql, ok=False)
        wrong = []
        before = set(os.listdir(self.dir))
        for verb in VERBS:
            words = [base + word[4:] if word.startswith("COPY/") else word for word in verb]
            done = self.stele(*words, "--archive", base, timeout=120)
            if not 0 <= done.code <= 4:
                wrong.append(f"{what}: stele {' '.join(verb)}: {done.code}: {done.text()[-300:]}")
        shutil.rmtree(base)
        escaped = {n for n in set(os.listdir(self.dir)) - before if not n.startswith("copy")}
        return wrong + [f"{what}: wrote {escaped}"] * bool(escaped)


def every_column(world):
    changes = list(world.changes())
    expect(len(changes) > 25, f"{len(changes)} columns")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(world.try_change, number, name, *change)
                 for number, (name, change) in enumerate(changes)]
        wrong = [line for one in tries for line in one.result()]
    expect(not wrong, "\n".join(wrong))


with Columns(events=300) as the_world:
    run_cases(lambda test: test(the_world), every_column)
