"""The manual says what --help says, and every setting with its default."""
import os
import re
import sys

from stele_tool import expect, main

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def verbs_and_options(place):
    manual = read("tools/man/stele.1")
    result = place.stele("--help")
    names = re.findall(r"^  ([a-z]+) +\S", result.out.decode(), re.M)
    expect(names, result.text())
    parts = {}
    for part in re.split(r"^\.It Ic ", manual, flags=re.M)[1:]:
        parts[part.split()[0]] = part
    for name in names:
        expect(name in parts, f"stele.1 has no verb {name}")
        out = place.stele(name, "--help").out.decode()
        actions = re.match(r"usage: stele \w+ \[((?:\w+ \| )+\w+)\]", out)
        for action in actions[1].split(" | ") if actions else ():
            out += place.stele(name, action, "--help").out.decode()
            expect(f"usage: stele {name} {action} " in out, out)
            expect(re.search(rf"^\.It Cm {action}\b", parts[name], re.M), f"{name} {action}")
        options = set(re.findall(r"^  --([a-z-]+)", out, re.M)) - {"archive", "config", "help"}
        told = set(re.findall(r"Fl Fl ([a-z-]+)", parts[name].split("\n.Sh")[0]))
        expect(options <= told, f"{name}: stele.1 does not tell of {sorted(options - told)}")
        expect(told - options - {"help", "config", "from", "status"} == set(),
               f"{name}: stele.1 tells of {sorted(told - options)}")
    expect(set(parts) == set(names), f"stele.1 has {sorted(set(parts) - set(names))} too")


def settings(place):
    manual = read("tools/man/stele.conf.5")
    section = None
    told = {}
    for line in manual.split("\n"):
        if match := re.match(r"\.Sh SECTION \[(\w+)\]", line):
            section = match.group(1)
        elif match := re.match(r"\.It Ic (\w+)(?: Pq (.*))?$", line):
            told[section, match.group(1)] = match.group(2) or ""
    rows = re.findall(r'^X\((\w+), (\w+), \w+,\s*"([^"]*)"', read("daemon/config/config.def"), re.M)
    expect(len(rows) > 30, "config.def was read")
    should = {(section, key): default for section, key, default in rows}
    for setting in sorted(set(should) | set(told)):
        expect(told.get(setting) == should.get(setting),
               f"{'.'.join(setting)}: stele.conf.5 says {told.get(setting)}, config.def "
               f"{should.get(setting)}")


main(verbs_and_options, settings)
