"""stele retention, killed before a change that it makes to a file: before one of each kind of change
(write, sync, rename, unlink) in a usual run, before every one in a full run. Whatever is left: a day is there whole or its deletion is on record; events that come for the day afterwards are not
taken with it; everything is at the target once; and in the end every day went once."""
import os
import random
import shutil
import signal

from retention_world import (DAYS, bring_in, deletions, events, expect_once, files, new_archive,
                             uids_of)
from stele_tool import BIN, DRAW, FULL, expect, main, run

def retention(place, archive, **env):
    """One run of stele retention with the library that counts its changes; gives its exit code."""
    env = {"LD_PRELOAD": os.environ["KILL_AT_LIBRARY"], **env}
    return run(os.path.join(BIN, "stele"), "retention", "--archive", archive, cwd=place.dir, env=env,
               ok=False).returncode


def points(kinds):
    """Before which changes a kill comes; kinds has a letter for each change."""
    wanted = range(1, len(kinds) + 1)
    if not FULL:
        dice = random.Random(DRAW)
        wanted = [dice.choice([n for n in wanted if kinds[n - 1] == kind])
                  for kind in sorted(set(kinds))]
    return list(wanted)


def counted(place, archive):
    result = place.stele("search", "--archive", archive, "*", "--count")
    expect(result.code in (0, 1), result.text())
    return int(result.out)


def fresh_copy(place, start):
    """The archive as b, and its target, as they were before the first run."""
    shutil.rmtree(place.path("b"), ignore_errors=True)
    shutil.rmtree(place.path("out"))
    shutil.copytree(place.path(start), place.path("b"))
    shutil.copytree(place.path("out.start"), place.path("out"))


def at_each_change(place):
    first, late = events(0, 30), events(100, 6)
    start = new_archive(place)
    bring_in(place, start, first)
    expect(place.stele("ship", "--archive", start).code == 0, "shipped")
    shutil.copytree(place.path("out"), place.path("out.start"))
    with open(place.path("inbox"), "wb") as f:
        f.write(b"\n".join(first))
    fresh_copy(place, start)
    expect(retention(place, "b", KILL_AT_LIST=place.path("kinds")) == 0, "an undisturbed run")
    with open(place.path("kinds")) as f:
        kinds = f.read()
    expect(len(kinds) > 12 and len(set(kinds)) >= 3, f"changes: {kinds}")
    for change in points(kinds):
        fresh_copy(place, start)
        expect(retention(place, "b", KILL_AT=str(change)) == -signal.SIGKILL, f"{change}: killed")
        rows = deletions(place, "b")
        gone = {row["day"] for row in rows}
        there = files(place, "b", under_way=True)
        expect(set(DAYS) - there <= gone, f"{change}: a day is gone without a record")
        expect(all(row["day"] not in there for row in rows if row["done"]), f"{change}: {rows}")
        expect(len(rows) == len(gone), f"{change}: a day went twice: {rows}")
        if change % 2:  # what comes next: events of the days, or the next run of retention
            bring_in(place, "b", late)
            expect(counted(place, "b") == 10 * (3 - len(gone)) + 6, f"{change}: late events")
            expect(place.stele("ship", "--archive", "b").code == 0, "shipped")
        result = place.stele("retention", "--archive", "b")
        expect(result.code == 0, result.text())
        expect(files(place, "b") == set(), f"{change}: days are left")
        bring_in(place, "b", events(200, 6))
        expect(counted(place, "b") == 6, f"{change}: events after it")
        expect(place.stele("ship", "--archive", "b").code == 0, "shipped")
        rows = deletions(place, "b")
        expect(all(row["done"] for row in rows), f"{change}: {rows}")
        expect(sum(row["events"] for row in rows) == 30 + 6 * (change % 2), f"{change}: {rows}")
        expect_once(place, uids_of(first + events(200, 6) + (late if change % 2 else [])))
    print(f"     kills before {points(kinds)} of {len(kinds)} changes, by STELE_TEST_DRAW={DRAW}")


main(at_each_change)
