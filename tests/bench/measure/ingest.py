"""Files of events fully indexed, whole processes. Beside it a table with a row an event, five
indexes and FTS5 over the raw text, filled from the same file."""
import json
import os
import shutil

from measure.process import median_s, repeat, run

MEMORY_MIB = 512
PER_SECOND = 150000
BASELINE = "SQLite rows/s"


def timed_import(world, store):
    def once():
        world.new_archive(store.archive)
        return world.import_file(store.raw, store.archive)
    return repeat(once, world.o.runs)


def baseline(world, store):
    """Events a second; leaves the database for its size."""
    path = world.path("baseline.db")

    def once():
        for name in (path, path + "-wal", path + "-shm"):
            if os.path.exists(name):
                os.remove(name)
        with open(store.raw, "rb") as f:
            return run([world.tool("baseline-sqlite"), path], stdin=f).fine()
    runs = repeat(once, world.o.runs)
    world.result["baseline"] = {"events": store.events, "bytes": os.path.getsize(path),
                                "runs": len(runs), "peak_mib": round(runs[-1].peak_mib, 1),
                                "insert_seconds": json.loads(runs[-1].out)["seconds"]}
    os.remove(path)
    return store.events / median_s(runs), len(runs)


def ordered(world, name, beside):
    store = world.store(name)
    runs = timed_import(world, store)
    world.expect_events(store.archive, store.events)
    rate = store.events / median_s(runs)
    world.table.add(f"{store.label()} events, {store.label_days()}", rate,
                    "events/s", at_least=PER_SECOND, baseline=(beside[0], BASELINE),
                    ratio=rate / beside[0], runs=len(runs), baseline_runs=beside[1],
                    mib_per_second=round(store.raw_bytes / median_s(runs) / 2 ** 20, 1))
    world.table.add("  highest memory", max(each.peak_mib for each in runs), "MiB",
                    at_most=MEMORY_MIB)
    return rate


def year(world, rate):
    """The same number of events, their times anywhere in a year."""
    raw, archive = world.path("year.ndjson"), world.path("year")
    world.generate(raw, world.o.events, 365, "--order", "random")

    def once():
        world.new_archive(archive)
        return world.import_file(raw, archive)
    runs = repeat(once, world.o.runs)
    world.expect_events(archive, world.o.events)
    shutil.rmtree(archive)
    os.remove(raw)
    own = world.o.events / median_s(runs)
    world.table.add("random order over a year", own, "events/s", baseline=(rate, "in order"),
                    runs=len(runs))
    world.table.add("  random to ordered", own / rate, "", at_least=0.5)
    world.table.add("  highest memory", max(each.peak_mib for each in runs), "MiB",
                    at_most=MEMORY_MIB)


def ingest(world):
    world.table.begin("import", "fully indexed, whole processes; median of up to "
                      f"{world.o.runs} runs, one over 30 s is not repeated")
    beside = baseline(world, world.store("small"))
    rate = ordered(world, "small", beside)
    year(world, rate)
    if world.o.full:
        ordered(world, "big", beside)
