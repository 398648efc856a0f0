"""The manual says what --help says, has every setting with its default and every table of the files
on disk, is installed whole, and is free of warnings of mandoc."""
import glob
import os
import re
import subprocess

from manual_text import is_output, page_blocks, page_examples
from stele_tool import BIN, expect, main

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
COMMON = {"archive", "config", "help", "tz"}
PAGES = sorted(os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "tools/man/*")))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def page(name):
    return read("tools/man", name)


def verbs_of(place):
    """name: summary, as stele --help has them."""
    text = place.stele("--help").out.decode()
    found = dict(re.findall(r"^  ([a-z]+) +(\S.*)$", text, re.M))
    expect(len(found) > 15, text)
    return found


def help_of(place, name):
    """The text of --help, and the actions that it names, each with its own text behind it."""
    text = place.stele(name, "--help").out.decode()
    match = re.match(r"usage: stele \w+ \[((?:\w+ \| )+\w+)\]", text)
    actions = match[1].split(" | ") if match else []
    for action in actions:
        more = place.stele(name, action, "--help").out.decode()
        expect(f"usage: stele {name} {action} " in more, more)
        text += more
    return text, actions


def each_verb_has_its_page(place):
    """Title, summary, actions, and each option of --help with a description; no other option."""
    for name, summary in verbs_of(place).items():
        expect(f"stele-{name}.1" in PAGES, f"stele-{name}.1 is missing")
        text = page(f"stele-{name}.1")
        expect(f"\n.Dt STELE-{name.upper()} 1\n" in text, f"{name}: .Dt")
        expect(f"\n.Nm stele-{name}" in text and f"\n.Nm stele {name}\n" in text, f"{name}: .Nm")
        expect(f"\n.Nd {summary}\n" in text, f"{name}: .Nd is not what --help says: {summary}")
        said, actions = help_of(place, name)
        for action in actions:
            expect(re.search(rf"^\.It Cm {action}\b", text, re.M), f"{name} {action}: no .It Cm")
        options = set(re.findall(r"^  --([a-z-]+)", said, re.M))
        told = set(re.findall(r"Fl Fl ([a-z-]+)", text))
        expect(told == options, f"{name}: only --help has {sorted(options - told)}, only the page "
                                f"{sorted(told - options)}")
        described = set()
        for line in re.findall(r"^\.It Fl Fl .*$", text, re.M):
            described |= set(re.findall(r"Fl Fl ([a-z-]+)", line))
        expect(options - COMMON <= described,
               f"{name}: not described: {sorted(options - COMMON - described)}")
        synopsis = text.split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0]
        if "Op Ar option ..." not in synopsis:
            usual = set(re.findall(r"Fl Fl ([a-z-]+)", synopsis))
            expect(options - COMMON <= usual,
                   f"{name}: not in the synopsis: {sorted(options - COMMON - usual)}")


def steled_has_its_page(place):
    out = subprocess.run([os.path.join(BIN, "steled"), "--help"], capture_output=True,
                         check=True).stdout.decode()
    options = set(re.findall(r"^  --([a-z-]+)", out, re.M))
    told = set(re.findall(r"Fl Fl ([a-z-]+)", page("steled.8")))
    expect(options and told == options, f"{sorted(options)}, {sorted(told)}")


def no_page_is_lost(place):
    """stele(1) names every page; the verbs' pages are those of the verbs; each reference leads
    somewhere; each page is installed."""
    verbs = {f"stele-{name}.1" for name in verbs_of(place)}
    expect({name for name in PAGES if re.fullmatch(r"stele-.*\.1", name)} == verbs, PAGES)
    named = {f"{name}.{section}" for name, section in
             re.findall(r"\.(?:It )?Xr (stele\S*) (\d)", page("stele.1"))}
    expect(named == set(PAGES) - {"stele.1"}, f"stele(1): {sorted(named ^ set(PAGES))}")
    for name in PAGES:
        for other, section in re.findall(r"Xr (stele\S*) (\d)", page(name)):
            expect(f"{other}.{section}" in PAGES, f"{name}: there is no {other}({section})")
        expect(page_examples(name, page(name)), f"{name} has no example")
    installed = re.findall(r"\bman/(\S+\.\d)\b", read("tools/CMakeLists.txt"))
    expect(sorted(installed) == PAGES, f"installed: {sorted(set(installed) ^ set(PAGES))}")


def mandoc_has_nothing_to_say(place):
    paths = [os.path.join(ROOT, "tools/man", name) for name in PAGES]
    done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", *paths], capture_output=True,
                          check=False)
    expect(done.returncode == 0 and not done.stdout, done.stdout.decode() + done.stderr.decode())


def settings(place):
    section = None
    told = {}
    for line in page("stele.conf.5").split("\n"):
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


def configurations_are_valid(place):
    """What is shown as a stele.conf is taken as one."""
    expect(place.stele("init", "archive").code == 0, "init")
    shown, block = [], []
    for _, line in page_blocks(page("stele.conf.5")):
        if line is None:
            shown += ["\n".join(block)] if block and block[0].startswith("[") else []
            block = []
        else:
            block.append(line)
    expect(len(shown) > 1, "stele.conf.5 shows configurations")
    for number, text in enumerate(shown):
        path = place.write(f"{number}.conf", text + "\n")
        result = place.stele("stats", "--archive", "archive", "--config", path)
        expect(result.code == 0, f"{text}\n{result.text()}")


def tables(place):
    """stele-archive(5) has every table of the files on disk, and no other."""
    there = set()
    for path in glob.glob(os.path.join(ROOT, "schema/*/*.sql")):
        with open(path, encoding="utf-8") as f:
            there |= set(re.findall(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", f.read(), re.M))
    expect(len(there) > 20, there)
    told = set()
    for line in re.findall(r"^\.It Ic .*$", page("stele-archive.5"), re.M):
        told |= set(re.findall(r"\b([a-z_]{3,})\b", line))
    expect(told == there, f"tables: {sorted(told ^ there)}")


def examples_are_read_and_compared(place):
    """What test_examples stands on: commands over several lines, and output that is not the same."""
    text = (".Bd -literal\n$ one \\e\n  two\n$ say 'a\nb'\nout\n.Ed\n$ no\n"
            ".Bd -literal\n$ last\n.Ed\n")
    found = page_examples("x.1", text)
    expect([e.command for e in found] == ["one \\\n  two", "say 'a\nb'", "last"], found)
    expect([e.output for e in found] == [[], ["out"], []], found)
    shown = ["41 events, 4,740 bytes, at 2026-11-23T21:12:20Z", "\u2026", "last ..."]
    for said, same in (("41 events,  4,741 bytes, at 2026-12-01T00:00:00.5Z\nlast one\n", True),
                       ("41 events, 4,740 bytes, at 2026-11-23T21:12:20Z\na\nb\nlast x", True),
                       ("42 events, 4,740 bytes, at 2026-11-23T21:12:20Z\nlast x", False),
                       ("41 events, 4,740 bytes, at 2026-11-23T21:12:20Z\nfirst x", False),
                       ("41 events, 4,740 bytes, at 2026-11-23T21:12:20Z\nlast x\nmore", False)):
        expect(is_output(shown, said) == same, f"{said!r}: {not same}")


main(examples_are_read_and_compared, each_verb_has_its_page, steled_has_its_page, no_page_is_lost,
     mandoc_has_nothing_to_say, settings, configurations_are_valid, tables)
