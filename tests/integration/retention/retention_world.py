"""What the tests of retention share: events of old days, what the target has, what was deleted."""
import collections
import glob
import json
import os
import sqlite3
import subprocess

from stele_tool import expect

DAYS = ["2025-10-01", "2025-10-02", "2025-10-03"]


def events(first, count, days=None, user="alice"):
    """Lines of NDJSON (bytes) with uids from `first` on, the days in turn."""
    days = days or DAYS
    return [json.dumps({"event": "user.login", "code": "T1000I", "uid": f"keep-{number}",
                        "user": user, "sid": f"sid-{number % 7}",
                        "time": f"{days[number % len(days)]}T10:00:{number % 60:02}Z"}).encode()
            for number in range(first, first + count)]


def bring_in(place, archive, lines):
    result = place.stele("import", "--archive", archive, "-", stdin=b"\n".join(lines) + b"\n")
    expect(result.code == 0, result.text())


def configure(place, archive, retention="keep = 30d", target=True):
    ship = f"[ship]\ntarget = file://{place.path('out')}\n" if target else ""
    place.write(f"{archive}/stele.conf", f"[receive]\ntls = no\n{ship}[retention]\n{retention}\n")


def new_archive(place, **settings):
    expect(place.stele("init", "a").code == 0, "init")
    configure(place, "a", **settings)
    return "a"


def at_target(place):
    """How often each uid is at the target."""
    uids = collections.Counter()
    for path in glob.glob(place.path("out", "dt=*", "*.zst")):
        done = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True)
        uids.update(json.loads(line)["uid"] for line in done.stdout.splitlines())
    return uids


def expect_once(place, uids):
    found = at_target(place)
    twice = [uid for uid, count in found.items() if count > 1]
    missing = set(uids) - set(found)
    expect(not twice and not missing, f"{len(twice)} twice, e.g. {twice[:3]}; {len(missing)} "
                                      f"missing, e.g. {sorted(missing)[:3]}")


def deletions(place, archive):
    result = place.stele("retention", "--archive", archive, "--deleted", "--output", "json")
    expect(result.code in (0, 1), result.text())
    return json.loads(result.out)


def merged_days(path):
    """The days that a file of merged days has."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {row[0] for row in db.execute("SELECT DISTINCT date(day_us / 1000000, 'unixepoch') FROM block")}
    finally:
        db.close()


def files(place, archive, under_way=False):
    """The days that files have; nothing else may be left of others, unless one is just going."""
    found = glob.glob(place.path(archive, "segments", "*", "*"))
    files_there = [p for p in found if p.endswith(".db")]
    stray = [p for p in found if not any(p.startswith(there) for there in files_there)]
    expect(under_way or not stray, f"left over: {stray}")
    days = set()
    for path in files_there:
        name = os.path.basename(path)
        days |= merged_days(path) if name.startswith("from-") else {name[:10]}
    return days


def uids_of(lines):
    return [json.loads(line)["uid"] for line in lines]
