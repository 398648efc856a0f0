"""What keeping watch costs the receiver: the same load with and without 100,000 watched indicators, in
turns, each on an archive and a daemon of its own. How far matching is behind when the load ends, and how
long it takes to be there, stands beside it."""
import random
import shutil
import time

from measure.process import run
from measure.receive import EVER
from measure.steled import Steled

INDICATORS = 100000
CONNECTIONS = (10, 64)
SHARE = 0.9  # asked: of the rate without


def indicators():
    """As feeds have them: addresses, names, hashes, URLs; hardly one is seen."""
    draw = random.Random(7)
    lines = set()
    while len(lines) < INDICATORS:
        kind = draw.random()
        name = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(6, 14)))
        host = f"{name}.{draw.choice(('com', 'net', 'org', 'ru', 'top'))}"
        if kind < 0.4:
            lines.add(".".join(str(draw.randint(1, 254)) for _ in range(4)))
        elif kind < 0.7:
            lines.add(host)
        elif kind < 0.9:
            lines.add(f"{draw.getrandbits(256):064x}")
        else:
            lines.add(f"http://{host}/{draw.getrandbits(32):x}")
    lines.pop()
    lines.add("198.18.160.0/24")  # some of the made-up events' addresses are in it
    return sorted(lines)


class Side:
    """An archive, with a watched list or without."""

    def __init__(self, world, name, lines):
        self.world = world
        self.archive = world.path("watch-" + name)
        self.rates = {connections: [] for connections in CONNECTIONS}
        self.behind = []
        self.caught_up = []
        self.hits = 0
        world.new_archive(self.archive, "--host", "localhost")
        if lines:
            path = world.path("indicators")
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(lines) + "\n")
            run(world.stele("watch", "add", path, "--name", "feed", archive=self.archive)).fine()

    def turn(self, number):
        with Steled(self.world, self.archive) as daemon:
            for connections in CONNECTIONS:
                done, report = daemon.load(connections, "--generate", EVER, "--seed",
                                           str(70000 + connections * 100 + number), "--seconds",
                                           str(self.world.o.seconds))
                done.fine()
                self.rates[connections].append(report["acks_per_second"])
            self.wait(daemon)

    def wait(self, daemon):
        """Until all that was indexed is matched."""
        begun = time.monotonic()
        self.behind.append(daemon.metric("stele_watch_lag_blocks"))
        blocks = 1
        while blocks > 0 and time.monotonic() < begun + 120:
            time.sleep(1.5)
            blocks = daemon.metric("stele_watch_lag_blocks")
        self.caught_up.append(time.monotonic() - begun)
        self.hits += daemon.metric("stele_watch_hits_total")

    def rate(self, connections):
        runs = sorted(self.rates[connections])
        return runs[len(runs) // 2]


def watch(world):
    world.table.begin("watch", f"one event a POST with {INDICATORS:,} watched indicators; median of "
                      f"{world.o.runs} runs of {world.o.seconds} s, in turns with as many without")
    sides = {"without": Side(world, "without", None), "with": Side(world, "with", indicators())}
    for number in range(world.o.runs):
        for side in sides.values() if number % 2 else reversed(sides.values()):
            side.turn(number)
    result = {}
    for connections in CONNECTIONS:
        rate, bare = (sides[name].rate(connections) for name in ("with", "without"))
        world.table.add(f"{connections} connections, watched", rate, "/s", at_least=SHARE * bare,
                        baseline=(bare, "/s without"), ratio=rate / bare, runs=world.o.runs)
        result[str(connections)] = {"with": rate, "without": bare, "ratio": rate / bare,
                                    "runs": {name: side.rates[connections]
                                             for name, side in sides.items()}}
    watched = sides["with"]
    world.table.add("blocks not matched when the load ended, at most", max(watched.behind))
    world.table.add("seconds until all were matched, at most", max(watched.caught_up), "s",
                    note=f"{watched.hits:.0f} hits")
    world.result["watch"] = result
    for side in sides.values():
        shutil.rmtree(side.archive)
