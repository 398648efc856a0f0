"""stele search and stele session for people: what the table shows of each event of the corpus, and
that actor means the same in the table, in queries, in counts and in SQL."""
import collections
import csv
import io
import json
import pathlib

import corpus
from stele_tool import expect, main

LINES = pathlib.Path(__file__).resolve().parents[2] / "unit/query/event_lines.txt"
CELLS = ("event", "code", "actor", "address", "target", "sentence")


def lines():
    """What is shown of the events of types.ndjson, in their order."""
    return [dict(zip(CELLS, line.split("\t"))) for line in LINES.read_text().splitlines()]


def make(place, events):
    expect(place.stele("init", "a").code == 0, "init")
    result = place.stele("import", "--archive", "a", "-", stdin=b"\n".join(corpus.with_uids(events)))
    expect(result.code == 0, result.text())


def ask(place, *words, env=None):
    result = place.stele(words[0], "--archive", "a", *words[1:], env=env)
    expect(result.code in (0, 1), result.text())
    return result.out.decode()


def types(place):
    make(place, corpus.lines_of(corpus.OWN / "types.ndjson"))
    return lines()


def table(place):
    """Into a pipe: a header, and every line whole, with the uid by which an event is shown."""
    should = types(place)
    head, *rows = ask(place, "search", "*", "--sort", "time", "--limit", "0", env={"COLUMNS": "40"}).splitlines()
    expect(head.split() == ["time", "severity", "event", "actor", "address", "target", "uid", "what"], head)
    expect(len(rows) == len(should), (len(rows), len(should)))
    for row, cells in zip(rows, should):
        expect(row.endswith("  " + cells["sentence"]), (row, cells))
        at = 0
        for name in ("event", "actor", "address", "target"):
            at = row.find(cells[name], at)
            expect(at >= 0, (name, row, cells))


def table_of_a_terminal(place):
    should = types(place)
    for columns in (80, 120, 160, 200):
        result = place.on_terminal(columns, "search", "*", "--sort", "time", "--limit", "0", "--archive", "a")
        rows = result.out.decode().splitlines()[1:]
        expect(len(rows) == len(should), len(rows))
        expect(all(len(row) <= columns for row in rows), (columns, max(map(len, rows))))
        if columns >= 120:
            expect(all(cells["sentence"][:20] in row for row, cells in zip(rows, should)), columns)


def csv_form(place):
    should = types(place)
    rows = list(csv.DictReader(io.StringIO(ask(place, "search", "*", "--sort", "time", "--output", "csv"))))
    for row in rows:
        row["sentence"] = row["what"]
    expect([{name: row[name] for name in CELLS} for row in rows] == should, "csv")


def actor_means_the_same(place):
    shown = [cells["actor"] for cells in types(place)]
    should = collections.Counter(shown)
    none = should.pop("")
    for who in ("lockkeeper", "entra", "okta", "maren.holt@example.org"):  # bot_name, integration, user.user too
        expect(should[who] > 0, who)
    for actor in should:
        # a query finds words: bot-lockkeeper has lockkeeper in it
        with_words = sum(actor in other for other in shown)
        count = ask(place, "search", f'actor:"{actor}"', "--count").strip()
        expect(count == str(with_words), (actor, with_words, count))
    expect(ask(place, "search", "NOT actor:*", "--count").strip() == str(none), none)
    top = {}
    for row in ask(place, "search", "*", "--top", "actor", "--limit", "0").splitlines()[1:]:
        count, actor = row.strip().split("  ", 1)
        top[actor] = int(count)
    expect(top == should, (top, should))
    rows = json.loads(ask(place, "sql", "SELECT actor, count(*) AS n FROM teleport_audit_events "
                          "GROUP BY actor", "--output", "json"))
    expect({row["actor"] or "": row["n"] for row in rows} == {**should, "": none}, rows)


def something_in_every_row(place):
    """Of each event that has a type, and of real ones when there are some beside the project."""
    make(place, corpus.lines())
    rows = ask(place, "search", "event:*", "--sort", "time", "--limit", "0").splitlines()[1:]
    out = ask(place, "search", "event:*", "--sort", "time", "--output", "csv")
    cells = list(csv.DictReader(io.StringIO(out, newline="")))
    expect(len(rows) == len(cells) > 700, (len(rows), len(cells)))
    for row, cell in zip(rows, cells):
        rest = row[20:]
        for name in ("severity", "event", "actor", "address", "target"):
            if cell[name] and cell[name] in rest:  # not where it is made harmless
                rest = rest.partition(cell[name])[2]
        expect(rest.strip() or not any(map(str.isalnum, cell["event"])), row)


if __name__ == "__main__":
    main(table, table_of_a_terminal, csv_form, actor_means_the_same, something_in_every_row)
