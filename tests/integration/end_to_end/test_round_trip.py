"""The corpus and hostile events in over mutual TLS, out of search and out of the shipped objects, byte for
byte and once."""
import json
import os
import re

import corpus
from end_to_end_world import bucket_lines, raw
from stele_tool import expect, main
from steletest import Certificates, Steled, new_archive


def one_line(body):
    """As an object holds it: newlines inside of an event are spaces there."""
    return re.sub(rb"[\r\n]", lambda m: b" " if m.group() == b"\n" else m.group(), body)


def round_trip(place, bodies):
    """Posts the bodies on one connection, looks at once, then after indexing and shipping."""
    archive = new_archive(place)
    bucket = place.path("bucket")
    os.mkdir(bucket)
    certificates = Certificates(place.path("tls"))
    settings = {"index.max_wait": "1s", "ship.interval": "1s", "ship.target": f"file://{bucket}"}
    with Steled(archive, certificates, settings) as daemon:
        connection = daemon.connect()
        for body in bodies:
            status = daemon.post(body, connection=connection)
            expect(status == 200, f"{status} for {body[:200]}")
        expect_same(raw(place, archive), bodies, "search at once")
        daemon.wait_for("stele_shipped_total", len(bodies))
        expect_same(raw(place, archive), bodies, "search after indexing")
    expect_same(raw(place, archive), bodies, "search of the closed archive")
    shipped = sorted(bucket_lines(bucket))
    expect(shipped == sorted(one_line(body) for body in bodies),
           f"{len(shipped)} shipped lines for {len(bodies)} events, or other bytes")


def expect_same(output, bodies, where):
    """Longest first, each body is cut out of the output once; only newlines are left."""
    rest = output
    for body in sorted(bodies, key=len, reverse=True):
        expect(rest.count(body + b"\n") == 1, f"{where}: {rest.count(body)} times: {body[:300]}")
        rest = rest.replace(body + b"\n", b"", 1)
    expect(rest == b"", f"{where}: also gives {rest[:300]}")


def corpus_events(place):
    bodies = list(corpus.with_uids(corpus.lines()))
    times = [json.loads(body).get("time") for body in bodies]
    expect("2026-04-12 11:00:05" in times, "the malformed times are not among them")
    round_trip(place, bodies)


def hostile(number, text, **fields):
    """An object with a uid and `text` inside, text taken as it is."""
    head = {"uid": f"hostile-{number:04}", "event": "test.hostile", "time": "2026-11-01T10:00:00Z",
            **fields}
    return json.dumps(head)[:-1].encode() + b", " + (
        text if isinstance(text, bytes) else text.encode()) + b"}"


def hostile_events(place):
    texts = [
        '"n": 123456789012345678901234567890, "m": -0, "e": 1e308, "f": 1E-400, "g": 1e400',
        '"n": 9007199254740993, "u": 18446744073709551615, "i": -9223372036854775808, "x": 0.1e+2',
        '"text": "\\u0000 \\ud83d\\ude00 \\u00e9 \\/ \\b\\f\\n\\r\\t \\" \\\\"',
        '"text": "lone \\ud800 surrogate \\udfff"',
        '"text": "ÄÖÜ ß ΑΒΓ ДОМ 漢字 \u202e\u200d 👩‍💻 e\u0301 \ufffd \ufeff"',
        '"": "", "a.b": 1, "a": {"b": 2, "": 3}, "addr.remote": "[2001:db8::1]:1"',
        '"k": 1, "k": 2, "uid2": "x", "K": 3',
        '"deep": ' + '{"d": ' * 200 + "1" + "}" * 200,
        '"list": ' + "[" * 200 + "]" * 200,
        '"long": "' + "x" * 300000 + '"',
        '"words": "' + "word " * 60000 + '"',
        ", ".join(f'"field{i}": {i}' for i in range(6000)),
        ", ".join(f'"object{i}": {{"a": {i}, "b": [{i}, null, true]}}' for i in range(1500)),
        '"list": [' + ", ".join(str(i) for i in range(20000)) + "]",
        '"nothing": null, "yes": true, "no": false, "empty": {}, "none": []',
        '"user": {"name": "object"}, "message": ["a", {"b": "c"}], "success": "maybe", "ei": "7"',
        '"expires": "0001-01-01T00:00:00Z", "session_start": "9999-12-31T23:59:60Z"',
        '"key with \\"quotes\\" and \\u0001": "v", "\\ud83d\\ude00": "w"',
        "\t \"spaced\"  :\t\"out\"  ,\r \"x\" : [ 1 ,\t2 ]  ",
        '"sql": "\'; DROP TABLE inbox; --", "fts": "\\" OR NEAR(a b) *", "path": "../../etc/passwd"',
    ]
    bodies = [hostile(i, text) for i, text in enumerate(texts)]
    bodies += [hostile(100 + i, '"x": 1', time=time) for i, time in enumerate([
        "", "yesterday", "2026-02-30T10:00:00Z", "1969-12-31T23:59:59Z", "2999-01-01T00:00:00Z",
        "2026-11-01T10:00:00", 1793527200, None, {"a": 1}, "2026-11-01T10:00:00.123456789+14:00"])]
    bodies += [hostile(200 + i, '"x": 1', event=value, code=value)
               for i, value in enumerate([7, None, [], {"a": "b"}, "", "x" * 5000])]
    bodies += [b'{"no uid": 1}', b'{"uid": 17, "n": 1}', b'{"uid": "", "n": 2}', b"{}",
               b'{"uid": {"a": 1}, "n": 3}', b'{"uid": "' + b"u" * 4000 + b'"}']
    bodies.append(json.dumps({"uid": "pretty", "a": {"b": [1, 2]}, "time": "2026-11-01T10:00:00Z"},
                             indent=2).encode())
    round_trip(place, bodies)


main(corpus_events, hostile_events)
