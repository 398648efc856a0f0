"""What older versions wrote is read as it is, and goes on being written: a segment of version 1
(segment_1.db.zst: 100 made-up events), and an archive whose catalogue is version 1 and whose segment is
version 2 (archive_2.tar.zst: 120 made-up events), which has no seals, holds and proofs."""
import hashlib
import json
import os
import subprocess

from stele_tool import expect, main

FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "segment_1.db.zst")
DIGEST = "15d9c03ee8ae4467b7790dfab9dd975d1394b005ef9f625f4b45b472cf582943"


def older(place):
    expect(place.stele("init", "a").code == 0, "init")
    data = subprocess.run(["zstd", "-d", "-q", "-c", FIXTURE], capture_output=True, check=True).stdout
    place.write("a/segments/2026/2026-11-01.db", data)
    return data


def events(place):
    result = place.stele("search", "*", "--output", "raw", "--limit", "0", "--archive", "a")
    expect(result.code == 0, result.text())
    return result.out


def count(place, query):
    result = place.stele("search", query, "--count", "--archive", "a")
    return int(result.out)


def check(place, lines, more=0):
    """Each way of asking, against the events themselves."""
    for path in ("user", "addr.remote"):
        for value in sorted({line[path] for line in lines if path in line}):
            should = sum(line.get(path) == value for line in lines)
            expect(count(place, f'{path}:"{value}"') == should, f"{path} {value}")
    for line in lines[:20]:
        expect(count(place, line["uid"]) == 1, line["uid"])
    expect(count(place, "*") == len(lines) + more, "all")
    top = place.stele("search", "*", "--top", "user", "--output", "json", "--archive", "a")
    expect(top.code == 0 and lines[0]["user"] in top.text(), top.text())


def is_read(place):
    before = older(place)
    raw = events(place)
    expect(hashlib.sha256(raw).hexdigest() == DIGEST, "the bytes are not those that came")
    check(place, [json.loads(line) for line in raw.splitlines()])
    with open(place.path("a/segments/2026/2026-11-01.db"), "rb") as f:
        expect(f.read() == before, "reading has changed the file")


def goes_on(place):
    older(place)
    raw = events(place)
    lines = [json.loads(line) for line in raw.splitlines()]
    extra = {"event": "exec", "uid": "one-more", "time": "2026-11-01T12:00:00Z",
             "sid": "0d2f9a55-1c1b-4b52-9d1e-6a1f3f0c7f11", "addr.remote": "203.0.113.9:40000"}
    data = raw + json.dumps(extra).encode() + b"\n"
    result = place.stele("import", "-", "--archive", "a", stdin=data)
    expect(result.code == 0 and b"1 stored, 100 duplicates" in result.out, result.text())
    check(place, lines, more=1)
    for query in ("sid:" + extra["sid"], "ip:203.0.113.9", "40000 203.0.113.9", extra["sid"]):
        expect(count(place, query) == 1, query)


def before_seals(place):
    """Nothing of it is changed by reading; then it is sealed, held, shipped and written."""
    os.mkdir(place.path("a"))
    packed = os.path.join(os.path.dirname(FIXTURE), "archive_2.tar.zst")
    subprocess.run(["tar", "--zstd", "-xf", packed, "-C", place.path("a")], check=True)
    files = [place.path("a/archive.db"), place.path("a/segments/2026/2026-11-01.db")]
    before = [open(path, "rb").read() for path in files]
    lines = [json.loads(line) for line in events(place).splitlines()]
    expect(len(lines) == 120 and count(place, "*") == 120, f"{len(lines)} events")
    for line in lines[::10]:
        expect(count(place, line["uid"]) == 1, line["uid"])
    result = place.stele("verify", "--archive", "a")
    expect(result.code == 0 and b"no seal" in result.err and
           b"1 block was made before proofs were kept" in result.err, result.text())
    for words in (("seal", "--list"), ("hold", "list"), ("retention", "--deleted")):
        result = place.stele(*words, "--archive", "a")
        expect(result.code in (0, 1) and b"Traceback" not in result.err, f"{words}: {result.text()}")
    expect(place.stats("a")["holds"] == 0, "holds")
    expect([open(path, "rb").read() for path in files] == before, "reading has changed a file")
    place.write("ship.conf", f"[archive]\ndir = a\n[receive]\ntls = no\n[ship]\n"
                             f"target = file://{place.path('out/data')}\n")
    result = place.stele("ship", "--archive", "a", "--config", "ship.conf")
    expect(result.code == 0 and b"shipped 120 events" in result.out, result.text())
    line = (b'{"event":"exec","uid":"one-more","time":"2026-11-01T12:00:00Z","user":"alice"}\n')
    expect(place.stele("import", "-", "--archive", "a", stdin=line).code == 0, "import")
    expect(place.stele("ship", "--archive", "a", "--config", "ship.conf").code == 0, "ship")
    for words in (("--archive", "a"), ("--dest", "out/data", "--key", "a/keys/seal.pub")):
        result = place.stele("verify", *words)
        expect(result.code == 0 and b"121 events in 2 blocks" in result.err, result.text())
    expect(count(place, "*") == 121, "all")


main(is_read, goes_on, before_seals)
