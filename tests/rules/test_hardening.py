"""The programs of a build with STELE_HARDENED: what the compiler and the linker were to add is in them,
and a core of them, or a file they make, shows nothing to others."""
import os
import re
import subprocess
import sys

from stele_tool import BIN, expect, main, run

MODULE = os.path.join(os.path.dirname(BIN), "lib", "stele_sql.so")
PROGRAMS = [os.path.join(BIN, "stele"), os.path.join(BIN, "steled")]


def readelf(*words):
    return run("readelf", "-W", *words).out


def read_only_after_start(place):
    for path in [*PROGRAMS, MODULE]:
        headers, dynamic = readelf("-l", path), readelf("-d", path)
        expect("GNU_RELRO" in headers, f"{path}: no RELRO")
        expect(re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW", dynamic), f"{path}: not full RELRO")
        expect(re.search(r"GNU_STACK.* RW ", headers), f"{path}: a stack that can be run")
        expect(not re.search(r"LOAD.* RWE ", headers), f"{path}: memory that can be written and run")
        expect("(TEXTREL)" not in dynamic, f"{path}: code that the loader changes")
        expect("RPATH" not in dynamic and "RUNPATH" not in dynamic, f"{path}: looks for libraries")


def position_independent(place):
    for path in PROGRAMS:
        expect("Type:                              DYN" in readelf("-h", path), f"{path}: no PIE")
        expect(re.search(r"\(FLAGS_1\).*PIE", readelf("-d", path)), f"{path}: no PIE")


def checks_in_the_code(place):
    for path in [*PROGRAMS, MODULE]:
        symbols = readelf("--dyn-syms", path)
        expect("__stack_chk_fail" in symbols, f"{path}: no stack protector")
        fortified = set(re.findall(r"__\w+_chk\b", symbols)) - {"__stack_chk_fail"}
        expect(fortified >= {"__snprintf_chk", "__memcpy_chk"} or len(fortified) >= 3,
               f"{path}: _FORTIFY_SOURCE has changed {fortified}")


def jumps_land_where_they_may(place):
    """On x86-64 each function that can be called by pointer begins with endbr64."""
    if os.uname().machine != "x86_64":
        return
    for path in PROGRAMS:
        code = run("objdump", "-d", "--no-show-raw-insn", path).out
        count = len(re.findall(r"\bendbr64\b", code))
        functions = len(re.findall(r"^[0-9a-f]+ <[^>@]+>:$", code, re.MULTILINE))
        expect(count > 200 and count > functions / 10, f"{path}: {count} endbr64, {functions} functions")


def no_core(place):
    """A daemon at work: neither a core nor another process of its user has its memory."""
    expect(place.stele("init", "archive").code == 0, "init")
    daemon = subprocess.Popen([PROGRAMS[1], "--archive", place.path("archive"), "--set", "receive.tls=no",
                               "--set", "receive.listen=127.0.0.1:0", "--set", "serve.listen="],
                              stderr=subprocess.PIPE)
    try:
        while not daemon.stderr.readline().startswith(b"ready"):
            expect(daemon.poll() is None, "steled ended")
        with open(f"/proc/{daemon.pid}/limits", encoding="ascii") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        expect(core.split()[4:6] == ["0", "0"], core)
        # What a process that is not dumpable has in /proc is root's.
        expect(os.stat(f"/proc/{daemon.pid}/environ").st_uid == 0, "dumpable")
    finally:
        daemon.terminate()
        expect(daemon.wait(60) == 0, "exit code")
        daemon.stderr.close()


def files_are_private(place):
    """Whatever the umask, and in a directory that was there for all."""
    os.mkdir(place.path("open"))
    os.chmod(place.path("open"), 0o755)
    place.write("events.ndjson", b'{"event":"e","uid":"1","time":"2026-11-21T00:00:00Z"}\nno event\n')
    place.write("list.txt", b"203.0.113.7\n")
    before = os.umask(0)
    try:
        for words in (("init", "open"), ("import", "--archive", "open", "events.ndjson"),
                      ("watch", "add", "--archive", "open", "list.txt", "--name", "l"),
                      ("seal", "--archive", "open"),
                      ("copy", "--archive", "open", "--why", "test", "out.stele")):
            done = place.stele(*words)
            expect(done.code == 0, done.text())
    finally:
        os.umask(before)
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(place.path("open"))
             for name in names]
    expect(len(paths) > 5, paths)
    for path in [*paths, place.path("out.stele")]:
        mode = os.stat(path).st_mode & 0o777
        expect(mode & 0o077 == 0, f"{path}: {mode:o}")
    with open(place.path("open/stele.conf"), "a", encoding="ascii") as conf:
        conf.write(f"\n[archive]\ngroup_reads = yes\n[ship]\ntarget = file://{place.path('out')}\n")
    place.write("events.ndjson", b'{"event":"e","uid":"2","time":"2025-11-22T00:00:00Z"}\n')
    for words in (("import", "--archive", "open", "events.ndjson"), ("ship", "--archive", "open")):
        done = place.stele(*words)
        expect(done.code == 0, done.text())
    for path in (place.path("open/segments/merged/from-2025-01-01.db"),
                 *(os.path.join(folder, name) for folder, _, names in os.walk(place.path("out"))
                   for name in names)):
        mode = os.stat(path).st_mode & 0o777
        expect(mode == 0o640, f"{path}: {mode:o}")


TESTS = [read_only_after_start, position_independent, checks_in_the_code, jumps_land_where_they_may]
if "private" in sys.argv:
    sys.argv.remove("private")
    TESTS = [no_core, files_are_private]
main(*TESTS)
