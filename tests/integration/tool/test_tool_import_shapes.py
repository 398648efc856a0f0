"""stele import: every shape that events are found in gives back their bytes, once."""
import datetime
import gzip
import io
import json
import math
import os
import re
import shutil
import tarfile

import corpus
from import_shapes import SHAPES, array, ndjson, out_file, web_api
from stele_tool import expect, expect_error, main

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
SID = "5c1e0a4f-0d7b-4c3e-9b57-2f6f0a9d1b11"

HOSTILE = [
    r'{"event":"a","user":"\u00e9\ud83d\ude00 \ud800 \u0000 \"\\\/\b\f\n\r\t"}',
    '{"event":"b","user":"é😀","text":"brackets ]}[{ and, commas\\", \\\\"}',
    '{ "event" : "c" , "n" : 1e400 , "deep" : [ [ [ { "a" : [ ] } ] ] ] , "empty" : { } }',
    '{"event":"d","event":"twice","events":[{"event":"inner"}],"fields":{"event":"inner"}}',
    '{"event":"e","message":{"_raw.x":1},"path":"C:\\\\new\\\\table","tab":"a\\tb"}',
    '{"event":"f","event_data":"{\\"event\\":\\"inner\\"}","Item":{"Fields":{"S":"{}"}}}',
]


def has_type(line):
    kind = json.loads(line).get("event")
    return isinstance(kind, str) and kind != ""


def read_lines():
    """Each with a uid of its own in front, so that none is another's duplicate; those of events."""
    lines = [line.encode() for line in HOSTILE]
    with open(os.path.join(ROOT, "tools/samples/events.ndjson"), "rb") as f:
        lines += f.read().splitlines()
    lines += corpus.lines()
    return [b'{"uid":"u-%d",' % i + line.lstrip(b"{").lstrip() for i, line in enumerate(lines)
            if has_type(line)]


LINES = read_lines()


def has_time(line):
    """Is there a time that is taken as it stands? One far ahead of the clock is not."""
    text = json.loads(line).get("time")
    if not isinstance(text, str) or not re.fullmatch(r"20[012][-0-9]+T[0-9:]{8}(\.[0-9]{1,9})?Z", text):
        return False
    try:
        return bool(datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return False


def new(place, name="a"):
    expect(place.stele("init", name).code == 0, "init")


def run(place, *words, code=0, archive="a", stdin=b""):
    result = place.stele("import", "--archive", archive, *words, stdin=stdin)
    expect(result.code == code, result.text())
    return result


def found(place, query="*", archive="a"):
    result = place.stele("search", "--archive", archive, "--output", "raw", "--limit", "0", query)
    expect(result.code in (0, 1), result.text())
    return result.out.split(b"\n")[:-1]


def check(place, archive, lines, name):
    got = found(place, archive=archive)
    missing = set(lines) - set(got)
    expect(sorted(got) == sorted(lines),
           f"{name}: {len(got)} came back of {len(lines)}, not {sorted(missing)[:1]}")


def every_shape_comes_back(place):
    new(place, "empty")
    for name, make in SHAPES.items():
        shutil.copytree(place.path("empty"), place.path(name))
        lines = LINES
        place.write("file", make(lines))
        result = run(place, "file", archive=name)
        words = f"{len(lines):,} read, {len(lines):,} stored, 0 duplicates, 0 quarantined"
        expect(words in result.text(), f"{name}: {result.text()}")
        check(place, name, lines, name)


def shapes_are_duplicates_of_each_other(place):
    new(place)
    timed = [line for line in LINES if has_time(line)]
    expect(len(timed) > 500, "there are some")
    place.write("first", ndjson(timed))
    run(place, "first")
    stored = place.stats("a")["events"]
    expect(stored == len(timed), stored)
    for name in ("out_file", "raw", "scan", "athena", "pages"):
        place.write("again", SHAPES[name](timed))
        result = run(place, "again")
        expect(" 0 stored," in result.text(), f"{name}: {result.text()}")


def time_of_the_prefix(place):
    new(place)
    bare = b'{"event":"user.login","uid":"bare"}'
    own = b'{"event":"user.login","uid":"own","time":"2025-05-05T05:05:05Z"}'
    odd = b'{"event":"user.login","uid":"odd","time":"yesterday"}'
    place.write("f.log", b"2024-03-04T06:04:05+02:00\ttest.log\t" + bare + b"\n" +
                b"2024-03-04T04:04:05+00:00\ttest.log\t" + own + b"\n" +
                b"2024-03-04 04:04:05.5 +0000 test.log: " + odd + b"\n")
    run(place, "f.log")
    for uid, time in (("bare", "2024-03-04T04:04:05"), ("own", "2025-05-05T05:05:05"),
                      ("odd", "2024-03-04T04:04:05.5")):
        result = place.stele("search", "--archive", "a", "--count", f"uid:{uid}",
                             "--from", f"{time}Z", "--to", f"{time[:19]}.6Z")
        expect(result.out.strip() == b"1", f"{uid}: {result.text()}")
    result = run(place, "f.log")
    expect("3 read, 0 stored, 3 duplicates" in result.text(), result.text())


def tags_say_the_stream(place):
    new(place)
    tags = {b"test.log": False, b"session.%s.log" % SID.encode(): True, b".x.test.log": False,
            b"session.test-session.log": True, b"teleport.session.0.log": True,
            b"other.%s.log" % SID.encode(): True, b"plain": False}
    place.write("f.log", b"".join(b"2024-03-04T04:04:05Z\t%s\t" % tag +
                                  b'{"event":"print","uid":"%d"}\n' % i
                                  for i, tag in enumerate(tags)))
    run(place, "f.log")
    marked = found(place, "stele.mark:session-stream")
    should = [b'{"event":"print","uid":"%d"}' % i for i, session in enumerate(tags.values())
              if session]
    expect(sorted(marked) == sorted(should), marked)
    result = place.stele("search", "--archive", "a", "--top", "stele.source")
    text = result.out.decode()
    expect("import f.log tag=test.log" in text and "tag=session.log" in text, text)
    expect("tag=.x.test.log" in text and SID not in text, text)


def what_is_no_event_is_named(place):
    new(place)
    good = b'{"event":"x","uid":"%d"}'
    place.write("fluentd.log", b"2024-03-04T04:04:05Z\ttest.log\t" + good % 1 + b"\n" +
                b"2024-03-04T04:04:05Z\ttest.log\t{broken\n" +
                b"2024-03-04 04:04:05 +0000 [info]: starting fluentd\n" +
                b"2024-03-04T04:04:05Z\ttest.log\t" + good % 2 + b"\n")
    place.write("array.json", b"[\n" + good % 3 + b",\n{broken},\n7,\n" + good % 4 + b"\n]\n")
    place.write("raw.json", b'{"_raw":"some text"}\n{"_raw":"{\\"cut\\":"}\n')
    place.write("rows.csv", b'uid,event_data\n1,"{""event"":""x"",""uid"":""5""}"\n2\n3,"open\n')
    result = run(place, "fluentd.log", "array.json", "raw.json", "rows.csv")
    expect("fluentd.log:2: not JSON: to quarantine, the first of 7" in result.text(), result.text())
    expect("array.json:4: JSON, but not an object: to quarantine\n" in result.text(), result.text())
    stats = place.stats("a")
    expect(stats["events"] == 5, stats)
    listed = place.stele("quarantine", "--archive", "a", "--export", "-").out.decode()
    places = [(row["source"].split()[1], row["position"]) for row in map(json.loads, listed.splitlines())]
    expect(places == [("fluentd.log", 2), ("fluentd.log", 3), ("array.json", 3), ("array.json", 4),
                      ("raw.json", 1), ("raw.json", 2), ("rows.csv", 3), ("rows.csv", 4)], places)
    expect("test.log\\t{broken" in listed and '"some text' in listed, listed)


def typed(value):
    """The value as DynamoDB's JSON has it."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": json.dumps(value)}
    if isinstance(value, dict):
        return {"M": {key: typed(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"L": [typed(item) for item in value]}
    return {"NULL": True} if value is None else {"S": value}


def numbers(value):
    """All of them, those of inner objects and lists too. DynamoDB has none that is infinite."""
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers(inner)
    elif isinstance(value, (int, float)):
        yield value


def typed_items_become_plain(place):
    new(place)
    events = [{**json.loads(line), "uid": f"typed-{i}"}
              for i, line in enumerate(LINES[len(HOSTILE):])]
    events = [event for event in events if math.inf not in map(abs, numbers(event))]
    items = [{"SessionID": {"S": "x"}, "FieldsMap": typed(event)} for event in events]
    place.write("export.json", "".join(json.dumps({"Item": item}) + "\n" for item in items[::2]))
    place.write("scan.json", json.dumps({"Items": items[1::2], "Count": 1}, indent=1))
    result = run(place, "export.json", "scan.json")
    expect(f"{len(events):,} stored, 0 duplicates, 0 quarantined" in result.text(), result.text())
    got = {event["uid"]: event for event in map(json.loads, found(place))}
    expect(got == {event["uid"]: event for event in events}, "they are the same events")


def objects_without_an_event_are_refused(place):
    new(place)
    lines = [b'{"event":{"action":"x"},"message":"no event inside"}', b'{"fields":{"a":1}}',
             b'{"events":[1,2]}', b'{"result":{"a":1}}', b'{"Item":{"a":1}}', b'{"event":"{"}',
             b'{"events":"a","uid":"1"}', b'{}']
    place.write("f.json", ndjson(lines))
    result = run(place, "f.json")
    expect("0 stored, 0 duplicates, 8 quarantined" in result.text(), result.text())
    listed = place.stele("quarantine", "--archive", "a", "--export", "-").out.splitlines()
    lines[5] = b"{"  # the event's text
    expect([json.loads(row)["text"].encode() for row in listed] == lines, listed)


def long_lists_are_read_in_pieces(place):
    text, deep = b"]}[{ " * 20, b'{"b":[]},' * 20
    lines = [b'{"event":"x","uid":"%d","text":"%s","deep":{"a":[%s{}]}}' % (i, text, deep)
             for i in range(20000)]
    for name, make in (("web", web_api), ("array", array), ("scan", SHAPES["scan"])):
        new(place, name)
        place.write("file", make(lines))
        run(place, "file", archive=name)
        check(place, name, lines, name)
    new(place, "broken")
    place.write("file", array(lines[:9000] + [b'{"a":tru}'] + lines[9000:]))
    result = run(place, "file", archive="broken")
    expect("20,001 read, 20,000 stored, 0 duplicates, 1 quarantined" in result.text(),
           result.text())


def recordings_are_refused(place):
    new(place)
    files = {"v1.tar": b"\0\0\0\0\0\0\0\1" + b"\0" * 600, "v2.tar": b"\0\0\0\0\0\0\0\2" + b"x"}
    for name, member in (("old.tar", SID + ".session.log"), ("chunks.tar", SID + "-0.chunks.gz")):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            tar.addfile(tarfile.TarInfo(member), io.BytesIO())
        files[name] = out.getvalue()
    for name, data in files.items():
        place.write(name, data)
        result = place.stele("import", "--archive", "a", name)
        expect_error(result, 3, name, "session recording of Teleport", "tsh play --format=json")
        expect(b"0 read" in result.out, result.text())
        result = place.stele("import", "--archive", "a", "-", stdin=gzip.compress(data))
        expect_error(result, 3, "standard input", "session recording of Teleport")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("2026-01-01.log"), io.BytesIO())
    place.write("logs.tar.gz", gzip.compress(out.getvalue()))
    expect_error(place.stele("import", "--archive", "a", "logs.tar.gz"), 3, "logs.tar.gz",
                 "tar archive")
    stats = place.stats("a")
    expect(stats["events"] == 0 and stats["quarantine"] == 0, stats)


def a_dry_run_says_what_is_there(place):
    bare = b'{"event":"x","uid":"1"}'
    lines = [b'{"event":"x","uid":"%d","time":"2025-05-%02dT00:00:00Z"}' % (i, i + 1)
             for i in range(3)]
    place.write("f.gz", gzip.compress(out_file(lines) + b"2024-03-04T04:04:05Z\tsession." +
                                      SID.encode() + b".log\t" + bare + b"\nno event\n"))
    place.write("array.json", array(lines))
    place.write("item.json", SHAPES["item"](lines))
    place.write("rec.tar", b"\0\0\0\0\0\0\0\1rest")
    result = place.stele("import", "--dry-run", "f.gz", "array.json", "item.json", "rec.tar")
    out = result.out.decode()
    expect(result.code == 3 and b"rec.tar: this is a session recording" in result.err,
           result.text())
    for words in ("f.gz: gzip, Fluentd's lines of a file", "2024-03-04T04:04:05Z to 2025-05-03T0",
                  "3 of their own, 1 from Fluentd, 0 none",
                  "test.log 3, session.log 1 (session stream)",
                  '1, the first in line 5: not JSON: "no event"', "array.json: a JSON array",
                  "inside of   Item.Fields.S 3",
                  "dry run, nothing is stored: 10 events, 1 to quarantine; 4 files"):
        expect(words in out, f"{words!r} is not in {out}")
    expect(not os.path.exists(place.path("a")), "no archive is needed")
    for name, make in SHAPES.items():
        place.write(name, make(LINES))
        result = place.stele("import", "--dry-run", name)
        expect(f"nothing is stored: {len(LINES):,} events, 0 to quarantine" in result.text(),
               f"{name}: {result.text()}")


main(every_shape_comes_back, shapes_are_duplicates_of_each_other, time_of_the_prefix,
     tags_say_the_stream, what_is_no_event_is_named, typed_items_become_plain,
     objects_without_an_event_are_refused,
     long_lists_are_read_in_pieces, recordings_are_refused, a_dry_run_says_what_is_there)
