#!/usr/bin/env python3
"""Every request of a run spoiled in every way, one at a time, and in storms; kill -9 at every request
and around every write of the ledger. After it all the bucket holds each event once. STELE_S3=swift
or ceph; a full run takes every request with every fault, a usual one draws of them."""
import os
import random
import shutil
import subprocess
import time
import unittest

import ship_world
from fault_proxy import ANSWERS, CUTS, DONE, HOLDS, KILLS, fits
from fault_world import Case, World, scratch, until_shipped
from ship_world import shared_server
from stele_tool import DRAW, FULL, LONG_SECONDS, main_of_cases

KIND = os.environ.get("STELE_S3", "swift")
SLOW = 3 if KIND == "swift" else 1  # takes three times as long, and three requests for one
FAULTS = (*CUTS, *ANSWERS, *DONE, *HOLDS)


def setUpModule():
    global world
    home = scratch()
    unittest.addModuleCleanup(shutil.rmtree, home, True)
    server = shared_server(KIND, home / "d")
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
            deadline = time.monotonic() + LONG_SECONDS
            while process.poll() is None and not case.settled():
                if time.monotonic() > deadline:
                    process.kill()
                    process.wait()
                    log.seek(0)
                    raise AssertionError(f"steled did not ship in {LONG_SECONDS} s: " + log.read())
                time.sleep(0.05)
            proxy.victim = None
            if process.poll() is None:
                process.terminate()
                if process.wait(timeout=LONG_SECONDS) != 0:
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
    def cases(self, form, codec, faults):
        """Each request with each fault; unless all are wanted, each fault at one request that is
        drawn (with a slow store a share of the faults)."""
        template = world.template(form, codec)
        requests = usual(form, codec)
        dice = random.Random(f"{DRAW} {form} {codec}")
        cases = []
        for fault in faults:
            fitting = [(number, kind) for number, kind, has_body in requests
                       if fits(fault, kind, has_body)]
            drawn = dice.sample(fitting, 1) if fitting and dice.randrange(SLOW) == 0 else []
            taken = set(fitting if FULL else drawn)
            taken |= {one for one in fitting if one[1] in MAKES and fault in ALWAYS}
            cases += [Case(f"{kind} {number}: {fault}", template, at(number, fault))
                      for number, kind in sorted(taken)]
        return cases

    def test_one_put(self):
        world.run(self, self.cases("one", "zstd", FAULTS))

    def test_parts(self):
        world.run(self, self.cases("parts", "zstd", FAULTS))

    def test_gzip(self):
        some = FAULTS if FULL else (
            "drop in body", "drop answered", "cut answer", "done 500", "412")
        world.run(self, self.cases("one", "gzip", some) + self.cases("parts", "gzip", some))

    def test_kills(self):
        world.run(self, self.cases("one", "zstd", KILLS) + self.cases("parts", "zstd", KILLS))

    def test_storms(self):
        """Every request of a while fails, over several runs, and each time there is less of it."""
        cases = []
        for form in ("one", "parts"):
            template = world.template(form, "zstd")
            last = len(usual(form, "zstd"))
            for fault in ("drop first", "drop answered", "503", "412", "done 500") if SLOW > 1 and not FULL \
                    else (*CUTS, "503", "500", "412", "409", "done 503", "done 500"):
                for first in range(1, last + 1) if FULL else (3,):
                    cases.append(Case(f"storm {first}: {fault}", template,
                                      storm(first, first + 5, fault)))
        world.run(self, cases)

    def test_dice(self):
        """A fault of any kind at each third request, for twenty requests."""
        cases = []
        for seed in range(DRAW, DRAW + (120 if FULL else 8)):
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
                                      capture_output=True, timeout=LONG_SECONDS, check=False)
                case.died = done.returncode == -9
                until_shipped(case, proxy)
            return runner
        template = world.template("one", "zstd")
        step = 1 if FULL else 5
        number, cases = 1 + DRAW % step, []
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
        self.assertGreater(died, 6)
        self.assertEqual([(str(c), c.wrong) for c in cases if c.wrong], [])

    def test_steled(self):
        faults = (*KILLS, "drop answered", "done 500")
        cases = self.cases("one", "zstd", faults) + self.cases("parts", "zstd", faults)
        for case in cases:
            case.runner = by_steled
        world.run(self, cases)


if __name__ == "__main__":
    main_of_cases()
