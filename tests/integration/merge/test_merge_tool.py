#!/usr/bin/env python3
"""Days with files of their own become one file a year: nothing that is asked is answered otherwise,
before, after, with late events, without a day, and with a day that is damaged."""
import datetime
import os
import sqlite3

from merge_world import answers, bring_in, configure, day, day_files, events, expect_well, names
from stele_tool import expect, expect_error, main
from steletest import Steled, wait_until


def the_same_answers(place):
    lines = day_files(place, "a", 6000, 60)
    before = answers(place, "a")
    expect(before[("search", "*", "--limit", "0", "--output", "ndjson")].count(b"\n") == len(lines), "all are there")
    expect(len(before["hunt"]) > 10, "the hunt finds something")
    expect(len(names(place, "a")) == 60, names(place, "a"))
    result = place.stele("merge", "--archive", "a")
    expect(result.code == 0 and b"6,000 events of 60 days merged" in result.out, result.text())
    expect(names(place, "a") == ["merged/from-2025-01-01.db", "merged/from-2026-01-01.db"], names(place, "a"))
    after = answers(place, "a")
    for words, found in before.items():
        expect(after[words] == found, f"{words}: another answer")
    expect_well(place, "a")
    result = place.stele("merge", "--archive", "a", "--output", "json")
    expect(b'"days":0' in result.out, result.text())


def one_file(place):
    """A file of merged days, asked by itself: its days are days."""
    lines = day_files(place, "a", 2000, 20)
    expect(place.stele("merge", "--archive", "a").code == 0, "merged")
    file = place.path("a/segments/merged/from-2025-01-01.db")
    for words in (("search", "*", "--limit", "0", "--output", "raw"),
                  ("search", "user:bob", "--from", day(3), "--to", day(5), "--limit", "0", "--output", "raw"),
                  ("search", "*", "--histogram", "1d", "--output", "json"),
                  ("export", "--dest", "-"), ("export", "--dry-run", "--verbose"),
                  ("sql", "SELECT count(*), count(DISTINCT substr(time, 1, 10)) FROM teleport_audit_events")):
        one = place.stele(*words, "--archive", file)
        expect(one.code == 0, one.text())
        expect(one.out == place.stele(*words, "--archive", "a").out, f"{words}: another answer")
    expect(len(lines) == 2000, "all are asked")


def late_events(place):
    lines = day_files(place, "a", 2000, 20)
    expect(place.stele("merge", "--archive", "a").code == 0, "merged")
    late = events(9, 300, 20)
    told = bring_in(place, "a", late + lines[::7])
    expect("300 stored" in told and f"{len(lines[::7])} duplicates" in told, told)
    expect(place.stele("ship", "--archive", "a").code == 0, "shipped")
    expect(names(place, "a") == ["merged/from-2025-01-01.db"], names(place, "a"))
    result = place.stele("search", "*", "--count", "--archive", "a")
    expect(b"2,300" in result.out or b"2300" in result.out, result.text())
    expect_well(place, "a")


def a_day_goes(place):
    """Retention takes the oldest day out; what comes of it later goes on behind its numbers."""
    lines = day_files(place, "a", 6000, 20)
    expect(place.stele("merge", "--archive", "a").code == 0, "merged")
    path = place.path("a/segments/merged/from-2025-01-01.db")
    size = os.path.getsize(path)
    keep = f"{(datetime.date.today() - datetime.date.fromisoformat(day(1))).days}d"
    result = place.stele("retention", "--archive", "a", "--keep", keep)
    expect(result.code == 0, result.text())
    expect(os.path.getsize(path) < size, f"{os.path.getsize(path)} of {size} bytes")
    count = place.stele("search", "*", "--count", "--archive", "a").out
    expect(b"5,700" in count or b"5700" in count, count)
    expect(place.stele("seal", "--archive", "a").code == 0, "sealed")
    expect_well(place, "a", objects=False)
    told = bring_in(place, "a", lines[:300])
    expect("300 stored" in told, told)
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    first, = db.execute("SELECT min(number) FROM block WHERE day_us = (SELECT min(day_us) FROM block)").fetchone()
    db.close()
    expect(first == 4, f"the day goes on with block {first}")
    expect(place.stele("ship", "--archive", "a").code == 0, "shipped")
    expect_well(place, "a", objects=False)
    result = place.stele("search", "host3", "--count", "--archive", "a")
    expect(result.code == 0, result.text())


def a_damaged_day_stays(place):
    day_files(place, "a", 3000, 6)
    path = place.path(f"a/segments/2025/{day(2)}.db")
    with open(path, "r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 8192)
    result = place.stele("merge", "--archive", "a")
    expect(result.code != 0 and day(2).encode() in result.err, result.text())
    expect(names(place, "a") == [f"2025/{day(2)}.db", "merged/from-2025-01-01.db"], names(place, "a"))


def a_daemon_merges(place):
    day_files(place, "a", 2000, 20)
    before = answers(place, "a")
    configure(place, "a", "[index]\nmerge_after = 1s\n[serve]\nlisten = 127.0.0.1:0\n")
    with Steled(place.path("a"), None, {"index.merge_after": "1s"}):
        expect_error(place.stele("merge", "--archive", "a"), 3, "steled")
        wait_until(lambda: names(place, "a", under_way=True) == ["merged/from-2025-01-01.db"], "merged")
        after = answers(place, "a")
    for words, found in before.items():
        expect(after[words] == found, f"{words}: another answer")
    expect_well(place, "a")


main(the_same_answers, one_file, late_events, a_day_goes, a_damaged_day_stays, a_daemon_merges)
