"""kill -9 at random moments under load, while indexing and shipping too. What was answered is in the
archive exactly once, and after a ship in the bucket exactly once. STELE_KILLS says how often."""
import os
import random
import subprocess
import time

from end_to_end_world import acked, bucket_lines, expect_once, load_words, raw, ship_once
from stele_tool import FULL, LONG_SECONDS, expect, main, wait_until
from steletest import Certificates, Steled, new_archive

KILLS = int(os.environ.get("STELE_KILLS", "20" if FULL else "5"))
CONNECTIONS = 8
SETTINGS = {"index.max_wait": "200ms", "ship.interval": "200ms"}


class Load:
    """The load client, which lives through the daemon's deaths as the event handler does."""

    def __init__(self, daemon, path):
        self.path = path
        self.process = subprocess.Popen(
            load_words(daemon, "--connections", CONNECTIONS, "--generate", 10 ** 9, "--give-up", LONG_SECONDS,
                       "--timeout", 10, "--acked", path),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def count(self):
        return os.path.getsize(self.path) // 37 if os.path.exists(self.path) else 0

    def stop(self):
        expect(self.process.poll() is None, "the load client gave up: it could not go on")
        self.process.terminate()
        self.process.communicate(timeout=LONG_SECONDS)


def kills(place):
    seed = int(os.environ.get("STELE_SEED", time.time_ns() % 1000000))
    print(f"STELE_SEED={seed} STELE_KILLS={KILLS}", flush=True)
    dice = random.Random(seed)
    archive = new_archive(place)
    bucket = place.path("bucket")
    os.mkdir(bucket)
    certificates = Certificates(place.path("tls"))
    settings = {**SETTINGS, "ship.target": f"file://{bucket}"}
    load = None
    try:
        for number in range(KILLS):
            with Steled(archive, certificates, settings) as daemon:
                settings["receive.listen"] = f"127.0.0.1:{daemon.port}"
                load = load or Load(daemon, place.path("acked"))
                before = load.count()
                time.sleep(dice.uniform(0.02, 1.2))
                if number % 2:  # not before it has worked
                    wait_until(lambda: load.count() > before + 100, "100 are answered")
                daemon.kill()
    finally:
        if load:
            load.stop()
    wanted = acked(place.path("acked"))
    expect(len(wanted) == len(set(wanted)), "a uid was answered twice")
    expect(len(wanted) > KILLS // 2 * 100, "too little was answered")
    expect_once(raw(place, archive).splitlines(), wanted, "search after the last kill")
    ship_once(place, archive, bucket)
    seen = expect_once(raw(place, archive).splitlines(), wanted, "search after the ship")
    shipped = expect_once(bucket_lines(bucket), wanted, "bucket")
    expect(seen == shipped, "archive and bucket hold the same events")
    print(f"{len(wanted)} answered, {len(seen)} stored, {KILLS} kills", flush=True)


main(kills)
