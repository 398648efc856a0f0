"""One event a POST over mutual TLS, each fsynced before its answer. Beside it, how often this disk
can be made to hold something, one after the other: a receiver without group commit has no more."""
import shutil

from measure.steled import Steled

# connections, acknowledgements a second asked, p99 in ms asked
ASKED = ((1, 2500, None), (10, 18000, 5), (64, 20000, None))
MEMORY_MIB = 200
REST_MIB = 60
EVER = "100000000"


def level(world, daemon, connections, per_second, p99_ms, syncs):
    runs = []
    for number in range(world.o.runs):
        done, report = daemon.load(connections, "--generate", EVER, "--seed",
                                   str(connections * 100 + number), "--seconds",
                                   str(world.o.seconds))
        done.fine()
        runs.append(report)
    runs.sort(key=lambda report: report["acks_per_second"])
    middle = runs[len(runs) // 2]
    rate = middle["acks_per_second"]
    latency = middle["latency_us"]
    name = "1 connection" if connections == 1 else f"{connections} connections"
    world.table.add(name, rate, "/s", at_least=per_second, baseline=(syncs, "fdatasync/s"),
                    ratio=rate / syncs, runs=len(runs))
    world.table.add("  p99 of an answer", latency["p99"] / 1e3, "ms", at_most=p99_ms,
                    note=f"p50 {latency['p50'] / 1e3:.2f}, max {latency['max'] / 1e3:.1f} ms")
    return middle


def burst(world, daemon):
    """256 connections at the same moment."""
    found = []
    for number in range(world.o.runs):
        done, report = daemon.load(256, "--together", "--generate", EVER, "--seed",
                                   str(90000 + number), "--seconds", "2")
        if done.code == 2:
            world.table.add("256 at once, connect to first answer, p99", None, "",
                            note="not there yet: stele-load has no --together")
            return None
        done.fine()
        found.append(report)
    found.sort(key=lambda report: report["first_us"]["p99"])
    first = found[len(found) // 2]["first_us"]
    world.table.add("256 at once, connect to first answer, p99", first["p99"] / 1e3, "ms",
                    runs=len(found),
                    note=f"p50 {first['p50'] / 1e3:.1f}, max {first['max'] / 1e3:.1f} ms")
    return found[len(found) // 2]


def idle(world, archive):
    """Memory at rest, with a hundred days behind it."""
    world.new_archive(archive, "--host", "localhost")
    raw = world.path("idle.ndjson")
    world.generate(raw, 10000, 100)
    world.import_file(raw, archive)
    with Steled(world, archive) as daemon:
        world.table.add("memory at rest, 100 days", daemon.mib("VmRSS"), "MiB", at_most=REST_MIB,
                        note=f"{daemon.files()} open files")
    shutil.rmtree(archive)


def receive(world):
    syncs = 1000 / world.result["machine"]["fdatasync_ms"]
    archive = world.path("receive")
    world.table.begin("receive", "mTLS, one event a POST, on disk when answered; median of "
                      f"{world.o.runs} runs of {world.o.seconds} s")
    world.new_archive(archive, "--host", "localhost")
    with Steled(world, archive) as daemon:
        rows = [level(world, daemon, *asked, syncs) for asked in ASKED]
        world.table.add("highest memory so far", daemon.mib("VmHWM"), "MiB", at_most=MEMORY_MIB)
        rows.append(burst(world, daemon))
        world.table.add("highest memory, all of it", daemon.mib("VmHWM"), "MiB",
                        at_most=MEMORY_MIB)
    shutil.rmtree(archive)
    idle(world, archive)
    world.result["receive"] = [row for row in rows if row]
