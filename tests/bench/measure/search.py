"""Questions to the biggest archive of the run, whole processes, with everything in the page cache.
Beside them rg, and for scans zstd, on the same events as files."""
import os
import shutil

from measure.process import median_s, repeat, run
from measure.queries import all_cases
from measure.table import say

BASELINE_S = 30  # for all repeats of one rg command


def asked_ms(world, store, case):
    """What is asked of ten million events is asked of fewer in proportion, but for the start."""
    if case.asked_ms is None:
        return None
    start_ms = world.result["process_start_ms"]
    return start_ms + (case.asked_ms - start_ms) * max(store.events / 1e7, 0.1)


def compare(world, case, own, raw):
    """True or False, None when there is nothing to compare."""
    if not case.read or not raw or raw.code not in (0, 1):
        return None
    mine, theirs = case.read(own.out), case.read_raw(raw.out)
    if mine != theirs:
        world.warn(f"{case.name}: stele says {mine}, rg {theirs}")
    return mine == theirs


def one(world, store, case, have_rg):
    words = world.stele(*case.words, archive=store.archive)
    runs = repeat(lambda: run(words), world.o.repeats)
    if runs[-1].code not in (0, 1):
        if not case.new:
            world.warn(f"{case.name}: {runs[-1].err.strip()}")
        world.table.add(case.name, None, note="not there yet" if case.new else "failed",
                        query=case.words)
        return
    raw = []
    if case.shell and have_rg:
        raw = repeat(lambda: run("export LC_ALL=C; " + case.shell), world.o.repeats, BASELINE_S)
    own_ms = median_s(runs) * 1e3
    raw_ms = median_s(raw) * 1e3 if raw else None
    shown = case.shell and case.shell.replace(store.raw, os.path.basename(store.raw))
    agrees = compare(world, case, runs[-1], raw[-1] if raw else None)
    world.table.add(case.name, own_ms, "ms", at_most=asked_ms(world, store, case),
                    baseline=raw and (raw_ms, "ms, rg"), ratio=raw and raw_ms / own_ms or None,
                    note="rg counts otherwise" if agrees is False else None, query=case.words,
                    shell=shown, runs=len(runs), baseline_runs=len(raw), agrees=agrees,
                    peak_mib=round(max(each.peak_mib for each in runs), 1),
                    slowest_ms=round(max(each.seconds for each in runs) * 1e3, 2))
    if case.scan:
        scan_rate(world, store, median_s(runs))


def scan_rate(world, store, seconds):
    """Bytes of events a second, beside taking the whole file out of zstd."""
    if "unzstd_gb_per_second" not in world.result and world.pack(store):
        words = ["bash", "-c", 'zstd -q -dc "$1" >/dev/null', "-", store.packed]
        runs = repeat(lambda: run(words).fine(), world.o.repeats, BASELINE_S)
        world.result["unzstd_gb_per_second"] = store.raw_bytes / median_s(runs) / 1e9
    beside = world.result.get("unzstd_gb_per_second")
    own = store.raw_bytes / seconds / 1e9
    world.table.add("  events read by it", own, "GB/s",
                    baseline=beside and (beside, "GB/s, zstd -dc"), ratio=beside and own / beside)


def search(world):
    store = world.filled(world.names()[-1])
    have_rg = shutil.which("rg") is not None
    start = repeat(lambda: run([world.tool("stele"), "--help"]), max(9, world.o.repeats))
    world.result["process_start_ms"] = median_s(start) * 1e3
    world.table.begin("search", f"{store.label()} events, whole processes, median of "
                      f"{world.o.repeats}; {world.result['process_start_ms']:.1f} ms of each are "
                      "the start of a process")
    if not have_rg:
        say("rg is not installed: its column stays empty")
    for case in all_cases(store):
        one(world, store, case, have_rg)
