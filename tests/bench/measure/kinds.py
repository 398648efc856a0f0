"""Events that the generator does not make: real shapes, which are sample events over and over with new
uids and times; and real text, which is the made-up events with lines of source code for commands and
queries. The same options and sources give the same bytes."""
import datetime
import glob
import itertools
import json
import os
import random
import re
import subprocess
import uuid

from measure.world import SEED, first_day

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BESIDE = os.path.join(os.path.dirname(ROOT), "shared/corpus")
OWN = os.path.join(ROOT, "tests/support/corpus/types.ndjson")
UID = re.compile(rb'"uid":"[^"]*"')
TIME = re.compile(rb'"time":"[^"]*"')
STRING = rb'"(?:\\.|[^"\\])+"'  # not empty
TEXT = re.compile(rb'"(command|db_query|raw_query)":' + STRING +
                  rb'|"(argv|initial_command)":\[(?:' + STRING + rb',?)+\]')
LINE_BYTES_MIN = 8  # of source code: a bracket alone is no command


def samples():
    """Lines; those of ../shared/corpus if there are any, or else the project's own, of every type."""
    paths = sorted(glob.glob(os.path.join(BESIDE, "*.ndjson"))) or [OWN]
    lines = []
    for path in paths:
        with open(path, "rb") as f:
            lines += [line.strip() for line in f if line.startswith(b"{")]
    return lines


def fresh(line, key, pattern, value):
    pair = b'"%s":"%s"' % (key, value.encode())
    line, found = pattern.subn(pair, line)
    return line if found else b"{" + pair + b"," + line[1:]


def real_shapes(_world, path, events):
    draw = random.Random(SEED)
    day = datetime.datetime.combine(first_day(1), datetime.time())
    step = datetime.timedelta(days=1) / events
    with open(path, "wb") as f:
        for number, line in enumerate(itertools.islice(itertools.cycle(samples()), events)):
            uid = str(uuid.UUID(int=draw.getrandbits(128), version=4))
            time = (day + number * step).isoformat(timespec="milliseconds") + "Z"
            f.write(fresh(fresh(line, b"time", TIME, time), b"uid", UID, uid) + b"\n")


def source_lines():
    lines = []
    for folder in ("schema", "query", "daemon", "tools", "tests"):
        for path in sorted(glob.glob(os.path.join(ROOT, folder, "**/*.[ch]"), recursive=True)):
            with open(path, encoding="utf-8") as f:
                lines += [line for line in map(str.strip, f) if len(line) >= LINE_BYTES_MIN]
    return lines


def real_text(world, path, events):
    draw = random.Random(SEED)
    lines = source_lines()

    def other(match):
        line = draw.choice(lines)
        name, list_name = match.groups()
        return b'"%s":%s' % (name or list_name,
                             json.dumps(line if name else line.split()).encode())
    with (subprocess.Popen(world.generate_words(events, 1), stdout=subprocess.PIPE) as made,
          open(path, "wb") as f):
        f.writelines(TEXT.sub(other, line) for line in made.stdout)
