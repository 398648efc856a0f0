"""stele retention and stele hold: what goes, what stays and why, who held it; and every wrong use."""
import glob
import getpass
import json
import os
import subprocess

from retention_world import (DAYS, bring_in, configure, deletions, events, expect_once, files,
                             new_archive, uids_of)
from stele_tool import BIN, LONG_SECONDS, expect, expect_error, main


def hold(place, *words):
    result = place.stele("hold", "add", "--archive", "a", *words)
    expect(result.code == 0, result.text())
    return result


def plan(place, *words):
    result = place.stele("retention", "--archive", "a", "--dry-run", "--output", "json", *words)
    expect(result.code == 0, result.text())
    return {day["day"]: day for day in json.loads(result.out)["over"]}


def held_and_unshipped(place):
    new_archive(place)
    bring_in(place, "a", events(0, 30, user="bob") + events(100, 5, DAYS[:1], user="carol"))
    over = plan(place)
    expect({d["verdict"] for d in over.values()} == {"unshipped"} and len(over) == 3, over)
    expect(place.stele("ship", "--archive", "a").code == 0, "shipped")
    hold(place, "--user", "carol", "--why", "case 7")
    hold(place, "--from", "2025-10-02T23:00:00Z", "--to", "2025-10-03", "--why", "audit")
    over = plan(place)
    expect(over[DAYS[0]]["verdict"] == "held" and over[DAYS[0]]["hold"] == 1, over)
    expect(over[DAYS[1]]["hold"] == 2 and over[DAYS[2]]["verdict"] == "goes", over)
    expect(files(place, "a") == set(DAYS), "a dry run deletes nothing")
    text = place.stele("retention", "--archive", "a").out.decode()
    expect("2025-10-01  age   stays, held by hold 1" in text and "1 of 3 days went" in text, text)
    expect(files(place, "a") == set(DAYS[:2]), "the third day went")
    row, = deletions(place, "a")
    expect(row["day"] == DAYS[2] and row["events"] == 10 and row["done"] and not row["forced"]
           and row["who"] == getpass.getuser() and len(row["chain"]) == 64, row)
    result = hold(place, "--session", "sid-3", "--why", "too late")
    expect(b"1 day was deleted before" in result.err, result.text())


def released_with_a_reason(place):
    new_archive(place, target=False)
    bring_in(place, "a", events(0, 30))
    hold(place, "--session", "sid-3", "--why", "case 9")
    expect({d["verdict"] for d in plan(place).values()} == {"held"}, "held")
    listed = json.loads(place.stele("hold", "list", "--archive", "a", "--output", "json").out)
    one, = listed
    expect(one["subject"] == "sid-3" and one["why"] == "case 9" and one["kind"] == "session", one)
    expect_error(place.stele("hold", "release", "1", "--archive", "a"), 2, "--why")
    expect_error(place.stele("hold", "release", "8", "--why", "x", "--archive", "a"), 3, "no hold 8")
    expect(place.stele("hold", "release", "1", "--why", "closed", "--archive", "a").code == 0, "ok")
    expect_error(place.stele("hold", "release", "1", "--why", "x", "--archive", "a"), 3, "already")
    expect(place.stele("hold", "--archive", "a").code == 1, "nothing is held")
    listed = json.loads(place.stele("hold", "list", "--all", "--archive", "a", "--output",
                                    "json").out)
    expect(listed[0]["released_why"] == "closed", listed)
    expect(place.stele("retention", "--archive", "a").code == 0, "went")
    expect(files(place, "a") == set(), "all went")
    stats = place.stats("a")
    expect((stats["holds"], stats["deleted_days"], stats["deleted_events"]) == (0, 3, 30), stats)
    checked = place.stele("check", "--archive", "a").out.decode()
    expect("warn  retention    30 days" in checked, checked)


def forced(place):
    new_archive(place)
    bring_in(place, "a", events(0, 30))
    expect(place.stele("retention", "--archive", "a", "--force").code == 0, "forced")
    rows = deletions(place, "a")
    expect(all(r["forced"] and r["unshipped"] == 10 for r in rows) and len(rows) == 3, rows)
    more = events(50, 9)
    bring_in(place, "a", more)
    expect(place.stele("ship", "--archive", "a").code == 0, "shipped")
    expect_once(place, uids_of(more))


def by_size(place):
    new_archive(place, target=False, retention="size_max = 1GiB")
    bring_in(place, "a", events(0, 30))
    expect(plan(place) == {}, "there is room")
    size = sum(os.path.getsize(p) for p in glob.glob(place.path("a/segments/*/*.db"))) // 1024
    bound = f"{size - 1}KiB"
    over = plan(place, "--size-max", bound)
    expect({d["bound"] for d in over.values()} == {"size"} and list(over) == DAYS[:1], over)
    expect(place.stele("retention", "--archive", "a", "--size-max", bound).code == 0, "went")
    expect(files(place, "a") == set(DAYS[1:]), "the oldest went")
    table = place.stele("retention", "--archive", "a", "--deleted").out.decode()
    expect(DAYS[0] in table and " size " in table, table)


def searches_go_on(place):
    """A search that has its days listed or open goes on beside the deletion."""
    new_archive(place, target=False)
    bring_in(place, "a", [e for n in range(8) for e in
                          events(n * 40000, 40000, [f"2025-09-{n + 1:02}"])])
    searching = [subprocess.Popen([os.path.join(BIN, "stele"), *words, "--archive", place.path("a")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                 for words in (("search", "*login*", "--count"), ("stats",), ("search", "login"),
                               ("sql", "SELECT count(*) FROM teleport_audit_events"))]
    expect(place.stele("retention", "--archive", "a").code == 0, "went")
    for process in searching:
        words = process.communicate(timeout=LONG_SECONDS)[1].decode()
        expect(process.returncode in (0, 1), f"{process.args}: {process.returncode} {words}")


def wrong_use(place):
    new_archive(place, retention="")
    tool = lambda *words: place.stele(*words, "--archive", "a")
    expect_error(tool("retention"), 2, "retention.keep", "--keep")
    expect_error(tool("retention", "--keep", "3h"), 2, "1d or more")
    expect_error(tool("retention", "--keep", "soon"), 2, "--keep", "soon")
    expect_error(tool("retention", "--size-max", "big"), 2, "--size-max", "big")
    expect_error(tool("retention", "--deleted", "--force"), 2, "--deleted")
    expect_error(tool("retention", "--output", "xml"), 2, "xml")
    expect_error(tool("retention", "now"), 2, "now")
    expect(tool("retention", "--deleted").code == 1, "nothing was deleted")
    expect_error(tool("hold", "add", "--why", "x"), 2, "--session")
    expect_error(tool("hold", "add", "--user", "x"), 2, "--why")
    expect_error(tool("hold", "add", "--user", "x", "--session", "y", "--why", "z"), 2, "give one")
    expect_error(tool("hold", "add", "--user", "", "--why", "z"), 2, "--user is empty")
    expect_error(tool("hold", "add", "--from", "2025-10-02", "--to", "2025-10-01", "--why", "z"), 2,
                 "not before")
    expect_error(tool("hold", "add", "--from", "whenever", "--why", "z"), 2, "--from")
    expect_error(tool("hold", "ad"), 2, "did you mean add?")
    expect_error(tool("hold", "release", "one", "--why", "z"), 2, "one")
    expect_error(tool("hold", "list", "--output", "xml"), 2, "xml")
    configure(place, "a", retention="keep = 1h")
    expect_error(tool("retention"), 2, "retention.keep must be 1d or more")


main(held_and_unshipped, released_with_a_reason, forced, by_size, searches_go_on, wrong_use)
