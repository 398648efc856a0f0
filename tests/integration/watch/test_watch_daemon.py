"""steled keeps watch: events are matched as they come, lists may change beside it, and kill -9 at any
moment leaves each hit there exactly once."""
import os
import random
import time

from stele_tool import DAY_FILES, expect, expect_error, main
from steletest import Steled, new_archive, wait_until
from watch_world import (LIST, OTHER, add, bring_in, expect_same, hunted, kept, lists, make_events,
                         pairs)

SETTINGS = {"index.max_wait": "200ms"}


def post_all(daemon, lines, batch=100):
    connection = daemon.connect()
    for at in range(0, len(lines), batch):
        expect(daemon.post(b"\n".join(lines[at:at + batch]), connection=connection) == 200, "posted")
    connection.close()


def settled(place, archive, indicators, name):
    """Waits until the hits are those of a hunt, which reads the inbox too; then they are."""
    def same():
        return len(kept(place, archive, name)) >= len(hunted(place, archive, indicators))
    wait_until(same, f"{name}: all hits are there")
    expect_same(pairs(kept(place, archive, name), name), hunted(place, archive, indicators), name)


def as_they_come(place):
    archive = new_archive(place)
    bring_in(place, archive, make_events(0, 1000))
    with Steled(archive, None, SETTINGS) as daemon:
        add(place, archive, "feed", LIST)
        settled(place, archive, LIST, "feed")
        wait_until(lambda: lists(place, archive)["lists"][0]["old_events_hunted"], "old ones hunted")
        before = len(kept(place, archive))
        post_all(daemon, make_events(1000, 1000, seed=2))
        settled(place, archive, LIST, "feed")
        expect(len(kept(place, archive)) > before, "new events had hits")
        add(place, archive, "other", OTHER)
        settled(place, archive, OTHER, "other")
        json_list = ['{"type":"bundle","objects":[{"type":"indicator","pattern":'
                     '"[ipv4-addr:value = \'203.0.113.9\' AND user-account:user_id = \'alice\']"}]}']
        add(place, archive, "json", json_list)
        settled(place, archive, json_list, "json")
        expect(place.stele("watch", "remove", "json", "--archive", archive).code == 0, "removed")
        add(place, archive, "other", LIST, "update")
        expect(place.stele("watch", "remove", "feed", "--archive", archive).code == 0, "removed")
        post_all(daemon, make_events(3000, 300, seed=3))
        wait_until(lambda: {p[1] for p in hunted(place, archive, LIST)} <=
                   {r["uid"] for r in kept(place, archive, "other")}, "the updated list")
        daemon.wait_for("stele_watch_hits_total", before)
        metrics = daemon.metrics()
        expect(metrics["stele_watch_lag_blocks"] == 0 and metrics["stele_watch_indicators"] == len(LIST)
               and metrics["stele_watch_failures_total"] == 0, metrics)
        expect_error(place.stele("watch", "run", "--archive", archive), 3, "steled", "keeps watch")


def kills(place):
    seed = int(os.environ.get("STELE_SEED", time.time_ns() % 1000000))
    print(f"STELE_SEED={seed}", flush=True)
    dice = random.Random(seed)
    archive = new_archive(place)
    bring_in(place, archive, make_events(0, 15000, days=15))
    add(place, archive, "feed", LIST)
    seen = []
    for number in range(8):
        with Steled(archive, None, SETTINGS) as daemon:
            post_all(daemon, make_events(20000 + 1000 * number, 400, days=20, seed=number))
            if number == 4:
                add(place, archive, "other", OTHER)
            time.sleep(dice.uniform(0, 0.6))
            daemon.kill()
        seen.append(len(kept(place, archive)))
    with Steled(archive, None, SETTINGS):
        settled(place, archive, LIST, "feed")
        settled(place, archive, OTHER, "other")
        wait_until(lambda: all(row["old_events_hunted"] for row in lists(place, archive)["lists"]),
                   "old ones hunted")
    ids = [(row["list"], row["indicator"], row["uid"]) for row in kept(place, archive)]
    expect(len(ids) == len(set(ids)), "each once")
    print(f"hits after each kill: {seen}, in the end {len(ids)}", flush=True)


def days_after_a_restart(place):
    """As many days as a list has room for at first are known; then there are more."""
    archive = new_archive(place)
    add(place, archive, "feed", LIST)
    bring_in(place, archive, make_events(0, 1600, days=16))
    with Steled(archive, None, SETTINGS):
        settled(place, archive, LIST, "feed")
    with Steled(archive, None, SETTINGS) as daemon:
        post_all(daemon, make_events(5000, 1400, days=28, seed=2))
        settled(place, archive, LIST, "feed")


def a_damaged_day_holds_up_no_other(place):
    archive = new_archive(place)
    place.write(os.path.join(archive, "stele.conf"), DAY_FILES)
    bring_in(place, archive, make_events(0, 400, days=2))
    broken = os.path.join(archive, "segments/2026/2026-10-01.db")
    with open(broken, "rb") as f:
        whole = f.read()
    with open(broken, "wb") as f:
        f.write(b"\0" * 8192)
    with Steled(archive, None, SETTINGS) as daemon:
        add(place, archive, "feed", LIST)
        daemon.wait_for("stele_watch_failures_total", 1)
        wait_until(lambda: any("watch: matching: " in line and "2026-10-01" in line
                               for line in daemon.lines), "the day is named")
        expect({row["time"][:10] for row in kept(place, archive)} == {"2026-10-02"}, "the other day")
        with open(broken, "wb") as f:
            f.write(whole)
        settled(place, archive, LIST, "feed")


def a_broken_watch_stops_no_receiver(place):
    archive = new_archive(place)
    add(place, archive, "feed", LIST)
    with open(os.path.join(archive, "watch.db"), "wb") as f:
        f.write(b"not a database" * 1000)
    with Steled(archive, None, SETTINGS) as daemon:
        daemon.wait_for("stele_watch_failures_total", 1)
        post_all(daemon, make_events(0, 300))
        daemon.wait_for("stele_stored_total", 300)
        expect(any("watch.db" in line for line in daemon.lines), daemon.log())


main(as_they_come, kills, days_after_a_restart, a_damaged_day_holds_up_no_other, a_broken_watch_stops_no_receiver)
