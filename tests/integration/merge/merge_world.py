"""What the tests of merging share: an archive of many days, each in a file of its own, and all that
it answers, which merging must not change."""
import datetime
import glob
import json
import os
import random

from stele_tool import DAY_FILES, expect

FIRST = datetime.date(2025, 11, 20)  # the days go over the turn of a year
USERS = ["alice", "bob", "carol", "mallory"]


def day(number):
    return str(FIRST + datetime.timedelta(days=number))


def events(seed, count, days):
    """Lines of NDJSON (bytes) over so many days, in the order of their times."""
    dice = random.Random(seed)
    lines = []
    for number in range(count):
        at = number * days * 86400 // count
        time = datetime.datetime.combine(FIRST, datetime.time()) + datetime.timedelta(seconds=at)
        lines.append(json.dumps({
            "event": dice.choice(["user.login", "session.start", "session.command"]), "code": "T1000I",
            "uid": f"{seed:08x}-0000-4000-8000-{number:012x}", "user": dice.choice(USERS),
            "sid": f"sid-{number % 97}", "addr.remote": f"198.51.100.{dice.randrange(250)}:{number % 6000}",
            "command": f"curl https://host{number % 31}.example/{dice.randrange(1 << 30):x}",
            "time": time.isoformat() + "Z"}).encode())
    return lines


def configure(place, archive, more=""):
    place.write(f"{archive}/stele.conf", "[receive]\ntls = no\n[ship]\ntarget = file://"
                f"{place.path('out')}\n[retention]\nkeep = 36500d\n{more}")


def bring_in(place, archive, lines):
    result = place.stele("import", "--archive", archive, "-", stdin=b"\n".join(lines) + b"\n")
    expect(result.code == 0, result.text())
    return result.out.decode()


def day_files(place, archive, count, days, seed=1):
    """An archive with a file a day, of several blocks, shipped and sealed."""
    expect(place.stele("init", archive).code == 0, "init")
    configure(place, archive, DAY_FILES)
    lines = events(seed, count, days)
    for part in range(3):
        bring_in(place, archive, lines[part::3])
    expect(place.stele("ship", "--archive", archive).code == 0, "shipped")
    configure(place, archive)
    return lines


def names(place, archive, under_way=False):
    """The files of events; beside them only their logs may be."""
    found = sorted(os.path.relpath(path, place.path(archive, "segments"))
                   for path in glob.glob(place.path(archive, "segments", "*", "*")))
    files = [name for name in found if name.endswith(".db")]
    left = [name for name in found if not any(name.startswith(file) for file in files)]
    expect(under_way or not left, f"left over: {left}")
    return files


def answers(place, archive):
    """{command: output} of all ways to ask."""
    asked = [("search", "*", "--limit", "0", "--output", "ndjson"),
             ("search", "user:alice command:*host7*", "--limit", "0", "--output", "ndjson"),
             ("search", "user:bob", "--sort", "time", "--limit", "40", "--output", "ndjson"),
             ("search", "*", "--top", "user", "--output", "json"), ("search", "curl mallory", "--count"),
             ("search", "*", "--histogram", "1d", "--output", "json"),
             ("search", "ip:198.51.100.7", "--limit", "0", "--output", "ndjson"),
             ("export", "--from", day(3), "--to", day(9), "--dest", "-"),
             ("sql", "SELECT user, count(*), min(time), max(uid) FROM teleport_audit_events GROUP BY user ORDER BY 1",
              "--output", "csv")]
    found = {}
    for words in asked:
        result = place.stele(*words, "--archive", archive)
        expect(result.code in (0, 1), f"{words}: {result.text()}")
        found[words] = result.out
    place.write("list.txt", "198.51.100.9\nhost5.example\n")
    hits = place.stele("hunt", place.path("list.txt"), "--events", "--archive", archive)
    expect(hits.code in (0, 1), hits.text())
    found["hunt"] = sorted(hits.out.splitlines())
    return found


def expect_well(place, archive, objects=True):
    result = place.stele("verify", "--archive", archive, "--key", place.path(archive, "keys/seal.pub"))
    expect(result.code == 0, result.text())
    if objects:
        result = place.stele("ship", "--reconcile", "--archive", archive)
        expect(result.code == 0, result.text())
