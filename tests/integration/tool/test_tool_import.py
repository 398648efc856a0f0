"""stele import: what goes in, what is told of the rest, and that nothing goes in twice."""
import fcntl
import gzip
import json
import os
import signal
import struct
import subprocess
import termios
import time

from stele_tool import BIN, LONG_SECONDS, expect, expect_error, main, wait_until


def event(i, **more):
    return json.dumps({"event": "session.command", "code": "T4000I", "uid": f"uid-{i}",
                       "time": f"2026-11-{1 + i % 20:02d}T10:00:{i % 60:02d}Z",
                       "user": f"user{i % 7}@example.com", **more}) + "\n"


def events(count, start=0):
    return "".join(event(i) for i in range(start, start + count)).encode()


def new(place):
    expect(place.stele("init", "a").code == 0, "init")


def run(place, *words, stdin=b"", code=0):
    result = place.stele("import", "--archive", "a", *words, stdin=stdin)
    expect(result.code == code, result.text())
    return result


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def plain_and_packed(place):
    new(place)
    place.write("plain.ndjson", events(100))
    place.write("members.gz", gzip.compress(events(50, 100)) + gzip.compress(events(50, 150)))
    place.write("frames.zst", zstd(events(50, 200)) + zstd(events(50, 250)))
    result = run(place, "plain.ndjson", "members.gz", "frames.zst")
    expect(b"300 read, 300 stored, 0 duplicates, 0 quarantined" in result.out, result.text())
    stats = place.stats("a")
    expect(stats["events"] == 300 and stats["days"] == 20, stats)
    expect(result.err == b"", f"no terminal, no progress: {result.err}")


def standard_input(place):
    new(place)
    run(place, "-", stdin=events(10))
    run(place, "-", stdin=gzip.compress(events(10, 10)))
    run(place, "-", stdin=b"")
    expect(place.stats("a")["events"] == 20, place.stats("a"))


def again_is_a_duplicate(place):
    new(place)
    place.write("e.ndjson", events(500))
    run(place, "e.ndjson")
    result = run(place, "e.ndjson")
    expect(b"500 read, 0 stored, 500 duplicates" in result.out, result.text())
    place.write("twice.ndjson", events(30, 500) + events(30, 500))
    result = run(place, "twice.ndjson")
    expect(b"60 read, 30 stored, 30 duplicates" in result.out, result.text())
    expect(place.stats("a")["events"] == 530, place.stats("a"))


def teleport_log_directory(place):
    new(place)
    place.write("log/0b6d/2026-11-01.00:00:00.log", events(10))
    place.write("log/0b6d/2026-11-02.00:00:00.log", events(10, 10))
    os.symlink("0b6d/2026-11-02.00:00:00.log", place.path("log/events.log"))
    place.write("log/records/x.tar", b"\0\0\0\0\0\0\0\1rest")
    result = run(place, "log")
    expect(b"20 read, 20 stored, 0 duplicates" in result.out, result.text())
    expect(b"2 files" in result.out, result.text())


def broken_lines_are_named(place):
    new(place)
    data = (event(1) + "not json\n" + event(2) + "[1]\n" + '{"cut":\n' + event(3)).encode()
    data += b'{"uid":"bad \xff utf8"}\n' + event(4).encode()
    place.write("mixed.ndjson", data)
    result = run(place, "mixed.ndjson")
    err = result.err.decode()
    expect(err == "mixed.ndjson:2: not JSON: to quarantine, the first of 2\n"
           "mixed.ndjson:4: JSON, but not an object: to quarantine\n"
           "mixed.ndjson:7: not UTF-8: to quarantine\n", f"a line for each reason: {err}")
    expect(b"8 read, 4 stored, 0 duplicates, 4 quarantined" in result.out, result.text())
    stats = place.stats("a")
    expect(stats["events"] == 4 and stats["quarantine"] == 4, stats)


def many_broken_lines(place):
    new(place)
    result = run(place, "-", stdin=b"nonsense\n" * 1000)
    expect(result.err == b"standard input:1: not JSON: to quarantine, the first of 1,000\n", result.text())
    expect(place.stats("a")["quarantine"] == 1000, place.stats("a"))


def quarantine_is_listed_and_exported(place):
    new(place)
    result = place.stele("quarantine", "--archive", "a")
    expect(result.code == 1 and b"nothing" in result.err, result.text())
    run(place, "-", stdin=b'not json\n{"x":"\xff"}\n')
    result = place.stele("quarantine", "--archive", "a")
    expect(result.code == 0 and len(result.out.split(b"\n")) == 4, result.text())
    expect(b"standard input" in result.out and b"not json" in result.out, result.text())
    result = place.stele("quarantine", "--archive", "a", "--export", "-")
    first, second = (json.loads(line) for line in result.out.splitlines())
    expect(first["text"].strip() == "not json" and first["position"] == 1, first)
    expect("base64" in second and second["position"] == 2, second)
    result = place.stele("quarantine", "--archive", "a", "--export", "out.ndjson")
    expect(result.code == 0 and len(open(place.path("out.ndjson")).readlines()) == 2, result.text())
    expect_error(place.stele("quarantine", "--archive", "a", "--export", "out.ndjson"), 3,
                 "out.ndjson", "already")


def objects_over_many_lines(place):
    new(place)
    place.write("pretty.json", "\n".join(json.dumps(json.loads(event(i)), indent=2)
                                         for i in range(5)))
    place.write("array.json", json.dumps([json.loads(event(i)) for i in range(5, 10)], indent=1))
    result = run(place, "pretty.json", "array.json")
    expect(b"10 read, 10 stored" in result.out, result.text())


def line_ends(place):
    new(place)
    place.write("crlf.ndjson", b"\xef\xbb\xbf" + events(3).replace(b"\n", b"\r\n") + b"\r\n\r\n")
    place.write("open.ndjson", events(3, 3)[:-1])
    result = run(place, "crlf.ndjson", "open.ndjson")
    expect(b"6 read, 6 stored, 0 duplicates, 0 quarantined" in result.out, result.text())


def damaged_files_do_not_stop_the_others(place):
    new(place)
    packed = gzip.compress(b"".join(events(200, 10000 * i) for i in range(20)), 1)
    place.write("cut.gz", packed[:len(packed) // 2])
    place.write("rec.tar", b"\0\0\0\0\0\0\0\1rest")
    place.write("good.ndjson", events(5))
    result = run(place, "cut.gz", "rec.tar", "good.ndjson", code=3)
    err = result.err.decode()
    expect("cut.gz: the packed data ends too early" in err, err)
    expect("rec.tar: this is a session recording" in err, err)
    expect(place.stats("a")["events"] > 5, "what stood before the damage is there")


def interrupted_it_keeps_what_it_has(place):
    new(place)
    reader, writer = os.pipe()
    process = subprocess.Popen([os.path.join(BIN, "stele"), "import", "--archive",
                                place.path("a"), "-"], stdin=reader, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    os.close(reader)
    try:
        os.write(writer, events(10))
        wait_until(lambda: struct.unpack("i", fcntl.ioctl(writer, termios.FIONREAD, b"0000"))[0] == 0,
                   "it has read all")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG_SECONDS)
    finally:
        os.close(writer)
        process.kill()
    expect(process.returncode == 3 and b"10 read, 10 stored" in out, (out, err))
    expect(b"interrupted" in err, err)
    expect(place.stats("a")["events"] == 10, "they are there")


def wrong_input(place):
    new(place)
    expect_error(place.stele("import", "--archive", "a"), 2, "file")
    expect_error(place.stele("import", "--archive", "a", "nowhere"), 3, "nowhere")
    expect_error(place.stele("import", "--archive", "b", "-"), 3, "b")
    expect_error(place.stele("import", "x"), 2, "--archive DIR")
    os.mkdir(place.path("empty"))
    expect_error(place.stele("import", "--archive", "a", "empty"), 3, "no log files")


def each_event_shows_its_own_source(place):
    """Two events of one uid, from two files and so in two blocks."""
    expect(place.stele("init", "a").code == 0, "init")
    for hour, name in ((1, "one.ndjson"), (2, "two.ndjson")):
        place.write(name, '{"event":"auth","uid":"same","code":"T1","time":"2026-11-01T0%d:00:00Z"}'
                    % hour)
        expect(place.stele("import", "--archive", "a", name).code == 0, name)
    shown = place.stele("show", "--archive", "a", "same").out.decode()
    sources = [line.split("/")[-1] for line in shown.split("\n") if line.startswith("source")]
    expect([source.split()[-1].split("/")[-1] for source in sources] ==
           ["two.ndjson", "one.ndjson"], shown)


main(each_event_shows_its_own_source,
     plain_and_packed, standard_input, again_is_a_duplicate, teleport_log_directory,
     broken_lines_are_named, many_broken_lines, quarantine_is_listed_and_exported,
     objects_over_many_lines, line_ends, damaged_files_do_not_stop_the_others,
     interrupted_it_keeps_what_it_has, wrong_input)
