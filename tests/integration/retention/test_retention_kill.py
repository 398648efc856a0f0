"""stele retention, killed before each change that it makes to a file, one after the other. Whatever is
left: a day is there whole or its deletion is on record; events that come for the day afterwards are not
taken with it; everything is at the target once; and in the end every day went once."""
import os
import shutil
import signal
import subprocess

from retention_world import (DAYS, bring_in, deletions, events, expect_once, files, new_archive,
                             uids_of)
from stele_tool import BIN, expect, main

CHANGES_MAX = 500


def killed(place, archive, change):
    """One run of stele retention; True: it was killed before that change."""
    env = {**os.environ, "LD_PRELOAD": os.environ["KILL_AT_LIBRARY"], "KILL_AT": str(change)}
    done = subprocess.run([os.path.join(BIN, "stele"), "retention", "--archive", archive],
                          capture_output=True, cwd=place.dir, env=env, timeout=60)
    expect(done.returncode in (0, -signal.SIGKILL), f"{done.returncode} {done.stderr}")
    return done.returncode != 0


def counted(place, archive):
    result = place.stele("search", "--archive", archive, "*", "--count")
    expect(result.code in (0, 1), result.text())
    return int(result.out)


def at_each_change(place):
    first, late = events(0, 30), events(100, 6)
    start = new_archive(place)
    bring_in(place, start, first)
    expect(place.stele("ship", "--archive", start).code == 0, "shipped")
    shutil.copytree(place.path("out"), place.path("out.start"))
    with open(place.path("inbox"), "wb") as f:
        f.write(b"\n".join(first))
    kills = 0
    for change in range(1, CHANGES_MAX):
        shutil.rmtree(place.path("b"), ignore_errors=True)
        shutil.rmtree(place.path("out"))
        shutil.copytree(place.path(start), place.path("b"))
        shutil.copytree(place.path("out.start"), place.path("out"))
        if not killed(place, "b", change):
            break
        kills += 1
        rows = deletions(place, "b")
        gone = {row["day"] for row in rows}
        there = {n[:10] for n in os.listdir(place.path("b", "segments", "2025"))
                 if n.endswith(".db")}
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
    expect(kills > 12, f"only {kills} kills")
    print(f"     {kills} kills")


main(at_each_change)
