"""What is measured of one kind of events, for each build in turns: rows for sides.py. Searches are
in columns.py, as they are what other stores are asked too."""
import json
import os
import shlex
import shutil
import threading

from measure.hunt import write_list
from measure.process import in_turns, median_cpu_s, median_s, run
from measure.receive import EVER
from measure.sides import FILES, ms
from measure.steled import Steled
from measure.world import size_below

LISTS = (10000, 1000000)
CONNECTIONS = 10


def starts(b):
    """How long it takes to do nothing: the start of every process below."""
    for side in b.sides:
        side.world.new_archive(side.path("empty"))
    version = {side.name: [side.world.tool("stele"), "--version"] for side in b.sides}
    if shutil.which("rg"):
        version[FILES] = "export LC_ALL=C; rg --version"
    empty = b.commands("search", "zyzzyva", "--count", name="empty")
    for measure, commands, kept in (("start of a process: --version", version, b.start_s),
                                    ("a search in an empty archive", empty, b.empty_s)):
        runs = b.runs(commands)
        b.add_runs(measure, "ms", runs, ms)
        kept.update({name: median_s(done) for name, done in runs.items()})


def imports(b):
    """Leaves the archives."""
    def once(side):
        side.world.new_archive(side.path(b.name()))
        return side.world.import_file(b.store.raw, side.path(b.name()))
    runs = in_turns({side.name: lambda side=side: once(side) for side in b.sides}, b.world.o.runs)
    for side in b.sides:
        side.world.expect_events(side.path(b.name()), b.store.events)
    values = {side.name: size_below(side.path(b.name())) / b.store.events for side in b.sides}
    if b.world.pack(b.store):
        values[FILES] = os.path.getsize(b.store.packed) / b.store.events
    b.add("size, all files", "bytes/event", values, raw=b.store.raw_bytes / b.store.events)
    b.add_runs("import", "events/s", runs, lambda seconds: b.store.events / seconds)
    b.add("import: processor time", "us/event",
          {name: median_cpu_s(done) / b.store.events * 1e6 for name, done in runs.items()})
    b.add("import: highest memory", "MiB", highest(runs))


def highest(runs):
    return {name: max(each.peak_mib for each in done) for name, done in runs.items()}


def seen(done):
    """The indicators that a hunt found, and how often."""
    hits = map(json.loads, done.out.splitlines())
    return sorted((hit["kind"], hit["indicator"], hit["events"]) for hit in hits)


def hunts(b):
    for size in LISTS:
        path = write_list(b.world, size, b.store)
        words = ("hunt", path, "--output", "ndjson")
        reading = b.runs(b.commands(*words, name="empty"))
        runs = b.runs(b.commands(*words))
        measure = f"hunt, {size:,} indicators"
        row = b.add_runs(measure, "ms", runs, ms, seen=len(seen(runs["stele"][-1])))
        b.add("  without reading the list", "ms",
              {name: ms(median_s(done) - median_s(reading[name])) for name, done in runs.items()})
        b.add("  highest memory", "MiB", highest(runs))
        b.same(measure, {name: seen(done[-1]) for name, done in runs.items()})
        if size == LISTS[0] and shutil.which("rg"):  # once; the other would take minutes
            row.values[FILES] = ms(run(f"LC_ALL=C rg -F -c -f {path} {b.store.raw}").seconds)
        os.remove(path)


def exported(b):
    """Every line, in any order, to a pipe whose bytes are counted."""
    commands = b.commands("export", "--dest", "-")
    if b.world.pack(b.store):
        commands[FILES] = ["zstd", "-q", "-dc", b.store.packed]
    runs = b.runs({name: f"set -o pipefail; {shlex.join(words)} | wc -c"
                   for name, words in commands.items()})
    b.add_runs("all lines back", "ms", runs, ms)
    b.same("all lines back", {"the file": b.store.raw_bytes,
                              **{name: int(done[-1].out) for name, done in runs.items()}})


def ship_once(b, side):
    """A copy of the archive, of which nothing was shipped yet."""
    archive, target, config = (side.path(name) for name in ("ship", "target", "ship.conf"))
    for path in (archive, target):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(side.path(b.name()), archive)
    os.mkdir(target)
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"[archive]\ndir = {archive}\n[ship]\ntarget = file://{target}\n")
    done = run(side.words("ship", "ship", "--config", config)).fine()
    shutil.rmtree(archive)
    return done


def shipped(b):
    runs = in_turns({side.name: lambda side=side: ship_once(b, side) for side in b.sides},
                    b.world.o.repeats)
    b.add_runs("shipping to a directory", "events/s", runs,
               lambda seconds: b.store.events / seconds)
    for side in b.sides:
        objects = shlex.quote(side.path("target"))
        if shutil.which("zstd"):
            there = run(f"find {objects} -name '*.ndjson.zst' -print0 | xargs -0 zstd -q -dc | "
                        "wc -l")
            b.same("shipping", {"the file": b.store.events, side.name: int(there.fine().out)})
        shutil.rmtree(side.path("target"))


def verified(b):
    for words in b.commands("seal").values():
        run(words).fine()
    b.add_runs("verify", "us/event", b.runs(b.commands("verify")),
               lambda seconds: seconds / b.store.events * 1e6)


class Busy:
    """Searches one after the other, as long as it is open."""

    def __init__(self, words):
        self.words = words
        self.done = 0
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.end.is_set():
            run(self.words)
            self.done += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


def load(b, side, archive, seed, *more):
    """A daemon's report of --seconds of posts."""
    with Steled(side.world, archive, *more) as daemon:
        done, report = daemon.load(CONNECTIONS, "--generate", EVER, "--seed", str(seed),
                                   "--seconds", str(b.world.o.seconds))
        done.fine()
        return report


def receive_alone(b, side, seed):
    archive = side.path("receive")
    side.world.new_archive(archive, "--host", "localhost")
    report = load(b, side, archive, seed)
    shutil.rmtree(archive)
    return report


def receive_busy(b, side, seed):
    """While the events that are there are shipped, and searched without a pause."""
    archive, target = side.path("busy"), side.path("target")
    shutil.copytree(side.path("filled"), archive)
    os.mkdir(target)
    with Busy(side.words("busy", "search", "*curl*", "--count")) as busy:
        report = load(b, side, archive, seed, "--set", f"ship.target=file://{target}", "--set",
                      "ship.interval=1s")
    if not busy.done or not size_below(target):
        b.world.warn(f"receiving, {side.name}: there was no search, or no shipment")
    for path in (archive, target):
        shutil.rmtree(path)
    return {**report, "searches": busy.done}


def add_reports(b, measure, reports):
    """The reports of each build: the median of rates and of p99."""
    def middle(values):
        return sorted(values)[len(values) // 2]
    b.add(measure, "/s", {name: middle([each["acks_per_second"] for each in done])
                          for name, done in reports.items()}, reports=reports)
    b.add("  p99 of an answer", "ms",
          {name: middle([each["latency_us"]["p99"] / 1e3 for each in done])
           for name, done in reports.items()})


def received(b):
    for side in b.sides:
        side.world.new_archive(side.path("filled"), "--host", "localhost")
        side.world.import_file(b.store.raw, side.path("filled"))
    for measure, once in ((f"{CONNECTIONS} connections", receive_alone),
                          (f"{CONNECTIONS} connections beside search and ship", receive_busy)):
        reports = {side.name: [] for side in b.sides}
        for number in range(b.world.o.runs):
            for side in b.sides:
                reports[side.name].append(once(b, side, 7000 + number))
        add_reports(b, measure, reports)
    for side in b.sides:
        shutil.rmtree(side.path("filled"))
