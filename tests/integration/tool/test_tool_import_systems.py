"""stele import: histories out of other systems are read, or refused and said; what is broken costs no
more than itself; times are read as they are written."""
import json
import os
import shutil

from stele_tool import expect, main
from system_shapes import EMPTY, READ, REFUSED


def line(i, **more):
    return json.dumps({"ei": i, "event": "user.login", "uid": f"5d0a{i:04d}-0000-4000-8000-00000000000a",
                       "code": "T1000I", "time": f"2026-02-03T04:05:{i % 60:02d}.123Z", **more},
                      separators=(",", ":"), ensure_ascii=False).encode()


LINES = [
    line(0, user="alice"),
    line(1, user="a\"b\\c\n\t/", path="C:\\new\\table", identity={"event": "no", "roles": ["a", {"x": {}}]}),
    line(2, user="zoë 😀", command="echo {\"event\":\"user.login\"} ]}[{ , \\", empty={}, list=[[], [{}]]),
]


def new(place, name="a"):
    """A copy is faster than another one."""
    if not os.path.exists(place.path("empty")):
        expect(place.stele("init", "empty").code == 0, "init")
    shutil.copytree(place.path("empty"), place.path(name))


def run(place, archive="a", code=0):
    result = place.stele("import", "--archive", archive, "file")
    expect(result.code == code, result.text())
    return result


def found(place, archive="a"):
    result = place.stele("search", "--archive", archive, "--output", "raw", "--limit", "0", "*")
    expect(result.code in (0, 1), result.text())
    return result.out.split(b"\n")[:-1]


def imported(place, data, archive="a"):
    new(place, archive)
    place.write("file", data)
    return run(place, archive)


def other_systems_are_read(place):
    expect(len(READ) + len(REFUSED) + len(EMPTY) >= 57, len(READ))
    for name, make in READ.items():
        result = imported(place, make(LINES), name)
        got = found(place, name)
        expect(sorted(got) == sorted(LINES), f"{name}: {result.text()} {got}")
        expect(b"filed under" not in result.err, f"{name}: {result.text()}")
        if name != "postgres_dump":
            expect(b"3 read, 3 stored, 0 duplicates, 0 quarantined" in result.out,
                   f"{name}: {result.text()}")
            expect(result.err == b"", f"{name}: {result.text()}")


def no_event_is_refused_and_said(place):
    for name, (data, count, why) in REFUSED.items():
        result = imported(place, data, name)
        expect(f"0 stored, 0 duplicates, {count} quarantined" in result.text(), f"{name}: {result.text()}")
        said = result.err.decode().splitlines()
        expect(len(said) == 1 and f": {why}" in said[0] and "to quarantine" in said[0],
               f"{name}: {result.text()}")
        expect(said[0].startswith("file:2: " if name == "csv_of_columns" else "file:1: "), said)
        expect(count == 1 or said[0].endswith(f"the first of {count}"), said)
        expect(place.stats(name)["events"] == 0, f"{name}: nothing is stored")
    for name, data in EMPTY.items():
        result = imported(place, data, name)
        expect(b"0 read, 0 stored, 0 duplicates, 0 quarantined" in result.out, f"{name}: {result.text()}")
        expect(result.err == b"", f"{name}: {result.text()}")


def broken(i):
    return line(i, user="x" * 30)[:60]


BROKEN = {
    "nuls_behind": (LINES[0] + b"\0" * 50 + b"\n" + LINES[1] + b"\n" + LINES[2] + b"\n", 1),
    "nuls_before": (LINES[0] + b"\n" + b"\0" * 4096 + LINES[1] + b"\n" + LINES[2] + b"\n", 1),
    "nuls_between": (LINES[0] + b"\n" + b"\0" * 9 + b"\n" + LINES[1] + LINES[2] + b"\0", 2),
    "nuls_in_array": (b"[" + LINES[0] + b",\n\0\0\0" + LINES[1] + b",\n" + LINES[2] + b"]", 1),
    "torn_and_glued": (LINES[0] + b"\n" + broken(7) + LINES[1] + b"\n" + LINES[2] + b"\n", 1),
    "torn_twice": (broken(7) + broken(8) + LINES[0] + b"\n" + LINES[1] + b"\n" + LINES[2] + b"\n", 1),
    "torn_at_the_end": (b"".join(e + b"\n" for e in LINES) + broken(7), 1),
    "torn_with_nuls": (LINES[0] + b"\n" + broken(7) + b"\0" * 99 + LINES[1] + b"\n" + LINES[2] + b"\n", 1),
    "torn_head": (LINES[0] + b"\n" + LINES[1][20:] + b"\n" + LINES[1] + b"\n" + LINES[2], 1),
    "torn_behind_a_prefix": (
        b"2026-01-02T03:04:05Z\ttest.log\t" + broken(7) + b"2026-01-02T03:04:06Z\ttest.log\t" + LINES[0] +
        b"\n" + b"".join(b"2026-01-02T03:04:05Z\ttest.log\t" + e + b"\n" for e in LINES[1:]), 1),
    "torn_in_an_array": (b"[\n" + LINES[0] + b",\n" + broken(7) + b",\n" + LINES[1] + b",\n" + LINES[2] +
                         b"\n]\n", 1),
    "text_between": (LINES[0] + b"\n2026-10-06T08:00:17Z something in plain text\n" + LINES[1] +
                     b" trailing words\n" + LINES[2] + b"\n", 2),
    "not_utf8": (LINES[0] + b'\n{"event":"x","uid":"\xff","inner":' + line(9) + b',"z":1}\n' + LINES[1] +
                 b"\n" + LINES[2] + b"\n", 1),
    "broken_with_an_event_inside": (LINES[0] + b'\n{"event":"x","inner":' + line(9) + b',"z":tru}\n' +
                                    LINES[1] + b"\n" + LINES[2] + b"\n", 1),
}


def what_is_broken_costs_only_itself(place):
    for name, (data, count) in BROKEN.items():
        result = imported(place, data, name)
        got = found(place, name)
        expect(sorted(got) == sorted(LINES), f"{name}: {result.text()} {got}")
        expect(f" {count} quarantined" in result.text(), f"{name}: {result.text()}")


TIMES = ['"2026-03-04 05:06:07"', '"2026-03-04 05:06:07.000000"', '"2026-03-04 05:06:07 UTC"',
         '"2026-03-04T05:06:07"', '"2026-03-04T07:06:07+0200"', '"2026-03-04 05:06:07+00"',
         "1772600767", "1772600767.0", "1772600767000", "1772600767000000", "1772600767000000000",
         '"1772600767"', '"1772600767000"']


def times_are_read_as_they_are_written(place):
    data = "".join(f'{{"event":"x","uid":"{i}","time":{time}}}\n' for i, time in enumerate(TIMES))
    result = imported(place, data.encode())
    expect(result.err == b"", result.text())
    count = place.stele("search", "--archive", "a", "--count", "event:x", "--from", "2026-03-04T05:06:07Z",
                        "--to", "2026-03-04T05:06:08Z")
    expect(count.out.strip() == str(len(TIMES)).encode(), count.text())
    result = run(place)
    expect(f"0 stored, {len(TIMES)} duplicates" in result.text(), result.text())


def events_without_a_time_are_counted(place):
    data = (b'{"event":"x","uid":"1","time":"2026-03-04T05:06:07Z"}\n{"event":"x","uid":"2"}\n'
            b'{"event":"x","uid":"3","time":"yesterday"}\n')
    result = imported(place, data)
    expect(result.err == b"file:2: no time that can be read: filed under the time of this import, "
           b"the first of 2\n", result.text())
    expect(b"3 read, 3 stored" in result.out, result.text())


def the_head_of_a_line_gives_its_time(place):
    bare = b'{"event":"x","uid":"%d"}'
    heads = [b"2026-03-04T05:06:07Z stdout F ", b"<110>1 2026-03-04T05:06:07Z host teleport - - - ",
             b"test.log: [1772600767.0, ", b"2026-03-04 05:06:07 INFO x ",
             b"x y 2026-03-04T05:06:07+00:00\ttest.log\t"]
    result = imported(place, b"".join(head + bare % i + b"\n" for i, head in enumerate(heads)))
    expect(result.err == b"", result.text())
    count = place.stele("search", "--archive", "a", "--count", "event:x", "--from", "2026-03-04T05:06:07Z",
                        "--to", "2026-03-04T05:06:08Z")
    expect(count.out.strip() == b"5", count.text())


main(other_systems_are_read, no_event_is_refused_and_said, what_is_broken_costs_only_itself,
     times_are_read_as_they_are_written, events_without_a_time_are_counted,
     the_head_of_a_line_gives_its_time)
