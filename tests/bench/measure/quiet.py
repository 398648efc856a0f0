"""A quiet cluster: one event a second for a day, which come in hour by hour, so that no block is
full."""
import itertools
import os
import shutil

from measure.sizes import add_sizes
from measure.world import Store

HOURS = 24
EVENTS_AN_HOUR = 3600


def quiet(world):
    store = Store(world, "quiet", HOURS * EVENTS_AN_HOUR, 1)
    hour = world.path("hour.ndjson")
    world.table.begin("quiet", "one event a second for a day, imported hour by hour")
    world.generate(store.raw, store.events, 1)
    world.new_archive(store.archive)
    with open(store.raw, "rb") as lines:
        for _ in range(HOURS):
            with open(hour, "wb") as f:
                f.writelines(itertools.islice(lines, EVENTS_AN_HOUR))
            world.import_file(hour, store.archive)
    add_sizes(world, "a day", store)
    blocks = world.stats(store.archive)["blocks"]
    world.table.add("  events a block", store.events / max(1, blocks))
    shutil.rmtree(store.archive)
    for path in (store.raw, store.packed, hour):
        if os.path.exists(path):
            os.remove(path)
