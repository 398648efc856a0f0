#!/usr/bin/env python3
"""Killed before any change of a file while days are merged: every event is there once at every
moment, with the same bytes, and the next run goes on."""
import os
import shutil
import signal

from merge_world import bring_in, day_files, events, expect_well, names
from stele_tool import DRAW, FULL, expect, main


def merge(place, archive, **env):
    result = place.stele("merge", "--archive", archive, env={
        "LD_PRELOAD": os.environ["KILL_AT_LIBRARY"], **env})
    return result.code


def everything(place, archive):
    return place.stele("search", "*", "--limit", "0", "--output", "raw", "--archive", archive).out


def points(kinds):
    """All changes in a full run, else a dozen, drawn, and all that are no writes."""
    every = range(1, len(kinds) + 1)
    step = 1 if FULL else max(1, len(kinds) // 12)
    return [n for n in every if n % step == DRAW % step or kinds[n - 1] not in "ws"]


def at_each_change(place):
    lines = day_files(place, "start", 900, 8)
    want = everything(place, "start")
    expect(want.count(b"\n") == len(lines), "all are there")
    shutil.copytree(place.path("start"), place.path("b"))
    expect(merge(place, "b", KILL_AT_LIST=place.path("kinds")) == 0, "an undisturbed run")
    with open(place.path("kinds")) as file:
        kinds = file.read()
    expect(len(kinds) > 12, kinds)
    for change in points(kinds):
        shutil.rmtree(place.path("b"))
        shutil.copytree(place.path("start"), place.path("b"))
        expect(merge(place, "b", KILL_AT=str(change)) == -signal.SIGKILL, f"{change}: killed")
        expect(everything(place, "b") == want, f"{change}: other events")
        if change % 2:
            told = bring_in(place, "b", events(9, 40, 8) + lines[::9])
            expect("40 stored" in told and f"{len(lines[::9])} duplicates" in told, f"{change}: {told}")
        result = place.stele("merge", "--archive", "b")
        expect(result.code == 0, f"{change}: {result.text()}")
        expect(names(place, "b") == ["merged/from-2025-01-01.db"], f"{change}: {names(place, 'b')}")
        if change % 2 == 0:
            expect(everything(place, "b") == want, f"{change}: other events after it")
        expect(place.stele("ship", "--archive", "b").code == 0, f"{change}: shipped")
        expect_well(place, "b", objects=change % 2 == 0)
    print(f"     kills before {len(points(kinds))} of {len(kinds)} changes, by STELE_TEST_DRAW={DRAW}")


main(at_each_change)
