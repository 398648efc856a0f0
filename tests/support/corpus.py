"""Teleport's audit events for tests: the project's own (corpus/ beside this file, always), and those of a
folder ../shared/corpus beside the project, when there is one; what it adds is said in one line."""
import functools
import json
import pathlib
import uuid

OWN = pathlib.Path(__file__).resolve().parent / "corpus"
BESIDE = OWN.parents[3] / "shared/corpus"


def own_files():
    """The files of the project's corpus. That they are missing is an error."""
    files = sorted(OWN.glob("*.ndjson"))
    if not files:
        raise FileNotFoundError(f"{OWN} holds no *.ndjson: the corpus belongs to the project")
    return files


@functools.cache
def files_beside():
    """Those of ../shared/corpus; said when they are asked for first."""
    paths = sorted(BESIDE.glob("*.ndjson"))
    if paths:
        print(f"also ../shared/corpus: {sum(len(lines_of(path)) for path in paths)} events", flush=True)
    return paths


def files():
    """The project's files, then those of ../shared/corpus."""
    return own_files() + files_beside()


def lines_of(path):
    return path.read_bytes().splitlines()


def lines():
    """Every event as the bytes of its line."""
    return [line for path in files() for line in lines_of(path)]


def member(line, name):
    """Where the value of a top-level member stands in a line's text: (start, end), or None. The first counts."""
    decode = json.JSONDecoder().raw_decode
    blank = lambda at: len(line) - len(line[at:].lstrip(" \t\r\n"))
    at = blank(0) + 1
    while line[blank(at)] != "}":
        key, at = decode(line, blank(at))
        start = blank(blank(at) + 1)
        _, end = decode(line, start)
        if key == name:
            return start, end
        at = blank(end)
        at += line[at] == ","
    return None


def with_uids(lines):
    """Each line with a uid that no other has: a new one where it has none, no text, or one that was there
    before. All other bytes stay as they are."""
    seen = set()
    for raw in lines:
        line = raw.decode()
        place = member(line, "uid")
        uid = json.loads(line[slice(*place)]) if place else None
        if not isinstance(uid, str) or not uid or uid in seen:
            uid = str(uuid.uuid4())
            if place:
                line = f'{line[:place[0]]}"{uid}"{line[place[1]:]}'
            else:
                start = line.index("{") + 1
                line = f'{line[:start]}"uid":"{uid}",{line[start:]}'
        seen.add(uid)
        yield line.encode()
