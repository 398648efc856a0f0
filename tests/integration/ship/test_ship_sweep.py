#!/usr/bin/env python3
"""Every request of a run spoiled in every way, one at a time, and in storms; kill -9 at every request
and around every write of the ledger. After it all the bucket holds each event once. STELE_S3=swift
or ceph; STELE_FAULTS=long takes every request with every fault, the usual run a share of them."""
import os
import shutil
import unittest

import ship_world
from fault_proxy import ANSWERS, CUTS, DONE, HOLDS, KILLS, fits
from fault_world import LONG, Case, World, scratch
from ship_world import Server

KIND = os.environ.get("STELE_S3", "swift")


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


def usual(form, codec):
    """The requests of a run without faults: [(number, kind, has_body)]."""
    case = Case("nothing", world.template(form, codec), None)
    world.batch([case])
    assert not case.wrong, case.wrong
    assert case.runs == 1, case.runs
    return [(n, kind, has_body) for n, (kind, has_body, _) in enumerate(case.seen, 1)]


class Sweep(unittest.TestCase):
    def cases(self, form, codec, faults, share=1):
        """Each request with each fault; of those, unless all are wanted, every `share`-th, but each
        fault on each kind of request at least once."""
        template = world.template(form, codec)
        cases, had = [], set()
        for number, kind, has_body in usual(form, codec):
            for fault in faults:
                if not fits(fault, kind, has_body):
                    continue
                first = (kind, fault) not in had
                had.add((kind, fault))
                if LONG or first or (number + len(cases)) % share == 0:
                    cases.append(Case(f"{kind} {number}: {fault}", template, at(number, fault)))
        return cases

    def test_one_put(self):
        world.run(self, self.cases("one", "zstd", [*CUTS, *ANSWERS, *DONE, *HOLDS]))
        
    def test_parts(self):
        world.run(self, self.cases("parts", "zstd", [*CUTS, *ANSWERS, *DONE, *HOLDS]))

    def test_kills(self):
        world.run(self, self.cases("one", "zstd", KILLS) + self.cases("parts", "zstd", KILLS))


if __name__ == "__main__":
    ship_world.main()
