"""Events kept as columns: what they take and what they give, beside another build (--before), rg and
zstd on the raw file, and other stores. Kinds of events one after the other, each with its rows."""
import os
import re
import shutil

from measure import column_rows as rows
from measure.kinds import real_shapes, real_text
from measure.peers import PEERS, part_counted, peer_questions
from measure.process import run
from measure.queries import all_cases, needles, samples
from measure.sides import Side, Sides
from measure.world import Store

PARTS = ("9f3a1", "curl", "zyzzyva", "10.0.")
LOOKUPS = ("a uid", "a rare word", "two common words, newest 50", "two common words, count",
           "field and field, count", "top 10 users", "top 10 of a text field",
           "histogram of everything, 1h")
BIG = ("SQL: count by user", "two common words, count", "top 10 of a text field")


def cut_in_two(b):
    """The raw file as two, for two threads of rg."""
    run(["split", "-n", "l/2", b.store.raw, b.store.raw + "."]).fine()
    return [b.store.raw + end for end in (".aa", ".ab")]


def parts_of_values(*parts):
    def part_questions(b):
        halves = cut_in_two(b)
        for case in needles(parts, halves):
            b.ask(case)
        for half in halves:
            os.remove(half)
    return part_questions


def questions(names, above_start):
    def case_questions(b):
        cases = {case.name: case for case in all_cases(b.store)}
        for name in names:
            b.ask(cases[name], above_start)
    return case_questions


def search_memory(b):
    b.add("searches: highest memory", "MiB", b.peaks)


class Kind:
    """events: so many times --events. make: of another kind than the generator's. works: what is
    measured, after the import."""

    def __init__(self, words, events, days, works, make=None, peers=True):
        self.words = words
        self.events = events
        self.days = days
        self.works = works
        self.make = make
        self.peers = peers

    def store(self, world, name):
        store = Store(world, name, round(world.o.events * self.events), self.days)
        if self.make:
            self.make(world, store.raw, store.events)
        else:
            world.generate(store.raw, store.events, store.days)
        return store


KINDS = {
    "day": Kind("in one day", 1, 1, ()),
    "days": Kind("over 20 days", 1, 20, (
        parts_of_values(*PARTS), questions(LOOKUPS, True), questions(BIG[:1], False), search_memory,
        rows.hunts, rows.exported, rows.shipped, rows.verified, rows.received)),
    "years": Kind("over 400 days", 0.2, 400, (
        questions(LOOKUPS, True), search_memory)),
    "shapes": Kind("of real shapes: sample events with new uids and times", 0.2, 1, (
        parts_of_values("curl", "example.org", "zyzzyva"), rows.exported), real_shapes, False),
    "text": Kind("with real text: a line of source code for each command and query", 0.2, 1, (
        parts_of_values("curl", "malloc", "zyzzyva"), rows.exported), real_text, False),
    "big": Kind("over ten days", 10, 10, (
        questions(BIG, False), parts_of_values("curl", "zyzzyva"), search_memory, rows.exported)),
}


def ask_peer(b, peer):
    """Fills its column."""
    loaded = peer.load(b.store.raw)
    found = {"import": b.store.events / loaded.seconds,
             "import: processor time": loaded.cpu_s / b.store.events * 1e6,
             "import: highest memory": peer.peak_mib()}
    peer.merge()
    found["size, all files"] = peer.size() / b.store.events
    uid, rare = samples(b.store)
    words = peer_questions(uid, rare)
    words.update({row.measure: part_counted(row.measure.split("*")[1])
                  for row in b.rows if row.measure.startswith("*")})
    for row in b.rows:
        if row.measure in words:
            answer = peer.median(words[row.measure][PEERS.index(type(peer))], b.world.o.repeats)
            row.values[peer.name] = answer.seconds * 1e3
            row.more["cpu_ms"][peer.name] = round(answer.cpu_s * 1e3, 2)
            count = int((re.findall(r"\d+", answer.out) or ["0"])[-1])
            if count != row.more.get("count", count):
                row.note(f"{peer.name} counts {count:,}")
        elif row.measure == "all lines back":
            row.values[peer.name] = peer.median(peer.everything, b.world.o.repeats).seconds * 1e3
        elif row.measure in found:
            row.values[peer.name] = found[row.measure]


def ask_peers(b):
    for kind in PEERS:
        if not kind.program():
            continue
        try:
            with kind(b.world.path("peer")) as peer:
                ask_peer(b, peer)
        except (SystemExit, OSError, ValueError) as error:
            b.world.warn(f"{b.name()}, {kind.name}, ended early: {error}")


def measured(b, work):
    """What cannot be measured does not keep the other rows from it."""
    try:
        work(b)
    except (SystemExit, OSError, ValueError, KeyError) as error:
        b.world.warn(f"{b.name()}, {work.__name__}, ended early: {error}")


def one_kind(b, name, kind):
    b.begin(kind.store(b.world, name))
    rows.imports(b)
    for work in kind.works:
        measured(b, work)
    for side in b.sides:
        shutil.rmtree(side.path(name))
    if kind.peers:
        ask_peers(b)
    b.show(f"{b.store.label()} events {kind.words}")
    for path in (b.store.raw, b.store.packed):
        if os.path.exists(path):
            os.remove(path)


def columns(world):
    sides = [Side("stele", world)]
    if world.o.before:
        sides.append(Side("before", world.of_build(world.o.before)))
    b = Sides(world, sides)
    rows.starts(b)
    b.show(f"whole processes, median of {world.o.repeats}, in turns; \"ms above\" is without the "
           "start of a process (--version);\nrg counts parts of values on two halves of the file, "
           "with two threads; cpu is the ratio of processor times")
    for name, kind in KINDS.items():
        if name in world.o.kinds and (name != "big" or world.o.full):
            one_kind(b, name, kind)
