"""Lists as their makers write them (the files in lists/), and lists that mean harm: each is read, or
refused in one line, in bounded time and memory."""
import gzip
import json
import os
import resource

from stele_tool import expect, expect_error, main

LISTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lists")
SHA256 = "4bac27393bdd9777ce02453256c5577cd02275510b2227f473d03f533924f877"


def archive(place):
    place.stele("init", "a")
    event = {"event": "x", "uid": "1", "time": "2026-10-01T00:00:00Z", "addr.remote": "203.0.113.9:1"}
    place.stele("import", "--archive", "a", "-", stdin=json.dumps(event).encode())


def read(place, *words, stdin=b""):
    """Every indicator of the lists, as (text, kind): its row."""
    result = place.stele("hunt", "--archive", "a", "--output", "json", "--unseen", *words, stdin=stdin)
    expect(result.code in (0, 1), result.text()[:500])
    report = json.loads(result.out)
    return result, report, {(row["indicator"], row["kind"]): row for row in report["indicators"]}


def expect_rows(place, name, wanted, refused=()):
    result, report, rows = read(place, os.path.join(LISTS, name))
    expect(set(rows) == set(wanted), f"{name}: {sorted(set(rows) ^ set(wanted))}")
    told = result.err.decode()
    expect(report["lists"][0]["refused"] == len(refused), f"{name}: {told}")
    for words in refused:
        expect(words in told, f"{name} should say {words}: {told}")
    return rows


def forms_of_their_makers(place):
    archive(place)
    and_pattern = ("[user-account:account_login = 'mallory' AND (ipv4-addr:value = '192.0.2.45' OR "
                   "ipv4-addr:value = '192.0.2.46')]", "pattern")
    rows = expect_rows(place, "stix_bundle.json", {
        (SHA256, "hash"), ("198.51.100.0/24", "ip"), ("2001:db8::/32", "ip"), ("192.0.2.44", "ip"), and_pattern},
        ["with FOLLOWEDBY", "not STIX's own", "not valid yet (valid_from)"])
    expect(rows[SHA256, "hash"]["confidence"] == 85 and rows[and_pattern]["confidence"] == 30, rows)
    expect(rows[SHA256, "hash"]["about"] == "Poison Ivy Malware", rows)
    rows = expect_rows(place, "misp_event.json", {
        ("203.0.113.9", "ip"), ("203.0.113.10", "ip"), ("c2.example", "domain"), ("203.0.113.11", "ip"),
        (SHA256, "hash"), ("dropper.exe", "file")}, ["(to_ids)", "deleted (line 25: gone.example)", "of a type that no event has"])
    expect(rows["203.0.113.9", "ip"]["about"] == "C2" and rows["203.0.113.9", "ip"]["events"] == 1, rows)
    rows = expect_rows(place, "threatfox.json", {("203.0.113.20:8080", "ip"), (SHA256, "hash")})
    expect(rows[SHA256, "hash"]["confidence"] == 50 and rows[SHA256, "hash"]["about"] == "Example Stealer", rows)
    rows = expect_rows(place, "threatfox.csv", {
        ("203.0.113.20:8080", "ip"), (SHA256, "hash"), ("https://c2.example/setup.exe?a=1,2", "url"),
        ("c2.example", "domain")})
    expect([row["confidence"] for row in rows.values()] == [100, 50, 80, 75], rows)
    expect(rows["https://c2.example/setup.exe?a=1,2", "url"]["about"] == 'Example "Loader"\nof two lines', rows)
    urls = {("http://203.0.113.30:52312/bin.sh", "url"), ("https://files.example/a%20b.exe", "url")}
    for name in ("urlhaus.csv", "urlhaus.json"):
        rows = expect_rows(place, name, urls)
        expect(all(row["about"] == "malware_download" for row in rows.values()), rows)


def a_misp_feed(place):
    archive(place)
    expect_error(place.stele("hunt", "--archive", "a", os.path.join(LISTS, "misp_manifest.json")), 3,
                 "no indicator, and nothing that looks like one")
    expect_error(place.stele("hunt", "--archive", "a", os.path.join(LISTS, "misp_hashes.csv")), 3,
                 "digests of values")
    whole = b"".join(open(os.path.join(LISTS, name), "rb").read() for name in
                     ("misp_manifest.json", "misp_event.json", "threatfox.json"))
    _, report, _ = read(place, "-", stdin=whole)
    expect(report["lists"][0]["read"] == 7 and report["lists"][0]["duplicates"] == 1, report["lists"])


def a_warninglist(place):
    archive(place)
    _, _, rows = read(place, "-", "--suppress", os.path.join(LISTS, "warninglist.json"),
                      stdin=b"203.0.113.53\n2001:db8:0::53\n203.0.113.65\n203.0.113.1\n203.0.113.0/24\n")
    on = {text for (text, _), row in rows.items() if row.get("suppressed") == "List of resolvers"}
    expect(on == {"203.0.113.53", "2001:db8:0::53", "203.0.113.65"}, rows)


def packed_and_wide(place):
    archive(place)
    csv = open(os.path.join(LISTS, "threatfox.csv"), encoding="utf-8").read()
    for name, data in (("csv.gz", gzip.compress(csv.encode())), ("utf16le", csv.encode("utf-16")),
                       ("utf16be", b"\xfe\xff" + csv.encode("utf-16-be")), ("bom", b"\xef\xbb\xbf" + csv.encode()),
                       ("crlf", csv.replace("\n", "\r\n").encode())):
        place.write(name, data)
        _, report, rows = read(place, name)
        expect(len(rows) == 4 and report["lists"][0]["refused"] == 0, f"{name}: {report}")


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bounded(place, name, code, *words, seconds=20, megabytes=1500):
    """The list ends with this code and one line that says these words."""
    before = cpu_seconds()
    result = place.stele("hunt", "--archive", "a", name)
    took = cpu_seconds() - before
    expect_error(result, code, *words)
    expect(took < seconds, f"{name}: {took:.1f} s of CPU")
    if not os.environ.get("STELE_SANITIZED"):
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        expect(most < megabytes, f"{name}: {most} MB")


def lists_that_mean_harm(place):
    archive(place)
    with gzip.open(place.path("bomb.gz"), "wb") as f:
        for _ in range(2048):
            f.write(b"\n" * (1 << 20))
    bundle = open(os.path.join(LISTS, "stix_bundle.json"), "rb").read()
    place.write("cut.json", bundle[:len(bundle) // 2])
    place.write("deep.json", b"[" * 2_000_000)
    place.write("deep_objects.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    place.write("many.json", b"[" + b"{}," * 5_000_000 + b"{}]")
    place.write("large.json", b'{"a":"' + b"x" * (65 << 20) + b'"}')
    place.write("wide", b"\xff\xfe")
    place.write("cut.gz", gzip.compress(b"203.0.113.9\n" * 1000)[:40])
    bounded(place, "bomb.gz", 2, "over 256 MiB", seconds=30, megabytes=600)
    cut = place.stele("hunt", "--archive", "a", "cut.json")
    expect(cut.code == 3 and b"cut.json: not JSON from byte" in cut.err, cut.text())
    bounded(place, "deep.json", 3, "deep.json: not JSON from byte")
    bounded(place, "deep_objects.json", 3, "deep_objects.json: not JSON from byte")
    bounded(place, "many.json", 2, "many.json: JSON of over 4 million values")
    bounded(place, "large.json", 2, "over 64 MiB")
    bounded(place, "wide", 3, "no indicator in wide")
    bounded(place, "cut.gz", 3, "the packed data ends too early")


def lines_that_mean_harm(place):
    """Odd lines do not take the good ones with them."""
    archive(place)
    quotes = b'value,note\n203.0.113.9,"never closed\n"203.0.113.10","a ""b"", c\nd"\n"203.0.113.11,x\n203.0.113.12,y\n'
    for data, wanted in (
            (b"x" * 10_000_000 + b"\n203.0.113.9\n", {"203.0.113.9"}),
            (b'"' * 10_000_001 + b"\n203.0.113.9\n", {"203.0.113.9"}),
            (b"value,a\n" + b"," * 5_000_000 + b"\n203.0.113.9,b\n", {"203.0.113.9"}),
            (b"\0\0\0\n203.0.113.9\0\n203.0.113.9\n\xff\xfe\n", {"203.0.113.9"}),
            (b"nothing here\n" * 5000 + b"203.0.113.9\n", {"203.0.113.9"}),
            (b'value,n\n' + b',"""""\n' * 2_000_000 + b'203.0.113.9,b\n', {"203.0.113.9"}),
            (quotes, {"203.0.113.10", "203.0.113.12"})):
        result, report, rows = read(place, "-", stdin=data)
        expect(wanted <= {text for text, _ in rows}, f"{data[:40]}: {sorted(rows)[:5]} {result.err[:300]}")
        expect(len(result.err) < 20_000, f"{data[:40]}: {len(result.err)} bytes are said")
        reasons = report["lists"][0]["reasons"]
        expect(report["lists"][0]["refused"] == sum(reason["count"] for reason in reasons), reasons)
        expect(all(len(reason["examples"]) == min(3, reason["count"]) for reason in reasons), reasons)
    nested = {"type": "bundle", "objects": [{"type": "x", "id": "x--1", "ref": "x--1", "objects": [
        {"type": "indicator", "pattern": "[ipv4-addr:value = '203.0.113.9']", "object_refs": ["x--1"]}]}]}
    _, _, rows = read(place, "-", stdin=json.dumps(nested).encode())
    expect(list(rows) == [("203.0.113.9", "ip")], "references, also in circles, are not followed")


main(forms_of_their_makers, a_misp_feed, a_warninglist, packed_and_wide, lists_that_mean_harm, lines_that_mean_harm)
