"""Wrong use of the tool as a whole: one line, exit code 2; and help where it is asked for."""
import re

from stele_tool import expect, expect_error, main


def verbs(place):
    result = place.stele("--help")
    expect(result.code == 0 and result.err == b"", result.text())
    return re.findall(r"^  ([a-z]+) +\S", result.out.decode(), re.M)


def no_such_verb(place):
    expect_error(place.stele("serach"), 2, "serach", "did you mean search?")
    expect_error(place.stele("xyzzy"), 2, "xyzzy", "stele --help")
    result = place.stele()
    expect(result.code == 2 and b"usage: stele" in result.err, result.text())


def every_verb_has_help(place):
    names = verbs(place)
    expect(len(names) >= 9, names)
    for name in names:
        result = place.stele(name, "--help")
        expect(result.code == 0 and result.err == b"", result.text())
        out = result.out.decode()
        expect(out.startswith(f"usage: stele {name}"), out)
        for option in ("--archive DIR", "--config FILE", "--help"):
            expect(option in out, f"{name}: {option} is not in {out}")
        expect(all(len(line) <= 100 for line in out.split("\n")), out)


def no_such_option(place):
    for name in verbs(place):
        expect_error(place.stele(name, "--confg", "x"), 2, "--confg", "--config")


def no_such_length_of_time(place):
    for word in ("7x", "15min", "0s"):
        expect_error(place.stele("search", "*", "--histogram", word), 2, "--histogram", word, "15m")


def version(place):
    result = place.stele("--version")
    expect(result.code == 0 and re.fullmatch(rb"stele \d+\.\d+\.\d+\n", result.out), result.text())


def output_that_cannot_be_written(place):
    import os
    import subprocess

    from stele_tool import BIN
    with open("/dev/full", "wb") as full:
        done = subprocess.run([os.path.join(BIN, "stele"), "--help"], stdout=full,
                              capture_output=False, stderr=subprocess.PIPE)
    expect(done.returncode == 3 and b"could not write" in done.stderr, done.stderr)


main(no_such_verb, every_verb_has_help, no_such_option, no_such_length_of_time,
     version, output_that_cannot_be_written)
