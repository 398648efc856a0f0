"""stele stats: its numbers are those of what was put in."""
import json

from stele_tool import expect, expect_error, main


def numbers(place):
    expect(place.stele("init", "a").code == 0, "init")
    lines = [json.dumps({"event": "auth", "code": "T3007W", "uid": str(i),
                         "time": f"2026-11-{1 + i // 100:02d}T00:00:{i % 60:02d}Z"})
             for i in range(300)]
    data = ("\n".join(lines) + "\nbroken\n").encode()
    result = place.stele("import", "--archive", "a", "-", stdin=data + data[:len(lines[0]) + 1])
    expect(result.code == 0, result.text())
    stats = place.stats("a")
    raw = sum(len(line) + 1 for line in lines)
    for name, should in (("events", 300), ("days", 3), ("blocks", 3), ("raw_bytes", raw),
                         ("oldest", "2026-11-01T00:00:00Z"), ("newest", "2026-11-03T00:00:59Z"),
                         ("inbox", 0), ("quarantine", 1)):
        expect(stats[name] == should, f"{name} is {stats[name]}, should be {should}")
    counters = stats["counters"]
    for name, should in (("received", 301), ("stored", 300), ("quarantined", 1)):
        expect(counters[name] == should, f"{name} is {counters[name]}, should be {should}")
    expect(sum(v for k, v in counters.items() if k.startswith("duplicate")) == 1, counters)
    expect(0 < stats["stored_bytes"] < raw < stats["file_bytes"], stats)
    table = place.stele("stats", env={"STELE_ARCHIVE": "a"}).out.decode()
    expect("events            300\n" in table and "2026-11-01 to 2026-11-03" in table, table)


def parts(place):
    expect(place.stele("init", "a").code == 0, "init")
    expect(place.stele("import", "--archive", "a", "-", stdin=b'{"event":"x","uid":"1"}\n').code == 0,
           "import")
    result = place.stele("stats", "--archive", "a", "--parts", "--output", "json")
    found = json.loads(result.out)["parts"]
    for name in ("columns", "vocabulary", "words", "observables", "other"):
        expect(found[name] > 0, found)
    expect(b"bytes an event)" in place.stele("stats", "--archive", "a", "--parts").out, "a table")


def wrong_input(place):
    expect_error(place.stele("stats"), 2, "--archive DIR")
    expect_error(place.stele("stats", "--archive", "nowhere"), 3, "nowhere")
    expect_error(place.stele("stats", "--output", "xml"), 2, "xml", "json")
    expect_error(place.stele("stats", "more"), 2, "more")
    place.write("a/archive.db", "this is no database, and long enough to be looked at" * 100)
    expect_error(place.stele("stats", "--archive", "a"), 4, "archive.db")


main(numbers, parts, wrong_input)
