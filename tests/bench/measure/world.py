"""What the parts share: options, programs, the folder of the run, made-up events and the archives
made of them."""
import copy
import datetime
import json
import os
import shutil
import subprocess
import tempfile

from measure.process import run
from measure.table import Table, say

SEED = 7
# The last day of all made-up events, so that the same options give the same bytes; an earlier one
# when the clock is behind it, as an archive does not believe in times to come.
LAST_DAY = datetime.date(2026, 11, 10)


def first_day(days):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return min(LAST_DAY, today - datetime.timedelta(days=1)) - datetime.timedelta(days=days - 1)


def size_below(path):
    return sum(os.path.getsize(os.path.join(folder, name))
               for folder, _, names in os.walk(path) for name in names)


class Store:
    """A file of events and the archive made of it."""

    def __init__(self, world, name, events, days):
        self.events = events
        self.days = days
        self.first_day = first_day(days)
        self.raw = world.path(name + ".ndjson")
        self.packed = self.raw + ".zst"
        self.archive = world.path(name)

    @property
    def raw_bytes(self):
        return os.path.getsize(self.raw)

    def label(self):
        events = self.events
        for size, letter in ((1000000, "M"), (1000, "k")):
            if events >= size:
                return f"{events / size:g} {letter}"
        return str(events)

    def label_days(self):
        return "1 day" if self.days == 1 else f"{self.days} days"


class World:
    def __init__(self, options):
        self.o = options
        self.dir = tempfile.mkdtemp(prefix="stele-bench-", dir=options.work)
        self.table = Table()
        self.result = {}
        self.warnings = []
        self.stores = {}
        self.folders = {}  # of programs that are not in --bin

    def of_build(self, folder):
        """The same run, with the stele and steled of another folder."""
        other = copy.copy(self)
        other.folders = {name: folder for name in ("stele", "steled")}
        return other

    def path(self, name):
        return os.path.join(self.dir, name)

    def tool(self, name):
        return os.path.join(self.folders.get(name, self.o.bin), name)

    def stele(self, verb, *words, archive):
        return [self.tool("stele"), verb, *words, "--archive", archive]

    def warn(self, words):
        self.warnings.append(words)
        say("warning:", words)

    def generate_words(self, events, days, *more):
        return [self.tool("stele-generate"), "--events", str(events), "--days", str(days),
                "--start", first_day(days).isoformat(), "--seed", str(SEED), *more]

    def generate(self, path, events, days, *more):
        with open(path, "wb") as f:
            subprocess.run(self.generate_words(events, days, *more), stdout=f, check=True)

    def new_archive(self, path, *more):
        shutil.rmtree(path, ignore_errors=True)
        run([self.tool("stele"), "init", path, *more]).fine()

    def import_file(self, file, archive):
        return run(self.stele("import", file, archive=archive)).fine()

    def stats(self, archive):
        return json.loads(run(self.stele("stats", "--output", "json", archive=archive)).fine().out)

    def expect_events(self, archive, events):
        """In segments, or still waiting for one, each in a request of its own."""
        stats = self.stats(archive)
        found = stats["events"] + stats["inbox"]
        if found != events:
            self.warn(f"{os.path.basename(archive)}: {found} events of {events} are there: "
                      f"{stats}")

    def store(self, name):
        """"small" or "big": the raw file is made when it is first asked for."""
        if name not in self.stores:
            big = name == "big"
            store = Store(self, name, self.o.events * (10 if big else 1), 10 if big else 1)
            self.generate(store.raw, store.events, store.days)
            self.stores[name] = store
        return self.stores[name]

    def filled(self, name):
        """The same with its archive, imported now if no part has done so."""
        store = self.store(name)
        if not os.path.exists(store.archive):
            self.new_archive(store.archive)
            self.import_file(store.raw, store.archive)
        return store

    def pack(self, store):
        """Makes store.packed: zstd -3 of the whole file, what people have who keep logs."""
        if shutil.which("zstd") and not os.path.exists(store.packed):
            run(["zstd", "-3", "-q", "-f", "-o", store.packed, store.raw]).fine()
        return os.path.exists(store.packed)

    def names(self):
        return ("small", "big") if self.o.full else ("small",)
