"""The same work of two builds, in turns, on archives of their own, and what each made of it: rows with
a column for each build and for what stands beside them."""
import os
import shutil

from measure.process import in_turns, median_cpu_s, median_s, run
from measure.queries import count
from measure.search import compare
from measure.table import BESIDE

FILES = BESIDE[1]


def ms(seconds):
    return seconds * 1e3


class Side:
    """A build."""

    def __init__(self, name, world):
        self.name = name
        self.world = world

    def path(self, name):
        return self.world.path(f"{name}-{self.name}")

    def words(self, name, *words):
        """A command on the archive of this name."""
        return self.world.stele(*words, archive=self.path(name))


class Row:
    """values: by column."""

    def __init__(self, measure, unit, values, more):
        self.measure = measure
        self.unit = unit
        self.values = values
        self.more = more

    def note(self, words):
        self.more["note"] = "; ".join(filter(None, (self.more.get("note"), words)))


class Sides:
    """The builds, and the rows of one store until they are shown."""

    def __init__(self, world, sides):
        self.world = world
        self.sides = sides
        self.start_s = {}  # of a process that does nothing
        self.empty_s = {}  # of a search where there is nothing
        self.begin(None)

    def begin(self, store):
        self.store = store
        self.rows = []
        self.peaks = {}  # of searches, MiB

    def name(self):
        return self.store and os.path.basename(self.store.archive)

    def add(self, measure, unit, values, **more):
        self.rows.append(Row(measure, unit, values, more))
        return self.rows[-1]

    def commands(self, *words, name=None):
        """The same command on each build's archive."""
        return {side.name: side.words(name or self.name(), *words) for side in self.sides}

    def runs(self, commands):
        return in_turns({name: lambda words=words: run(words) for name, words in commands.items()},
                        self.world.o.repeats)

    def add_runs(self, measure, unit, runs, value, start_s=None, **more):
        """value: makes the unit's number of seconds. start_s: what to leave out, by column. What
        did not work has no value."""
        values, cpu_ms = {}, {}
        for name, done in runs.items():
            if done[-1].code not in (0, 1):
                self.world.warn(f"{measure}, {name}: {done[-1].err.strip()}")
                continue
            values[name] = value(median_s(done) - (start_s or {}).get(name, 0))
            cpu_ms[name] = round(ms(median_cpu_s(done)), 2)
        return self.add(measure, unit, values, cpu_ms=cpu_ms,
                        runs={name: len(done) for name, done in runs.items()}, **more)

    def ask(self, case, above_start=False):
        """A question of queries.py, and the same by rg; the answers are compared."""
        commands = self.commands(*case.words)
        if case.shell and shutil.which("rg"):
            commands[FILES] = "export LC_ALL=C; " + case.shell
        runs = self.runs(commands)
        row = self.add_runs(case.name, "ms above" if above_start else "ms", runs, ms,
                            self.start_s if above_start else None, query=case.words)
        if above_start:
            row.more["whole_ms"] = {name: round(ms(median_s(runs[name])), 2) for name in row.values}
            row.more["above_an_empty_archive"] = {
                name: round(ms(median_s(runs[name]) - self.empty_s[name]), 2)
                for name in row.values if name in self.empty_s}
        self.compare(case, runs, row)
        for side in self.sides:
            peak = max(each.peak_mib for each in runs[side.name])
            self.peaks[side.name] = max(self.peaks.get(side.name, 0), peak)

    def compare(self, case, runs, row):
        if "stele" not in row.values:
            return
        own = runs["stele"][-1]
        theirs = runs[FILES][-1] if FILES in runs else None
        if theirs and case.check:
            theirs = run("export LC_ALL=C; " + case.check)
        if theirs:
            row.more["agrees"] = compare(self.world, case, own, theirs)
        if case.read is count:
            row.more["count"] = count(own.out)[0]
        read = case.read or (lambda text: sorted(text.splitlines()))
        self.same(case.name, {side.name: read(runs[side.name][-1].out) for side in self.sides
                              if side.name in row.values})

    def same(self, measure, answers):
        """Warns if they are not: answers by who gave them."""
        first = next(iter(answers.values()), None)
        if any(answer != first for answer in answers.values()):
            shown = ", ".join(f"{name} says {str(answer)[:80]}" for name, answer in answers.items())
            self.world.warn(f"{self.name()}: {measure}: {shown}")

    def show(self, words):
        self.world.table.begin_beside("columns", words)
        for row in self.rows:
            self.world.table.add_beside(row.measure, row.unit, row.values, events_are=self.name(),
                                        **row.more)
