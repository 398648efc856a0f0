#!/usr/bin/env python3
"""Every request of a run spoiled in every way, one at a time, and in storms; kill -9 at every request
and around every write of the ledger. After it all the bucket holds each event once. STELE_S3=swift
or ceph; STELE_FAULTS=long takes every request with every fault, the usual run a share of them."""
import os
import random
import shutil
import subprocess
import time
import unittest

import ship_world
from fault_proxy import ANSWERS, CUTS, DONE, HOLDS, KILLS, fits
from fault_world import LONG, Case, World, scratch, until_shipped
from ship_world import Server

KIND = os.environ.get("STELE_S3", "swift")
SLOW = 3 if KIND == "swift" else 1  # takes three times as long, and three requests for one
FAULTS = (*CUTS, *ANSWERS, *DONE, *HOLDS)


def setUpModule():
    global world
    home = scratch()
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    server = Server(KIND, home / "d")
    unittest.addModuleCleanup(server.stop)
    world = World(server, home)
    unittest.addModuleCleanup(world.close)


def at(number, fault):
    return lambda n, kind, has_body: fault if n == number and fits(fault, kind, has_body) else None


def storm(first, last, fault):
    return lambda n, kind, has_body: (fault if first <= n <= last and fits(fault, kind, has_body)
                                      else None)


def by_steled(case, proxy):
    """steled on the archive until it has shipped and sealed all, started again when it dies."""
    for case.runs in range(1, 6):
        with (world.home / f"{case.dir.name}.log").open("w+") as log:
            process = subprocess.Popen(
                [os.path.join(os.environ["STELE_BIN"], "steled"), "--archive", str(case.dir), "--set",
                 "receive.listen=127.0.0.1:0", "--set", "serve.listen=", "--set", "seal.interval=1s"],
                stdout=log, stderr=subprocess.STDOUT)
            proxy.victim = process
            deadline = time.monotonic() + 60
            while process.poll() is None and not case.settled():
                if time.monotonic() > deadline:
                    process.kill()
                    process.wait()
                    log.seek(0)
                    raise AssertionError("steled did not ship in 60 s: " + log.read())
                time.sleep(0.05)
            proxy.victim = None
            if process.poll() is None:
                process.terminate()
                if process.wait(timeout=30) != 0:
                    raise AssertionError(f"steled ended with {process.returncode}")
                return
        words = (world.home / f"{case.dir.name}.log").read_text()
    raise AssertionError(f"not shipped by five runs of steled: {words}")


def usual(form, codec):
    """The requests of a run without faults: [(number, kind, has_body)]."""
    case = Case("nothing", world.template(form, codec), None)
    world.batch([case])
    assert not case.wrong, case.wrong
    assert case.runs == 1, case.runs
    return [(n, kind, has_body) for n, (kind, has_body, _) in enumerate(case.seen, 1)]


# What makes an object, and the answers to it that would lose one or make two if they were believed:
# these are in every run.
MAKES = ("put", "complete")
ALWAYS = ("412", "drop answered")


class Sweep(unittest.TestCase):
    def cases(self, form, codec, faults, share=1):
        """Each request with each fault; of those, unless all are wanted, every `share`-th, other
        ones for each request."""
        template = world.template(form, codec)
        cases = []
        for number, kind, has_body in usual(form, codec):
            fitting = [fault for fault in faults if fits(fault, kind, has_body)]
            for i, fault in enumerate(fitting):
                always = kind in MAKES and fault in ALWAYS
                if LONG or always or (number + i) % (share * SLOW) == 0:
                    cases.append(Case(f"{kind} {number}: {fault}", template, at(number, fault)))
        return cases

    def test_one_put(self):
        world.run(self, self.cases("one", "zstd", FAULTS, share=4))

    def test_parts(self):
        world.run(self, self.cases("parts", "zstd", FAULTS, share=5))

    def test_gzip(self):
        some = FAULTS if LONG else (
            "drop in body", "drop answered", "cut answer", "done 500", "412")
        world.run(self, self.cases("one", "gzip", some, 4) + self.cases("parts", "gzip", some, 4))

    def test_kills(self):
        world.run(self, self.cases("one", "zstd", KILLS, 3) + self.cases("parts", "zstd", KILLS, 2))

    def test_storms(self):
        """Every request of a while fails, over several runs, and each time there is less of it."""
        cases = []
        for form in ("one", "parts"):
            template = world.template(form, "zstd")
            last = len(usual(form, "zstd"))
            for fault in ("drop first", "drop answered", "503", "412", "done 500") if SLOW > 1 and not LONG \
                    else (*CUTS, "503", "500", "412", "409", "done 503", "done 500"):
                for first in range(1, last + 1) if LONG else (3,):
                    cases.append(Case(f"storm {first}: {fault}", template,
                                      storm(first, first + 5, fault)))
        world.run(self, cases)

    def test_dice(self):
        """A fault of any kind at each third request, for twenty requests."""
        cases = []
        for seed in range(120 if LONG else 8):
            dice = random.Random(seed)
            plan = {n: dice.choice([*CUTS, *ANSWERS, *DONE, *KILLS]) for n in range(1, 21)
                    if dice.random() < 0.33}
            form = ("one", "parts")[seed % 2]
            cases.append(Case(f"dice {seed}", world.template(form, "zstd"),
                              lambda n, kind, has_body, plan=plan: plan[n] if n in plan and
                              fits(plan[n], kind, has_body) else None))
        world.run(self, cases)

    def test_killed_at_each_write(self):
        """Between any two writes of the ledger and of the seals: before the plan is committed, after
        it, before it is marked, after that."""
        def killed(number):
            def runner(case, proxy):
                done = subprocess.run([ship_world.STELE, "ship", "--archive", str(case.dir)],
                                      env={**os.environ, "LD_PRELOAD": os.environ["KILL_AT_WRITE"],
                                           "KILL_AT_WRITE_NUMBER": str(number)},
                                      capture_output=True, timeout=120, check=False)
                case.died = done.returncode == -9
                until_shipped(case, proxy)
            return runner
        template = world.template("one", "zstd")
        number, step, cases = 1, 1 if LONG else 5, []
        while True:
            more = [Case(f"write {n}", template, None, killed(n))
                    for n in range(number, number + step * 20, step)]
            world.batch(more)
            cases += more
            number += step * 20
            if not all(case.died for case in more):
                break
        died = sum(case.died for case in cases)
        print(f"\n    killed at {died} writes of {number - step * 20} or more", flush=True)
        self.assertGreater(died, 8)
        self.assertEqual([(str(c), c.wrong) for c in cases if c.wrong], [])

    def test_steled(self):
        faults = (*KILLS, "drop answered", "done 500")
        cases = self.cases("one", "zstd", faults, share=6) + self.cases(
            "parts", "zstd", faults, share=4)
        for case in cases:
            case.runner = by_steled
        world.run(self, cases)


if __name__ == "__main__":
    ship_world.main()
