#!/usr/bin/env python3
"""What is changed in shipped objects, or in the seals beside them, is found without the archive; an
archive that was rolled back is found with both. zstd and gzip."""
import gzip
import os
import shutil
import subprocess

from stele_tool import expect
from verify_world import (World, change_sql, flipped, make_events, objects_below, pack_lines,
                          run_all, unzstd, zstd)


def objects(world):
    return objects_below(world.path("moved/data"))


def seals(world, suffix=".json"):
    return [p for p in objects_below(world.path("moved/stele-digest")) if p.endswith(suffix)]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def clean(world):
    world.fresh()
    result = world.objects()
    world.expect_clean(result)
    expect(b"9,000 events in 4 blocks of 4 objects" in result.err, result.text())
    world.expect_clean(world.objects("--quick"))
    world.expect_clean(world.verify("--shipped", "--archive", "clean"))
    for text, signature in zip(seals(world), seals(world, ".sig")):
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", world.key, "-rawin",
                        "-in", text, "-sigfile", signature], check=True, capture_output=True)


def unpack(world, path):
    lines = (unzstd if world.codec == "zstd" else gzip.decompress)(read(path)).split(b"\n")
    return lines[:-1]


def pack(world, lines):
    if world.codec == "zstd":
        return pack_lines(lines)
    return gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)


def events_of_an_object(world):
    """One event that was changed, removed or added is named by block, line and byte."""
    for line in (0, 64, 1500):
        world.fresh()
        path = objects(world)[1]
        lines = unpack(world, path)
        key = os.path.relpath(path, world.path("moved/data"))
        byte = sum(len(text) + 1 for text in lines[:line])
        place = f"(?m)^{key} block 2 line {line + 1} byte {byte}: "
        write(path, pack(world, lines[:line] + [lines[line].replace(b'"user":"u', b'"user":"x')]
                         + lines[line + 1:]))
        world.expect_found(world.objects(), place + ".*this line was changed")
        write(path, pack(world, lines[:line] + lines[line + 1:]))
        world.expect_found(world.objects(), place + ".*a line is missing here")
        write(path, pack(world, lines[:line] + make_events(1, seed=9) + lines[line:]))
        world.expect_found(world.objects(), place + ".*this line was added")
    lines[7], lines[8] = lines[8], lines[7]
    write(path, pack(world, lines))
    world.expect_found(world.objects(), "block 2 lines 1 to 64 byte 0")


def bytes_of_an_object(world):
    world.fresh()
    path = objects(world)[0]
    data = read(path)
    for at in list(range(0, len(data), len(data) // 23)) + [1, 3, 4, 5, 9, len(data) - 1]:
        changed = flipped(data, at)
        write(path, changed)
        if holds_the_same(world, data, changed):  # a time in a header
            expect_repacked(world)
        else:
            world.expect_found(world.objects(), os.path.basename(path))
    for changed, words in ((data[:-1], "block 1"), (data[: len(data) // 2], "block 1"),
                           (b"", "block 1: is missing"), (data + b"more", "4 bytes more"),
                           (data + data, "bytes more than its blocks")):
        write(path, changed)
        world.expect_found(world.objects(), words)
    packed = zstd(b"".join(line + b"\n" for line in unpack_data(world, data)), "-1") \
        if world.codec == "zstd" else gzip.compress(gzip.decompress(data), 1, mtime=0)
    write(path, packed)  # by another version of the library: it holds the same
    expect(packed != data, "packed as it was")
    expect_repacked(world)


def holds_the_same(world, data, changed):
    """By the tool's own judgement: exit code and bytes."""
    words = ("zstd" if world.codec == "zstd" else "gzip", "-qdc")
    done = subprocess.run(words, input=changed, capture_output=True, check=False)
    return done.returncode == 0 and done.stdout.split(b"\n")[:-1] == unpack_data(world, data)


def expect_repacked(world):
    result = world.objects()
    world.expect_clean(result)
    expect(b"1 object in other bytes than were sent, with the same events" in result.err,
           result.text())


def unpack_data(world, data):
    return (unzstd if world.codec == "zstd" else gzip.decompress)(data).split(b"\n")[:-1]


def whole_objects(world):
    world.fresh()
    first, second, third, _ = objects(world)
    os.remove(second)
    world.expect_found(world.objects(), "is missing, with 2250 events")
    world.expect_found(world.objects("--quick"), "is missing, with 2250 events")
    world.fresh()
    shutil.copy(first, os.path.join(os.path.dirname(first), "more.ndjson.zst"))
    world.expect_found(world.objects(), "more.ndjson.zst: is in no seal")
    world.fresh()
    one, two = read(first), read(second)
    write(first, two)
    write(second, one)
    world.expect_found(world.objects(), "block 1", "block 2")
    world.fresh()
    shutil.copy(third, first)
    world.expect_found(world.objects(), os.path.basename(first))


def order_of_blocks(world):
    """Blocks of one object that changed places."""
    world.fresh()
    big = world.path("big")
    world.ok("init", "big")
    with open(world.path("big/stele.conf"), "a", encoding="utf-8") as conf:
        conf.write(f"\n[ship]\ntarget = file://{big}-out/data\ncodec = {world.codec}\n")
    world.write("big.ndjson", b"\n".join(make_events(20000, seed=4)) + b"\n")
    world.ok("import", "--archive", "big", "big.ndjson")
    world.ok("ship", "--archive", "big")
    path = objects_below(big + "-out/data")[0]
    data = read(path)
    magic = b"\x28\xb5\x2f\xfd" if world.codec == "zstd" else b"\x1f\x8b\x08\x00\0\0\0\0"
    starts = [at for at in range(len(data)) if data.startswith(magic, at)] + [len(data)]
    parts = [data[a:b] for a, b in zip(starts, starts[1:])]
    expect(len(parts) == 3, f"{len(parts)} parts")
    result = world.stele("verify", "--dest", "big-out/data")
    world.expect_clean(result)
    write(path, parts[1] + parts[0] + parts[2])
    result = world.stele("verify", "--dest", "big-out/data")
    world.expect_found(result, "block 1: block 2 stands in its place",
                       "block 2: block 1 stands in its place")
    write(path, parts[0] + parts[2])
    world.expect_found(world.stele("verify", "--dest", "big-out/data"),
                       "block 2: block 3 stands in its place", "block 3: is missing")
    for name in ("big", "big-out"):
        shutil.rmtree(world.path(name))


def seals_beside_them(world):
    world.fresh()
    os.remove(seals(world)[0])
    world.expect_found(world.objects(), "seal 1: is missing", "is in no seal")
    world.fresh()
    os.remove(seals(world, ".sig")[1])
    world.expect_found(world.objects(), "000000000002: has no signature")
    world.fresh()
    text = read(seals(world)[1])
    write(seals(world)[1], text.replace(b'"events":2250', b'"events":2251', 1))
    world.expect_found(world.objects(), "seal 2: its signature is not that of")
    world.fresh()
    write(seals(world)[1], b"nonsense")
    world.expect_found(world.objects(), "seal 2: not a seal")
    world.fresh()
    os.remove(seals(world)[-1])
    os.remove(seals(world, ".sig")[-1])
    world.expect_found(world.objects(), "is in no seal: it was added, or the seals are older")


def an_archive_of_before(world):
    """Restored from yesterday's backup: consistent in itself, and behind what was sealed."""
    world.fresh()
    world.ok("init", "old")
    shutil.rmtree(world.path("old"))
    shutil.copytree(world.path("clean"), world.path("old"))
    change_sql(world.path("old/archive.db"), "DELETE FROM seal WHERE number=2",
               "DELETE FROM object WHERE seal=2", "UPDATE seal_day SET block=1")
    for day in ("2026-11-20", "2026-11-21"):
        change_sql(world.path(f"old/segments/2026/{day}.db"), "DELETE FROM block WHERE id=2",
                   "DELETE FROM block_data WHERE id/2=2", "DELETE FROM proof WHERE block=2")
    expect(b"seal 2" not in world.verify("--archive", "old").out, "it should look whole")
    result = world.verify("--shipped", "--archive", "old")
    world.expect_found(result, "ends with seal 1, and .* has seal 2: the archive is an older one")
    shutil.rmtree(world.path("old"))


def what_is_not_there(world):
    world.fresh()
    shutil.rmtree(world.path("moved/stele-digest"))
    result = world.objects()
    expect(result.code == 3 and len(result.err.splitlines()) == 1, result.text())
    result = world.verify("--dest", "nowhere")
    expect(result.code == 3 and len(result.err.splitlines()) == 1, result.text())
    result = world.stele("verify", "--dest", "moved/data", "--key", "clean/stele.conf")
    expect(result.code == 2 and b"Ed25519" in result.err, result.text())
    result = world.stele("verify", "--dest", "moved/data", "--shipped")
    expect(result.code == 2, result.text())


if __name__ == "__main__":
    import sys
    codec = sys.argv.pop(1) if len(sys.argv) > 1 else "zstd"
    with World(codec) as shared:
        run_all(shared, clean, events_of_an_object, bytes_of_an_object, whole_objects,
                order_of_blocks, seals_beside_them, an_archive_of_before, what_is_not_there)
