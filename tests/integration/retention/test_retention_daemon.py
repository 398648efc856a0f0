"""steled deletes old days beside receiving, shipping and watching: late events of a deleted day come
again and again, holds come and go, kill -9 at any moment; and every event is at the target once."""
import os
import random
import time

from retention_world import DAYS, deletions, events, expect_once, files, uids_of
from stele_tool import expect, expect_error, main
from steletest import Steled, new_archive, wait_until

FAST = {"index.max_wait": "50ms", "ship.interval": "50ms", "retention.keep": "30d",
        "retention.interval": "100ms"}


def settings(place, **more):
    return {**FAST, "ship.target": "file://" + place.path("out"), **more}


def post(daemon, lines):
    expect(daemon.post(b"\n".join(lines)) == 200, "posted")


def days_come_and_go(place):
    archive = new_archive(place)
    sent = []
    with Steled(archive, None, settings(place)) as daemon:
        today = events(0, 20, [time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))])
        post(daemon, today)
        sent += uids_of(today)
        for round_number in range(4):
            late = events(1000 * (round_number + 1), 30)
            post(daemon, late)
            sent += uids_of(late)
            wait_until(lambda: sum(d["events"] for d in deletions(place, archive)) ==
                       30 * (round_number + 1), "the late days went")
        expect_once(place, sent)
        metrics = daemon.metrics()
        expect(metrics["stele_deleted_events_total"] == 120, metrics)
        expect(metrics["stele_deleted_days_total"] == len(deletions(place, archive)), metrics)
        expect_error(place.stele("retention", "--archive", archive, "--keep", "30d"), 3, "steled",
                     "--dry-run")
        expect(place.stele("retention", "--archive", archive, "--keep", "30d", "--dry-run").code == 0,
               "a dry run beside it")
        rows = deletions(place, archive)
        expect(all(r["done"] and r["who"] == "steled" and not r["forced"] for r in rows), rows)
        blocks = {}
        for row in rows:
            expect(row["last_block"] > blocks.get(row["day"], 0), f"numbers go on: {rows}")
            blocks[row["day"]] = row["last_block"]
    expect(len(files(place, archive)) == 1, "yesterday stays")


def held_beside_it(place):
    archive = new_archive(place)
    expect(place.stele("hold", "add", "--user", "mallory", "--why", "case", "--archive",
                       archive).code == 0, "hold")
    with Steled(archive, None, settings(place)) as daemon:
        post(daemon, events(0, 10, DAYS[:1]))
        post(daemon, events(100, 10, DAYS[1:2], user="mallory"))
        wait_until(lambda: [d["day"] for d in deletions(place, archive)] == DAYS[:1], "one went")
        wait_until(lambda: daemon.metrics()["stele_retention_held_days"] == 1, "one is held")
        time.sleep(0.5)
        expect(files(place, archive) == {DAYS[1]}, "the other stays")
        expect(place.stele("hold", "release", "1", "--why", "over", "--archive", archive).code == 0,
               "released")
        wait_until(lambda: files(place, archive, True) == set(), "it went")


def nothing_unshipped_goes(place):
    archive = new_archive(place)
    place.write("out", "in the way")
    with Steled(archive, None, settings(place, **{"retention.size_max": "1KiB"})) as daemon:
        post(daemon, events(0, 30))
        wait_until(lambda: daemon.metrics()["stele_retention_unshipped_days"] == 3, "they wait")
        wait_until(lambda: "retention.size_max: 0 held, 3 not shipped" in daemon.log(), "it is said")
        expect(deletions(place, archive) == [], "nothing went")
        os.unlink(place.path("out"))
        daemon.signal("SIGUSR1")
        wait_until(lambda: len(deletions(place, archive)) == 3, "then they go")
    expect_once(place, uids_of(events(0, 30)))


def kills(place):
    archive = new_archive(place)
    draw = random.Random(7)
    sent = []
    for round_number in range(14):
        with Steled(archive, None, settings(place, **{"retention.interval": "20ms"})) as daemon:
            for batch in range(draw.randint(1, 6)):
                lines = events(100000 * round_number + 1000 * batch, 60)
                post(daemon, lines)
                sent += uids_of(lines)
                time.sleep(draw.random() * 0.1)
            time.sleep(draw.random() * 0.2)
            daemon.kill()
    with Steled(archive, None, settings(place)) as daemon:
        wait_until(lambda: files(place, archive, True) == set() and
                   sum(d["events"] for d in deletions(place, archive)) == len(sent), "all went")
        expect(all(d["done"] and not d["unshipped"] for d in deletions(place, archive)), "shipped")
    expect(files(place, archive) == set(), "nothing is left of any day")
    expect_once(place, sent)


main(days_come_and_go, held_beside_it, nothing_unshipped_goes, kills)
