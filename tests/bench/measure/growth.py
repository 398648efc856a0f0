"""What the same things cost when an archive is 1, 10 and 100 days old: the next days' events, some
questions, memory and open files. Each age has the whole archive behind it; between ages the days
are imported ten at a time."""
import datetime
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess

from measure.process import median_s, most_open_files, repeat, run
from measure.queries import USER
from measure.steled import Steled
from measure.table import number, say
from measure.world import first_day, size_below

AGES = (1, 10, 100)
NEXT_DAYS = 5   # imported one by one at each age
AT_ONCE = 10    # days imported together between ages
ALL_DAYS = AGES[-1] + NEXT_DAYS + 1


class Days:
    """The events of all days, in order, cut into files as they are needed. The stream is one, so
    that all days have the same people and hosts."""

    def __init__(self, world):
        self.world = world
        self.day_events = world.o.day_events
        self.first = first_day(ALL_DAYS)
        self.process = subprocess.Popen(
            world.generate_words(self.day_events * ALL_DAYS, ALL_DAYS), stdout=subprocess.PIPE)
        self.cut_events = 0
        self.file = world.path("days.ndjson")

    def cut(self, events):
        with open(self.file, "wb") as f:
            f.writelines(itertools.islice(self.process.stdout, events))
        self.cut_events += events
        return self.file

    def close(self):
        self.process.stdout.close()
        self.process.wait()
        if os.path.exists(self.file):
            os.remove(self.file)


def samples(path):
    """A uid and a hash of the first day."""
    with open(path, "rb") as f:
        uid = json.loads(f.readline())["uid"]
        found = next(filter(None, (re.search(rb'"path":"/tmp/([0-9a-f]{12})"', line)
                                   for line in f)))
    return uid, found.group(1).decode()


def questions(days, age, uid, rare):
    last = days.first + datetime.timedelta(days=age - 1)
    after = last + datetime.timedelta(days=1)
    return {
        "a uid, ms": [uid, "--output", "raw"],
        "a rare word, ms": [rare, "--output", "raw"],
        "newest 50 of two words, ms": ["ubuntu bash", "--limit", "50", "--output", "raw"],
        "count in the last day, ms": ["user:" + USER, "--count", "--from", str(last), "--to",
                                      str(after)],
        "count over all days, ms": ["user:" + USER, "--count"],
    }


def ask(world, archive, cases):
    column = {}
    for name, words in cases.items():
        command = world.stele("search", *words, archive=archive)
        runs = repeat(lambda command=command: run(command).fine((0, 1)), world.o.repeats)
        column[name] = median_s(runs) * 1e3
        column["highest memory of a search, MiB"] = max(
            column.get("highest memory of a search, MiB", 0), *(each.peak_mib for each in runs))
    column["open files of a search"] = most_open_files(command)
    return column


def next_days(world, days, archive):
    """Events a second, the median of days that are imported one by one."""
    rates, peaks = [], []
    for _ in range(NEXT_DAYS):
        done = world.import_file(days.cut(days.day_events), archive)
        rates.append(days.day_events / done.seconds)
        peaks.append(done.peak_mib)
    return {"import of the next day, events/s": statistics.median(rates),
            "highest memory of import, MiB": max(peaks)}


def posted(world, days, archive):
    """The daemon on this archive: at rest, and while it gets one more day."""
    with Steled(world, archive) as daemon:
        column = {"steled at rest, MiB": daemon.mib("VmRSS"),
                  "steled at rest, open files": daemon.files()}
        done, report = daemon.load(10, "--events", days.cut(days.day_events))
        done.fine()
        column["10 connections, answers/s"] = report["acks_per_second"]
        column["steled, highest memory, MiB"] = daemon.mib("VmHWM")
        column["steled after it, open files"] = daemon.files()
    return column


def grow(world, days, archive, age):
    """Brings the archive to this age; what to look for, if these were its first days."""
    found = None
    while (left := age * days.day_events - days.cut_events) > 0:
        file = days.cut(min(left, AT_ONCE * days.day_events))
        found = found or (samples(file) if age == AGES[0] else None)
        world.import_file(file, archive)
    return found


def growth(world):
    archive = world.path("growth")
    say(f"\ngrowth: {world.o.day_events} events a day; questions are medians of "
        f"{world.o.repeats}, imports of {NEXT_DAYS} days")
    world.new_archive(archive, "--host", "localhost")
    days = Days(world)
    columns = []
    uid = rare = None
    try:
        for age in AGES:
            uid, rare = grow(world, days, archive, age) or (uid, rare)
            column = {"days": age, **ask(world, archive, questions(days, age, uid, rare))}
            column["archive, bytes/event"] = size_below(archive) / days.cut_events
            column.update(next_days(world, days, archive))
            column.update(posted(world, days, archive))
            columns.append(column)
        world.expect_events(archive, days.cut_events)
    finally:
        days.close()
    shutil.rmtree(archive)
    world.result["growth"] = {"events_a_day": days.day_events, "ages": columns}
    show(columns)


def show(columns):
    say(f"{'days':<36} " + " ".join(f"{column['days']:>10}" for column in columns)
        + f" {'last/first':>11}")
    for name in columns[0]:
        if name == "days":
            continue
        values = [column[name] for column in columns]
        last = number(values[-1] / values[0]) if values[0] else "-"
        say(f"{name:<36} " + " ".join(f"{number(value):>10}" for value in values)
            + f" {last:>11}")
