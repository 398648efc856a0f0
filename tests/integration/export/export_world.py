"""What the tests of export and restore share, beside what those of shipping have."""
import collections
import hashlib
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "ship"))

import ship_world  # noqa: E402
from ship_world import STELE, Archive, objects_below, run, unpack  # noqa: E402

DAYS = ("2026-11-19", "2026-11-20", "2026-11-21")


def export(archive, *words, ok=True, **more):
    return run(STELE, "export", "--archive", archive.dir, *words, ok=ok, **more)


def restore(archive, *words, ok=True, **more):
    return run(STELE, "import", "--archive", archive.dir, *words, ok=ok, **more)


def lines_of(path):
    """An object's lines, by the tools people have."""
    return path.read_bytes().splitlines() if path.name.endswith(".ndjson") else unpack(path)


def all_lines(folder):
    return [line for path in objects_below(folder) for line in lines_of(path)]


def tree(folder):
    """Keys and digests of all objects."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in objects_below(folder)}


def digest(archive):
    """Of all events, sorted by uid (then by their bytes)."""
    lines = export(archive, "--dest", "-").stdout.splitlines()
    lines.sort(key=lambda line: (str(json.loads(line).get("uid", "")), line))
    return len(lines), hashlib.sha256(b"\n".join(lines)).hexdigest()


def expect_lines(test, got, want):
    wrong = collections.Counter(got)
    wrong.subtract(collections.Counter(want))
    wrong = {line: count for line, count in wrong.items() if count}
    test.assertEqual(len(wrong), 0, f"{len(wrong)} lines differ: {list(wrong.items())[:3]}"[:900])


def time_of(line):
    return json.loads(line)["time"]
