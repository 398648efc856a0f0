"""stele watch without a daemon: what is kept is what a hunt finds, each once, through adding, updating
and removing; and the words and codes of the tool."""
import json
import os
import random
import subprocess
import time

from stele_tool import BIN, expect, expect_error, main
from watch_world import (LIST, OTHER, add, bring_in, expect_same, hunted, kept, lists, make_events,
                         pairs, run)


def before_and_after_the_events(place):
    place.stele("init", "a")
    add(place, "a", "early", LIST)
    run(place, "a")
    bring_in(place, "a", make_events(0, 3000))
    add(place, "a", "late", OTHER)
    run(place, "a")
    for name, indicators in (("early", LIST), ("late", OTHER)):
        expect_same(pairs(kept(place, "a", name), name), hunted(place, "a", indicators), name)
    count = len(kept(place, "a"))
    expect("\n0 new hits" in "\n" + run(place, "a"), "nothing is new")
    expect(len(kept(place, "a")) == count, "a second run changed something")
    bring_in(place, "a", make_events(3000, 3000, seed=2))  # new blocks of the same days
    run(place, "a")
    for name, indicators in (("early", LIST), ("late", OTHER)):
        expect_same(pairs(kept(place, "a", name), name), hunted(place, "a", indicators), name)
    row = next(row for row in lists(place, "a")["lists"] if row["list"] == "early")
    rows = kept(place, "a", "early")
    expect(row["hits"] == len(rows) and row["indicators"] == len(LIST), row)
    expect(row["last_hit"] == max(r["time"] for r in rows), row)
    for indicator in {r["indicator"] for r in rows}:
        mine = [r for r in rows if r["indicator"] == indicator]
        expect({r["first_seen"] for r in mine} == {min(r["time"] for r in mine)}, indicator)
        expect({r["last_seen"] for r in mine} == {max(r["time"] for r in mine)}, indicator)


def updating_hunts_what_is_new(place):
    place.stele("init", "a")
    bring_in(place, "a", make_events(0, 2000))
    add(place, "a", "feed", ["203.0.113.9", "=evil.com", "user:alice"])
    run(place, "a")
    old = pairs(kept(place, "a"), "old")
    expect_same(old, hunted(place, "a", ["203.0.113.9", "=evil.com", "user:alice"]), "old")
    # evil.com is wider than =evil.com, and so new; a spelling is not; only user:alice goes
    said = add(place, "a", "feed", ["203[.]0[.]113[.]9", "evil.com", "192.0.2.77"], "update")
    expect("2 new, 1 no longer in it" in said, said)
    run(place, "a")
    first = pairs(kept(place, "a"), "updated")
    new = hunted(place, "a", ["evil.com", "192.0.2.77"])
    expect({p[:2] for p in first} ==
           {p[:2] for p in old | new}, "hits of before and of what is new")
    bring_in(place, "a", make_events(5000, 2000, seed=3))
    run(place, "a")
    later = pairs(kept(place, "a"), "later") - first
    fresh = {p for p in hunted(place, "a", ["203.0.113.9", "evil.com", "192.0.2.77"])
             if int(p[1].split("-")[1]) >= 5000}
    expect({p[1:] for p in later} == {p[1:] for p in fresh}, "new events are matched with the new list")
    expect(not [p for p in later if p[0] == "user:alice"], "what was removed is not matched")


def stix(*patterns):
    return json.dumps({"type": "bundle", "objects": [
        {"type": "indicator", "id": f"indicator--{i}", "pattern": pattern, "pattern_type": "stix"}
        for i, pattern in enumerate(patterns)]})


def patterns_of_several_values(place):
    """A pattern with AND beside a list that has its parts as indicators."""
    place.stele("init", "a")
    bring_in(place, "a", make_events(0, 2000))
    both = "[ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'evil.com']"
    one = "[ipv4-addr:value = '192.0.2.77']"
    add(place, "a", "plain", ["203.0.113.9", "user:alice"])
    add(place, "a", "stix", [stix(both, one)])
    run(place, "a")
    first = hunted(place, "a", [stix(both, one)])
    expect_same(pairs(kept(place, "a", "stix"), "stix"), first, "old events")
    expect(len({p[0] for p in first}) == 2, "both patterns have hits")
    bring_in(place, "a", make_events(3000, 2000, seed=5))
    run(place, "a")
    expect_same(pairs(kept(place, "a", "stix"), "stix"), hunted(place, "a", [stix(both, one)]), "new")
    expect_same(pairs(kept(place, "a", "plain"), "plain"),
                hunted(place, "a", ["203.0.113.9", "user:alice"]), "plain")
    more = "[ipv4-addr:value = '10.0.0.1' AND user-account:user_id = 'carol']"
    said = add(place, "a", "stix", [stix(both, more)], "update")
    expect("1 new, 1 no longer in it" in said, said)
    run(place, "a")
    expect({p[1] for p in pairs(kept(place, "a", "stix"), "stix")} ==
           {p[1] for p in hunted(place, "a", [stix(both, one, more)])}, "updated")


def events_that_are_hard_to_tell_apart(place):
    """Without uid, without time, with the same uid: a row for each that a hunt finds."""
    place.stele("init", "a")
    lines = [{"event": "x", "user": "eve"}, {"event": "x", "user": "eve", "n": 1},
             {"event": "x", "user": "eve", "time": "2026-10-01T00:00:00Z"},
             {"event": "x", "user": "eve", "time": "2026-10-02T00:00:00Z"},
             {"event": "x", "user": "eve", "uid": "u"}, {"event": "y", "user": "eve", "uid": "u"},
             {"event": "x", "user": "eve", "uid": "u", "code": "T1"},
             {"event": "x", "user": "eve", "uid": "u", "time": "2026-10-01T00:00:00Z"},
             {"event": "x", "user": "eve", "uid": "u", "time": "2026-10-01T00:00:00Z"},
             {"event": "x", "user": "eve", "uid": "u", "time": "2026-10-01T00:00:01Z"},
             {"event": "x", "user": "eve", "uid": "u", "time": "1999-01-01T00:00:00Z"}]
    text = [json.dumps(line).encode() for line in lines]
    bring_in(place, "a", text + text[:3])
    add(place, "a", "feed", ["user:eve"])
    run(place, "a")
    bring_in(place, "a", text)
    run(place, "a")
    events = place.stele("hunt", "--archive", "a", "--events", "-", stdin=b"user:eve").out
    wanted = sorted((row["time"], json.dumps(row["event"])) for row in map(json.loads, events.splitlines()))
    found = sorted((row["time"], json.dumps(row["event"])) for row in kept(place, "a"))
    expect(found == wanted and len(wanted) == 9, f"{found}\n{wanted}")


def removing(place):
    place.stele("init", "a")
    bring_in(place, "a", make_events(0, 500))
    add(place, "a", "one", LIST)
    add(place, "a", "two", LIST)  # the same indicators in two lists
    run(place, "a")
    one, two = kept(place, "a", "one"), kept(place, "a", "two")
    expect(len(one) > 0 and pairs(one, "one") == pairs(two, "two"), "both lists have all hits")
    place.stele("watch", "remove", "one", "--keep-hits", "--archive", "a")
    place.stele("watch", "remove", "two", "--archive", "a")
    expect(kept(place, "a", "one") == one, "kept hits are as they were")
    expect(len(kept(place, "a")) == len(one), "the others are gone")
    expect(lists(place, "a")["lists"] == [], "nothing is watched")
    bring_in(place, "a", make_events(900, 500, seed=9))
    run(place, "a")
    expect(kept(place, "a") == one, "nothing is matched any more")
    add(place, "a", "one", ["user:carol"])  # the name is free again; what came meanwhile is old now
    run(place, "a")
    both = pairs(kept(place, "a", "one"), "one")
    expect_same(both - pairs(one, "one"), hunted(place, "a", ["user:carol"]), "a list again")
    expect_error(place.stele("watch", "hits", "--name", "two", "--archive", "a"), 3, "two")


def killed_in_the_middle(place):
    """kill -9 of runs at random moments: in the end each hit is there once."""
    place.stele("init", "a")
    bring_in(place, "a", make_events(0, 12000, days=12))
    add(place, "a", "feed", LIST)
    seed = int(os.environ.get("STELE_SEED", time.time_ns() % 1000000))
    print(f"STELE_SEED={seed}", flush=True)
    dice = random.Random(seed)
    begun = time.monotonic()
    run(place, "a")
    whole = time.monotonic() - begun
    expect(place.stele("watch", "remove", "feed", "--archive", "a").code == 0, "removed")
    add(place, "a", "feed", LIST)
    seen = []
    for number in range(12):
        if number == 4:
            bring_in(place, "a", make_events(20000, 4000, days=14, seed=4))
        process = subprocess.Popen([os.path.join(BIN, "stele"), "watch", "run", "--archive", "a"],
                                   cwd=place.dir, stdout=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, whole / 2))
        process.kill()
        process.wait()
        seen.append(len(kept(place, "a")))
    run(place, "a")
    rows = kept(place, "a")
    print(f"hits after each kill: {seen}, in the end {len(rows)}", flush=True)
    expect_same(pairs(rows, "feed"), hunted(place, "a", LIST), "after the kills")


def forms(place):
    place.stele("init", "a")
    bring_in(place, "a", [b'{"event":"x","uid":"u1","time":"2026-10-01T00:00:00Z",\n"user":"eve"}'])
    add(place, "a", "feed", ["user:eve"])
    run(place, "a")
    table = place.stele("watch", "hits", "--archive", "a").out.decode().split("\n")
    expect(table[0].split()[:2] == ["time", "list"] and "user:eve" in table[1] and len(table) == 3, table)
    rows = json.loads(place.stele("watch", "hits", "--archive", "a", "--output", "json").out)
    expect([row["event"]["uid"] for row in rows] == ["u1"], rows)
    csv = place.stele("watch", "hits", "--archive", "a", "--output", "csv").out.split(b"\r\n")
    expect(csv[1].startswith(b"2026-10-01T00:00:00Z,feed,user:eve,user,user,eve,u1,"), csv)
    none = place.stele("watch", "hits", "--archive", "a", "--from", "2026-10-02")
    expect(none.code == 1 and none.out == b"", none.text())
    none = place.stele("watch", "hits", "--archive", "a", "--from", "2026-10-02", "--output", "json")
    expect(none.code == 1 and json.loads(none.out) == [], none.text())


def wrong_use(place):
    place.stele("init", "a")
    listed = place.write("l", "1.2.3.4\n")
    at = ("--archive", "a")
    expect_error(place.stele("watch", "ad", *at), 2, "unknown action \"ad\"", "did you mean add?")
    expect_error(place.stele("watch", "--archive", "a", "add"), 2, "after the action")
    expect_error(place.stele("watch", "add", listed, *at), 2, "--name")
    expect_error(place.stele("watch", "add", "--name", "x", *at), 2, "a list of indicators")
    expect_error(place.stele("watch", "add", listed, "--name=", *at), 2, "--name is empty")
    for name in ("a b", "-x", "..", "x" * 65, "a/b"):
        expect_error(place.stele("watch", "add", listed, f"--name={name}", *at), 2,
                     "cannot be the name of a list")
    expect_error(place.stele("watch", "add", "nosuch", "--name", "x", *at), 3, "nosuch")
    expect_error(place.stele("watch", "add", "-", "--name", "x", *at), 3, "no indicator")
    expect_error(place.stele("watch", "add", listed, "--name", "x", "--archive", "none"), 3,
                 "no archive")
    expect(not os.path.exists(place.path("a", "watch.db")), "nothing was made")
    for words in (("hits",), ("run",), ("update", "x", listed), ("remove", "x")):
        expect_error(place.stele("watch", *words, *at), 3, "nothing is watched")
    expect(place.stele("watch", *at).code == 0, "no lists are no error")
    expect(place.stele("watch", "add", listed, "--name", "x", *at).code == 0, "added")
    expect_error(place.stele("watch", "add", listed, "--name", "x", *at), 3, "stele watch update")
    expect_error(place.stele("watch", "update", "y", listed, *at), 3, '"y"')
    expect_error(place.stele("watch", "remove", "y", *at), 3, '"y"')
    expect_error(place.stele("watch", "remove", *at), 2, "one list")
    expect_error(place.stele("watch", "hits", "--output", "xml", *at), 2, "xml")
    expect_error(place.stele("watch", "--output", "xml", *at), 2, "xml")
    expect_error(place.stele("watch", "hits", "x", *at), 2, "--name NAME")
    with open(place.path("a", "watch.db"), "r+b") as f:
        f.write(b"\0" * 4096)
    expect_error(place.stele("watch", *at), 4, "watch.db")


main(before_and_after_the_events, updating_hunts_what_is_new, patterns_of_several_values,
     events_that_are_hard_to_tell_apart, removing, killed_in_the_middle, forms,
     wrong_use)
