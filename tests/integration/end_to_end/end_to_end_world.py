"""What the tests of the whole way share: load over mutual TLS, and what is in the archive and in the
bucket afterwards."""
import glob
import json
import os
import subprocess

from stele_tool import BIN, LONG_SECONDS, expect

ALL = "1000000000"  # --limit


def load_words(daemon, *words):
    certificates = daemon.certificates
    return [os.path.join(BIN, "stele-load"), "--url", f"https://127.0.0.1:{daemon.port}/events.log",
            "--ca", certificates.path("ca.crt"), "--cert", certificates.path("client.crt"),
            "--key", certificates.path("client.key"), "--json", *map(str, words)]


def load(daemon, *words, code=0):
    """Runs the load client; gives its report."""
    done = subprocess.run(load_words(daemon, *words), capture_output=True, timeout=LONG_SECONDS)
    expect(done.returncode == code, f"stele-load: {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def raw(place, archive, query="*"):
    """Every event as search gives it: bytes, newline after each."""
    result = place.stele("search", query, "--archive", archive, "--output", "raw", "--limit", ALL)
    expect(result.code in (0, 1), result.text())
    return result.out


def unpack(path):
    tool = ["zstd", "-dcq"] if path.endswith(".zst") else ["gzip", "-dc"]
    return subprocess.run([*tool, path], capture_output=True, check=True, timeout=LONG_SECONDS).stdout


def bucket_lines(bucket):
    """The lines of every object of a directory target."""
    lines = []
    for path in sorted(glob.glob(bucket + "/**/*.ndjson.*", recursive=True)):
        data = unpack(path)
        expect(data.endswith(b"\n"), f"{path} does not end in a newline")
        lines += data[:-1].split(b"\n")
    return lines


def ship_once(place, archive, bucket):
    config = place.write("ship.conf", f"[ship]\ntarget = file://{bucket}\n")
    result = place.stele("ship", "--once", "--archive", archive, "--config", config, timeout=LONG_SECONDS)
    expect(result.code == 0, result.text())


def uid_of(line):
    return json.loads(line)["uid"]


def expect_once(lines, wanted, where):
    """Each of `wanted` exactly once among the uids of the lines, and no uid twice."""
    seen = {}
    for line in lines:
        uid = uid_of(line)
        seen[uid] = seen.get(uid, 0) + 1
    twice = [uid for uid, n in seen.items() if n > 1]
    lost = [uid for uid in wanted if uid not in seen]
    expect(not twice, f"{where}: {len(twice)} events more than once, e.g. {twice[:3]}")
    expect(not lost, f"{where}: {len(lost)} of {len(wanted)} events are lost, e.g. {lost[:3]}")
    return seen


def acked(path):
    with open(path) as f:
        return f.read().split()
