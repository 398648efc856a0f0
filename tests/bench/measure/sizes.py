"""Bytes an event: the archive with all indexes in, beside the raw file, the same under zstd -3, and
the table of the import's baseline."""
import os
import re
import shutil

from measure.process import run
from measure.table import say
from measure.world import size_below

BYTES = 120
TO_ZSTD = 1.5


def parts_of(archive, events):
    """Bytes an event of each table of the segments, its indexes and FTS5's own tables included; by
    the sqlite3 program, if it is there and has dbstat."""
    total = {}
    for folder, _, names in os.walk(archive + "/segments"):
        for name in names:
            if not name.endswith(".db") or not shutil.which("sqlite3"):
                continue
            done = run(["sqlite3", os.path.join(folder, name),
                        "SELECT coalesce(tbl_name, d.name), sum(pgsize) FROM dbstat d"
                        " LEFT JOIN sqlite_schema s ON s.name = d.name GROUP BY 1"])
            for line in done.out.splitlines():
                table, size = line.rsplit("|", 1)
                table = re.sub(r"_term_(data|idx|config|docsize|content)$", "_term", table)
                total[table] = total.get(table, 0) + int(size)
    return {table: round(size / events, 2)
            for table, size in sorted(total.items(), key=lambda pair: -pair[1])}


def add_sizes(world, label, store, at_most=None, to_zstd=None):
    """The lines of one archive."""
    own = size_below(store.archive) / store.events
    raw = store.raw_bytes / store.events
    world.table.add(f"{label}: archive", own, "bytes/event", at_most=at_most,
                    baseline=(raw, "raw"), ratio=own / raw)
    if world.pack(store):
        packed = os.path.getsize(store.packed) / store.events
        world.table.add("  archive to zstd -3", own / packed, "", at_most=to_zstd,
                        baseline=(packed, "zstd -3, bytes/event"))
    base = world.result.get("baseline")
    if base and base["events"] == store.events:
        size = base["bytes"] / base["events"]
        world.table.add("  archive to SQLite with indexes", own / size, "",
                        baseline=(size, "SQLite, bytes/event"))
    parts = parts_of(store.archive, store.events)
    world.result.setdefault("parts_per_event", {})[label] = parts
    say("  of these: " + (", ".join(f"{name} {size:.1f}" for name, size in parts.items())
                          or "unknown, there is no sqlite3 with dbstat"))


def sizes(world):
    world.table.begin("size", "bytes an event, everything in the archive's folder")
    for name in world.names():
        store = world.filled(name)
        add_sizes(world, f"{store.label()} events", store, BYTES, TO_ZSTD)
