"""Lists of indicators, nearly all of them never seen, against the archives of the run: whole processes, and
beside them what reading the list alone takes. rg -F -f looks for the same words in the raw file."""
import ipaddress
import json
import os
import random
import shutil

from measure.process import median_s, repeat, run
from measure.table import say

LISTS = (10000, 1000000)
RARE = 10  # indicators that are there: URLs of commands, seen in an event or two each
ASKED_MS = {("small", 10000): 50, ("small", 1000000): 1000}
ASKED_MATCHING_MS = {("big", 1000000): 2000}
ASKED_LINES = 2e6  # a second
ASKED_OTHER_LINES = 5e5
OTHER_LINES = 300000
OTHERS = {"CSV rows": ("seen,ioc,type,malware\n", "2026-01-01 10:00:00,{0},any,Loader {1}\n"),
          "hosts lines": ("127.0.0.1 localhost\n", "0.0.0.0 x{1}.example.com\n"),
          "bullets with remarks": ("", "- {0} - seen as a panel in May\n")}
ASKED_MIB = 512


def made_up(draw, number):
    letters = "".join(draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.randint(8, 14)))
    zone = draw.choice(("com", "net", "org", "ru", "xyz", "top"))
    if number % 5 == 0:  # one in 198.18/15 would be the generator's own
        address = ipaddress.ip_address(draw.randrange(11 << 24, 192 << 24))
        return str(address)
    if number % 5 in (1, 2):
        return f"{letters}.{zone}"
    if number % 5 == 3:
        return f"{draw.getrandbits(256):064x}"
    return f"http://{letters}.{zone}/{draw.getrandbits(32):x}"


def rare(raw):
    found = []
    with open(raw, encoding="utf-8") as lines:
        for line in lines:
            for word in json.loads(line).get("argv") or ():
                if word.startswith("http://") and len(found) < RARE:
                    found.append(word)
            if len(found) == RARE:
                break
    return found


def write_list(world, size, store):
    path = world.path(f"list-{size}")
    draw = random.Random(size)
    with open(path, "w", encoding="utf-8") as f:
        for number in range(size - RARE):
            f.write(made_up(draw, number) + "\n")
        f.write("\n".join(rare(store.raw)) + "\n")
    return path


def other_lists(world, empty, start_s):
    """Lists that are more than a value a line."""
    for name, (head, line) in OTHERS.items():
        path = world.path("list-other")
        draw = random.Random(name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(head)
            f.writelines(line.format(made_up(draw, number), number) for number in range(OTHER_LINES))
        words = world.stele("hunt", path, "--output", "ndjson", archive=empty)
        reading = median_s(repeat(lambda words=words: run(words), world.o.repeats))
        world.table.add(f"{name} read", OTHER_LINES / (reading - start_s), "lines/s", at_least=ASKED_OTHER_LINES)
        os.remove(path)


def rg_beside(world, name, size, path, store):
    """Once: it takes minutes. Of the larger archive there would be ten times as many."""
    if name != "small" or not shutil.which("rg"):
        return None
    return run(f"LC_ALL=C rg -F -c -f {path} {store.raw}")


def hunt(world):
    empty = world.path("empty")
    world.new_archive(empty)
    start_s = median_s(repeat(lambda: run([world.tool("stele"), "--help"]), 9))
    world.table.begin("hunt", f"whole processes, median of {world.o.repeats}; {RARE} of the indicators "
                      "are there; rg -F -f once")
    other_lists(world, empty, start_s)
    for size in LISTS:
        path = write_list(world, size, world.store("small"))
        label = f"{size // 1000:,} k" if size < 1000000 else f"{size // 1000000} M"
        words = world.stele("hunt", path, "--output", "ndjson", archive=empty)
        reading = median_s(repeat(lambda: run(words), world.o.repeats))
        if size == LISTS[-1]:
            world.table.add("plain lines read", size / (reading - start_s), "lines/s", at_least=ASKED_LINES)
        for name in world.names():
            one_hunt(world, name, label, size, path, reading)
        os.remove(path)


def one_hunt(world, name, label, size, path, reading_s):
    store = world.filled(name)
    words = world.stele("hunt", path, "--output", "ndjson", archive=store.archive)
    runs = repeat(lambda: run(words), world.o.repeats)
    if runs[-1].code != 0:
        world.warn(f"hunt: {runs[-1].err.strip()}")
        return
    own_s = median_s(runs)
    rg = rg_beside(world, name, size, path, store)
    hits = [json.loads(line) for line in runs[-1].out.splitlines()]
    world.table.add(f"{label} indicators in {store.label()} events", own_s * 1e3, "ms",
                    at_most=ASKED_MS.get((name, size)), baseline=rg and (rg.seconds * 1e3, "ms, rg -F -f"),
                    ratio=rg and rg.seconds / own_s, indicators_seen=len(hits),
                    events=sum(hit["events"] for hit in hits))
    world.table.add("  without reading the list", (own_s - reading_s) * 1e3, "ms",
                    at_most=ASKED_MATCHING_MS.get((name, size)))
    world.table.add("  memory", max(each.peak_mib for each in runs), "MiB", at_most=ASKED_MIB)
    if len(hits) < RARE / 2:
        say(f"only {len(hits)} of the indicators were found")
