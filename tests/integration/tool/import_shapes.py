"""The shapes that events come in: each takes lines (bytes of one JSON object each) and gives a
file's bytes. What an import must give back is the lines."""
import csv
import gzip
import io
import json
import subprocess


def text(line):
    return line.decode("utf-8")


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def rows(lines, make):
    return b"".join(make(i, line) + b"\n" for i, line in enumerate(lines))


def ndjson(lines):
    return rows(lines, lambda i, line: line)


def out_file(lines):
    return rows(lines, lambda i, line: b"2026-01-02T03:04:%02d+00:00\ttest.log\t" % (i % 60) + line)


def stdout(lines):
    return rows(lines, lambda i, line:
                b"2026-01-02 03:04:%02d.000000000 +0000 test.log: " % (i % 60) + line)


def members(lines):
    half = len(lines) // 2
    return gzip.compress(out_file(lines[:half])) + gzip.compress(out_file(lines[half:]))


def array(lines):
    return b"[" + b",".join(lines) + b"]"


def array_over_lines(lines):
    return b"[\n  " + b",\n  ".join(lines) + b"\n]\n"


def wrapped(head, tail=b"}"):
    return lambda lines: rows(lines, lambda i, line: head + line + tail)


def as_string(make):
    return lambda lines: rows(lines, lambda i, line: json.dumps(make(text(line))).encode())


def escaped_all(lines):
    """Every character as \\u escape, surrogate pairs and all."""
    def units(line):
        data = text(line).encode("utf-16-be")
        return "".join(f"\\u{data[i]:02x}{data[i + 1]:02x}" for i in range(0, len(data), 2))
    return rows(lines, lambda i, line: b'{"_raw":"' + units(line).encode() + b'"}')


def web_api(lines):
    return b'{"events":[' + b",".join(lines) + b'],"startKey":"next","more":[{"a":"]}"}]}'


def pages(lines):
    """Pages of the web interface, one behind the other, over lines."""
    out = b""
    for i in range(0, len(lines), 50):
        out += b'{\n "startKey": "",\n "events": [\n' + b",\n".join(lines[i:i + 50]) + b"\n ]\n}\n"
    return out


def scan(lines):
    items = [{"SessionID": str(i), "Fields": text(line)} for i, line in enumerate(lines)]
    return json.dumps({"Count": len(items), "Items": items}, indent=2).encode()


def scan_typed(lines):
    items = [{"SessionID": {"S": str(i)}, "Fields": {"S": text(line)}}
             for i, line in enumerate(lines)]
    return json.dumps({"Items": items, "Count": len(items)}).encode()


def athena(lines):
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["event_type", "event_time", "uid", "event_data", "user"])
    for i, line in enumerate(lines):
        writer.writerow([json.loads(line).get("event", ""), "2026-01-02 03:04:05.000", i, text(line), "a,b"])
    return out.getvalue().encode()


def mixed(lines):
    makers = [ndjson, out_file, stdout, wrapped(b'{"event":'), as_string(lambda e: {"_raw": e}),
              wrapped(b'2026-01-02T03:04:05Z\ta.log\t{"event":'), array, web_api]
    return b"".join(makers[i % len(makers)]([line]).rstrip(b"\n") + b"\n"
                    for i, line in enumerate(lines))


PLAIN = {
    "ndjson": ndjson,
    "bom_crlf": lambda lines: b"\xef\xbb\xbf" + ndjson(lines).replace(b"\n", b"\r\n"),
    "out_file": out_file,
    "out_file_crlf": lambda lines: out_file(lines).replace(b"\n", b"\r\n"),
    "members": members,
    "zstd": lambda lines: zstd(stdout(lines)),
    "stdout": stdout,
    "space": lambda lines: out_file(lines).replace(b"\ttest.log\t", b" test.log "),
    "comma": lambda lines: out_file(lines).replace(b"\ttest.log\t", b",test.log,"),
    "no_time": lambda lines: rows(lines, lambda i, line: b"test.log\t" + line),
    "no_tag": lambda lines: rows(lines, lambda i, line: b"2026-01-02T03:04:05Z\t" + line),
    "unix_time": lambda lines: rows(lines, lambda i, line: b"1767323045.25\ttest.log\t" + line),
    "array": array,
    "array_over_lines": array_over_lines,
    "together": b"".join,
    "spaced": lambda lines: b"\r\n\r\n \t".join(lines),
    "web_api": web_api,
    "pages": pages,
}

# The event is in another object, or in a text of one. There it needs a type to be known for an event.
WRAPPED = {
    "event": wrapped(b'{"time":1767323045,"host":"a","event":'),
    "event_string": as_string(lambda e: {"sourcetype": "_json", "event": e}),
    "event_data": wrapped(b'{"event_type":"x","event_time":"2026-01-02","event_data":'),
    "event_data_string": as_string(lambda e: {"event_type": "x", "uid": "1", "event_data": e}),
    "fields": as_string(lambda e: {"SessionID": "1", "EventIndex": 1, "Fields": e}),
    "fields_map": wrapped(b'{"SessionID":"1","EventType":"x","FieldsMap":'),
    "item": as_string(lambda e: {"Item": {"EventType": {"S": "x"}, "Fields": {"S": e}}}),
    "item_gzip": lambda lines: gzip.compress(SHAPES["item"](lines)),
    "raw": as_string(lambda e: {"_time": "2026-01-02", "_raw": e}),
    "raw_and_type": as_string(lambda e: {"event": "user.login", "uid": "same", "_raw": e}),
    "raw_escaped": escaped_all,
    "result": as_string(lambda e: {"preview": False, "result": {"_raw": e, "_time": "x"}}),
    "scan": scan,
    "scan_typed": scan_typed,
    "nested": as_string(lambda e: {"event": {"event_data": json.dumps({"_raw": e})}}),
    "out_file_wrapped": lambda lines: rows(
        lines, lambda i, line: b'2026-01-02T03:04:05Z\ttest.log\t{"event":' + line + b"}"),
    "array_wrapped": lambda lines: array([b'{"event":' + line + b"}" for line in lines]),
    "athena": athena,
    "mixed": mixed,
}

SHAPES = {**PLAIN, **WRAPPED}
