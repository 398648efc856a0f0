"""A full disk: 503 while it is full, nothing that was answered is lost, and it goes on by itself when
there is room. Needs the right to mount a small file system; says so and is skipped without."""
import errno
import glob
import json
import os
import subprocess
import sys
import tempfile

from end_to_end_world import acked, expect_once, load, raw
from stele_tool import LONG_SECONDS, expect, main
from steletest import Certificates, Steled, new_archive

MIB = 1024 * 1024


class SmallDisk:
    """A file system of so many MiB: ext4 in a file, else tmpfs."""

    def __init__(self, place, mib):
        self.path = place.path("disk")
        os.mkdir(self.path)
        image = place.path("image")
        with open(image, "wb") as f:
            f.truncate(mib * MIB)
        attempts = [
            [["mkfs.ext4", "-q", "-F", "-m", "0", image], ["mount", "-o", "loop", image, self.path]],
            [["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", self.path]]]
        self.mounted = any(all(self.run(words) for words in attempt) for attempt in attempts)

    @staticmethod
    def run(words):
        try:
            return subprocess.run(words, capture_output=True, timeout=LONG_SECONDS).returncode == 0
        except FileNotFoundError:
            return False

    def free(self):
        state = os.statvfs(self.path)
        return state.f_bavail * state.f_frsize

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.run(["umount", self.path], capture_output=True, timeout=LONG_SECONDS)


def fills_and_goes_on(place):
    with SmallDisk(place, 48) as disk:
        place_on_disk = tempfile.mkdtemp(dir=disk.path)
        archive = os.path.join(place_on_disk, "archive")
        result = place.stele("init", archive)
        expect(result.code == 0, result.text())
        os.remove(os.path.join(archive, "stele.conf"))
        ballast = os.path.join(disk.path, "ballast")
        certificates = Certificates(place.path("tls"))
        path = place.path("acked")
        with Steled(archive, certificates, {"index.max_wait": "1s"}) as daemon:
            load(daemon, "--connections", 4, "--generate", 500, "--acked", path)
            fill(ballast, disk.free() - 4 * MIB)
            report = load(daemon, "--connections", 4, "--generate", 100000, "--seed", 2,
                          "--give-up", 3, "--acked", path, code=3)
            expect(set(report["refused"]) == {"503"}, f"only 503 while it is full: {report}")
            expect(report["losses"] == 0, f"the connections stay: {report}")
            expect_once(raw(place, archive).splitlines(), acked(path), "search while it is full")
            os.remove(ballast)
            report = load(daemon, "--connections", 4, "--generate", 2000, "--seed", 3, "--give-up",
                          LONG_SECONDS, "--acked", path)
            expect(report["acks"] == 2000, f"goes on when there is room: {report}")
            daemon.wait_for("stele_stored_total", len(acked(path)))
        wanted = acked(path)
        expect_once(raw(place, archive).splitlines(), wanted, "search at the end")
        print(f"{len(wanted)} answered", flush=True)


def a_few_kib_left(place):
    """Each new file and its -shm on a disk with blocks smaller than a page, with room for less and
    less of them: an error in words, never a process that ends with a signal."""
    with SmallDisk(place, 96) as disk:
        archive = os.path.join(disk.path, "archive")
        expect(place.stele("init", archive).code == 0, "init")
        ballast = os.path.join(disk.path, "ballast")
        codes = set()
        for kib in range(-40, 260, 2):
            event = {"event": "session.start", "uid": f"disk-full-{kib}",
                     "time": f"2024-{1 + kib % 12:02d}-{1 + kib % 28:02d}T00:00:00Z"}
            fill(ballast, disk.free() - (kib + 64) * 1024)  # 64: the file system's own
            result = place.stele("import", "--archive", archive, "-",
                                 stdin=json.dumps(event).encode() + b"\n")
            os.remove(ballast)
            codes.add(result.code)
            expect(result.code >= 0, f"{kib} KiB left: {result.text()}")
            expect(result.code == 0 or "full" in result.text(), f"{kib} KiB left: {result.text()}")
        expect(len(codes) > 1, f"some found the disk full and some did not: {codes}")


def a_reader_needs_no_room(place):
    """What is in the log of a daemon that was killed is found while the disk is full to its last
    block, so that the -shm file, which SQLite cuts for the first to come, cannot be filled again."""
    with SmallDisk(place, 48) as disk:
        archive = os.path.join(disk.path, "archive")
        expect(place.stele("init", archive).code == 0, "init")
        os.remove(os.path.join(archive, "stele.conf"))
        certificates = Certificates(place.path("tls"))
        path = place.path("acked")
        with Steled(archive, certificates, {"index.max_wait": "1s"}) as daemon:
            for seed in (1, 2):  # the first makes the day's file, which has no log yet
                load(daemon, "--connections", 4, "--generate", 500, "--seed", seed, "--acked", path)
                daemon.wait_for("stele_stored_total", 500 * seed)
            daemon.kill()
        logs = [name for name in glob.glob(archive + "/**/*-wal", recursive=True) if os.path.getsize(name)]
        expect(any("/segments/" in name for name in logs), f"a segment has a log: {logs}")
        for name in glob.glob(archive + "/**/*-shm", recursive=True):
            os.truncate(name, 0)
        fill_whole(os.path.join(disk.path, "ballast"), disk)
        expect_once(raw(place, archive).splitlines(), acked(path), "search while it is full")


def fill_whole(path, disk):
    fill(path, disk.free() - MIB)
    with open(path, "ab", buffering=0) as f:
        try:
            while f.write(b"0" * 512):
                pass
        except OSError as error:
            expect(error.errno == errno.ENOSPC, str(error))


def fill(path, size):
    expect(size > 0, "the disk is too small for the test")
    with open(path, "wb") as f:
        os.posix_fallocate(f.fileno(), 0, size)


def can_mount():
    from stele_tool import Place
    with Place() as place, SmallDisk(place, 16) as disk:
        return disk.mounted


if not can_mount():
    print("skipped: no right to mount a small file system here (run as root)")
    sys.exit(77)
main(fills_and_goes_on, a_few_kib_left, a_reader_needs_no_room)
