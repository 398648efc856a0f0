#!/usr/bin/env python3
"""Seals of a daemon at work: at each ship, and at their interval when nothing happens; killed at any
moment, the chain of seals goes on without a gap, all of them lie beside what was shipped, and the log
has the digest of each."""
import json
import os
import random
import re
import subprocess
import time

from stele_tool import Place, expect, main
from steletest import Steled, wait_until


def settings(place):
    return {"ship.target": f"file://{place.path('out/data')}", "ship.interval": "100ms",
            "index.max_wait": "100ms", "seal.interval": "1s"}


def seals(place):
    """What stele seal --list says: number, digest, blocks, objects, put."""
    listed = place.stele("seal", "--list", "--output", "json", "--archive", "a").out
    return [(row["seal"], row["sha256"], row["blocks"], row["objects"], row["put"] or "-")
            for row in json.loads(listed or b"[]")]


def event(number):
    return json.dumps({"event": "auth", "code": "T3007W", "uid": f"u-{number}", "user": "alice",
                       "time": f"2026-11-{20 + number % 3}T10:00:00Z"}).encode()


def expect_whole(place):
    waiting = [row for row in seals(place) if row[4] == "-"]
    expect(len(waiting) <= 1, f"some were not put: {waiting}")
    if waiting:  # a daemon that is stopped leaves its last seal to the next one
        expect(place.stele("seal", "--archive", "a", "--config", "verify.conf").code == 0, "seal")
    found = seals(place)
    expect([row[0] for row in found] == list(range(1, len(found) + 1)), found)
    expect(all(row[4] != "-" for row in found), f"some were not put: {found}")
    folder = [os.path.join(where, name) for where, _, names in
              os.walk(place.path("out/stele-digest")) for name in names]
    expect(len(folder) == 2 * len(found), f"{len(folder)} files for {len(found)} seals")
    for words in ((), ("--shipped",)):
        result = place.stele("verify", "--archive", "a", "--key", "a/keys/seal.pub", *words,
                             "--config", "verify.conf")
        expect(result.code == 0, f"{words}: {result.text()}")
    return found


def prepare(place):
    expect(place.stele("init", "a").code == 0, "init")
    place.write("verify.conf", "[archive]\ndir = a\n[receive]\ntls = no\n[ship]\ntarget = file://"
                + place.path("out/data") + "\n")


def at_each_ship_and_at_its_time(place):
    prepare(place)
    with Steled(place.path("a"), settings=settings(place)) as steled:
        for number in range(200):
            expect(steled.post(event(number)) == 200, "post")
        wait_until(lambda: sum(row[3] for row in seals(place)) >= 3, "the objects are sealed")
        wait_until(lambda: any(row[2] == 0 and row[3] == 0 for row in seals(place)), "a seal without news")
        wait_until(lambda: all(row[4] != "-" for row in seals(place)), "all are put")
        log = steled.log()
    found = expect_whole(place)
    logged = dict(re.findall(r"seal (\d+), sha256 ([0-9a-f]{64})", log))
    for number, digest, *_ in found[:-1]:
        expect(logged.get(str(number)) in (digest, None), f"seal {number}: {logged.get(str(number))}")
    expect(len(logged) >= 2, log)
    text = place.path("out/stele-digest/data")
    first = sorted(os.path.join(w, n) for w, _, names in os.walk(text) for n in names
                   if n.endswith(".json"))[0]
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey",
                    place.path("a/keys/seal.pub"), "-rawin", "-in", first, "-sigfile",
                    first[:-5] + ".sig"], check=True, capture_output=True)


def killed_at_any_moment(place):
    prepare(place)
    dice = random.Random(int(os.environ.get("STELE_SEED", "3")))
    number = 0
    for _ in range(12):
        with Steled(place.path("a"), settings=settings(place)) as steled:
            end = time.monotonic() + dice.random() * 0.9
            while time.monotonic() < end:
                expect(steled.post(event(number)) == 200, "post")
                number += 1
            steled.process.kill()
            steled.process.wait()
    with Steled(place.path("a"), settings=settings(place)) as steled:
        steled.signal("SIGUSR1")
        wait_until(lambda: place.stats("a")["inbox"] == 0, "all is indexed")
        expect(place.stele("ship", "--archive", "a", "--config", "verify.conf").code == 0, "ship")
        count = len(seals(place))
        wait_until(lambda: len(seals(place)) > count, "one more seal")
        wait_until(lambda: all(row[4] != "-" for row in seals(place)), "all are put")
    found = expect_whole(place)
    expect(place.stats("a")["events"] == number, "events")
    result = place.stele("verify", "--dest", "out/data")
    expect(f"{number:,} events".encode() in result.err, result.text())
    print(f"{number} events, {len(found)} seals, 12 kills")


def a_target_that_fails(place):
    """Digests that cannot be put hold nothing up, and go out later."""
    prepare(place)
    values = {**settings(place), "seal.target": f"file://{place.path('closed/digests')}"}
    place.write("closed", "a file where a directory should be")
    with Steled(place.path("a"), settings=values) as steled:
        for number in range(20):
            expect(steled.post(event(number)) == 200, "post")
        wait_until(lambda: sum(row[3] for row in seals(place)) >= 3, "the objects are sealed")
        wait_until(lambda: "seal: seal 1: " in steled.log(), "the log says why")
    expect(all(row[4] == "-" for row in seals(place)), seals(place))
    with Steled(place.path("a"), settings=settings(place)) as steled:
        wait_until(lambda: all(row[4] != "-" for row in seals(place)), "all are put")
    expect_whole(place)


if __name__ == "__main__":
    main(at_each_ship_and_at_its_time, killed_at_any_moment, a_target_that_fails)
