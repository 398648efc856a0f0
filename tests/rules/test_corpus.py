"""The corpus (tests/support/corpus): every line is an event, every type of its list is there, its names and
addresses are made up; and each of these rules finds what breaks it."""
import ipaddress
import json
import pathlib
import re
import shutil
import tempfile
import unittest

import corpus

BYTES_MAX = 512 * 1024
ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
MADE_UP = [ipaddress.ip_network(net) for net in (
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  # for documentation
    "127.0.0.0/8", "0.0.0.0/32", "172.16.0.0/12")]


def types_of(folder):
    """The rows of types.txt: (type, code), the code None for types that have none."""
    rows = []
    for line in (folder / "types.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, _, code = line.partition("\t")
            rows.append((name, code or None))
    return rows


def is_made_up(text):
    """Also true of what only looks like an address: a browser's version, three digits with zeros."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    return text.endswith(".0.0.0") or any(address in net for net in MADE_UP)


def faults_of_line(line):
    try:
        text = line.decode()
        event = json.loads(text)
    except ValueError as problem:
        return [f"does not parse: {problem}"], None
    if not isinstance(event, dict) or not event:
        return ["is not an object with fields"], None
    try:
        json.dumps(event, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ["half a surrogate pair, which standard tools refuse"], event
    return [f"{address} is not for documentation" for address in ADDRESS.findall(text)
            if not is_made_up(address)], event


def faults(folder):
    """What is wrong with a corpus, one text each."""
    found, seen, size = [], set(), 0
    told = (folder / "README.md").read_text()
    files = sorted(folder.glob("*.ndjson"))
    for path in files:
        data = path.read_bytes()
        size += len(data)
        if not data or not data.endswith(b"\n"):
            found.append(f"{path.name}: empty, or without a newline at its end")
        if f"`{path.name}`" not in told:
            found.append(f"{path.name}: README.md does not name it")
        for number, line in enumerate(data.removesuffix(b"\n").split(b"\n"), 1):
            of_line, event = faults_of_line(line)
            found += [f"{path.name}:{number}: {fault}" for fault in of_line]
            if event:
                seen.add((str(event.get("event")), event.get("code") and str(event["code"])))
    rows = types_of(folder)
    if len(rows) < 400 or rows != sorted(set(rows), key=lambda row: (row[0], row[1] or "")):
        found.append(f"types.txt: {len(rows)} rows, or not sorted, or one twice")
    found += [f"types.txt: no event has the type {name} and the code {code}"
              for name, code in rows if (name, code) not in seen]
    if size > BYTES_MAX:
        found.append(f"{size} bytes, {BYTES_MAX} are the limit")
    return found


class Corpus(unittest.TestCase):
    def test_is_right(self):
        self.assertEqual(faults(corpus.OWN), [])

    def test_gives_every_line(self):
        own = [line for path in corpus.own_files() for line in corpus.lines_of(path)]
        self.assertEqual(corpus.lines()[:len(own)], own)

    def test_new_uids_change_nothing_else(self):
        lines = corpus.lines()
        given = list(corpus.with_uids(lines))
        self.assertEqual(len(given), len(lines))
        uids = set()
        for line, new in zip(lines, given):
            event, changed = json.loads(line), json.loads(new)
            first = json.loads(new, object_pairs_hook=lambda pairs: dict(reversed(pairs)))["uid"]
            uids.add(first)
            place = corpus.member(line.decode(), "uid")
            if line != new and place:
                self.assertEqual(new.decode().replace(f'"{first}"', line.decode()[slice(*place)], 1),
                                 line.decode())
            event.pop("uid", None)
            changed.pop("uid")
            self.assertEqual(repr(event), repr(changed))
        self.assertEqual(len(uids), len(lines))

    def test_absence_is_an_error(self):
        whole = corpus.OWN
        self.addCleanup(setattr, corpus, "OWN", whole)
        corpus.OWN = whole / "not-there"
        self.assertRaises(FileNotFoundError, corpus.lines)


class Faulty(unittest.TestCase):
    """Each rule on a copy that breaks it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name) / "corpus"
        shutil.copytree(corpus.OWN, self.folder)

    def check(self, name, change, *words):
        path = self.folder / name
        path.write_bytes(change(path.read_bytes() if path.exists() else b""))
        found = faults(self.folder)
        self.assertTrue(any(all(word in fault for word in words) for fault in found), found[:5])

    def test_line(self):
        for line, words in ((b"{", "does not parse"), (b"", "does not parse"), (b"[1]", "not an object"), (b"{}", "not an"),
                            (b'{"a":"\xff"}', "does not parse"), (b'{"a":"8.8.4.4:53"}', "8.8.4.4"),
                            (b'{"a":"\\ud800"}', "half a surrogate")):
            with self.subTest(line=line):
                self.setUp()
                self.check("odd.ndjson", lambda data, line=line: data + line + b"\n", "odd.ndjson", words)

    def test_file(self):
        self.check("times.ndjson", lambda data: b"", "times.ndjson", "empty")
        self.check("times.ndjson", lambda data: b'{"event":"a"}', "times.ndjson", "without a newline")
        self.check("more.ndjson", lambda data: b'{"event":"a"}\n', "more.ndjson", "does not name")
        self.check("long.ndjson", lambda data: b'{"a":"' + b"x" * BYTES_MAX + b'"}\n', "are the limit")

    def test_types(self):
        self.check("types.txt", lambda data: data + b"zz.new\tZ1I\n", "zz.new", "Z1I")
        self.check("types.txt", lambda data: data[:9000], "rows")
        self.setUp()
        self.check("types.ndjson", lambda data: re.sub(rb'.*"code":"TMY12I".*\n', b"", data), "mysql.debug")


if __name__ == "__main__":
    unittest.main(verbosity=2)
