"""Wrong use of the tool as a whole: one line, exit code 2; and help where it is asked for."""
import os
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
    expect(place.stele("init", "a").code == 0, "init")
    for word in ("7x", "15min", "0s"):
        expect_error(place.stele("search", "*", "--histogram", word, "--archive", "a"), 2,
                     "--histogram", word, "15m")


def worded_alike(place):
    """What is wrong is said in the same words by every verb, and before the archive is looked for."""
    for name in verbs(place):
        if name not in ("search", "sessions", "hunt", "copy", "export", "import", "replay"):
            expect_error(place.stele(name, "a", "b", "c", "d"), 2,
                         "unknown action" if name in ("hold", "watch") else "unexpected argument")
        result = place.stele(name, "--help")
        if b"  --output FORM" in result.out:
            expect_error(place.stele(name, "x", "--output", "xml"), 2, "--output is table",
                         "not \"xml\"")
    expect_error(place.stele("hunt"), 2, "missing argument: ")
    expect_error(place.stele("show"), 2, "missing argument: ")
    expect_error(place.stele("export"), 2, "--dest is missing: ")
    expect_error(place.stele("search", "--count", "--top", "user"), 2,
                 "--count and --top cannot be used together")
    expect_error(place.stele("ship", "--deep"), 2, "--deep needs --reconcile")


def help_shows_what_goes_together(place):
    """The line of usage is made of the rules that the command line is checked by."""
    for name, usage in (("ship", "stele ship [--once | --status | --reconcile] [OPTION]..."),
                        ("copy", "stele copy (--why TEXT | --show | --decrypt) [QUERY] OUT.stele "
                                 "[OPTION]..."),
                        ("hold", "stele hold [add | list | release] [OPTION]...")):
        expect(place.stele(name, "--help").out.decode().startswith(f"usage: {usage}\n"), name)


def version(place):
    result = place.stele("--version")
    expect(result.code == 0 and re.fullmatch(rb"stele \d+\.\d+\.\d+\n", result.out), result.text())


def no_archive_there(place):
    """Each verb that needs one says so, and leaves nothing in the folder."""
    os.mkdir(place.path("empty"))
    place.write("e.ndjson", '{"event":"x"}\n')
    place.write("ship.conf", "[ship]\ntarget = file:///tmp\n")
    for words in (["seal"], ["import", "e.ndjson"], ["watch", "run"], ["retention", "--keep", "30d"],
                  ["ship", "--once", "--config", "ship.conf"], ["search", "x"], ["stats"], ["verify"]):
        result = place.stele(*words, "--archive", "empty")
        expect(result.code in (2, 3), result.text())
        expect(b"holds no archive (no archive.db); make one with: stele init empty" in result.err, result.text())
        expect(os.listdir(place.path("empty")) == [], f"{words}: {os.listdir(place.path('empty'))}")


def without_libcurl(place):
    """It is loaded for what goes over a network, and for nothing else."""
    place.write("libcurl.so.4", "no library")
    env = {"LD_LIBRARY_PATH": place.dir, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    expect(place.stele("init", "a", env=env).code == 0, "init")
    expect(place.stele("search", "--archive", "a", "--count", "*", env=env).code == 1, "search")
    for words in (["replay", "--dest", "http://127.0.0.1:9/x"], ["replay", "--dest", "tcp://127.0.0.1:9"],
                  ["import", "s3://bucket/prefix"]):
        result = place.stele(*words, "--archive", "a", env=env)
        expect_error(result, 2, "needs libcurl.so.4 (Debian's package libcurl4)")


def output_that_cannot_be_written(place):
    import subprocess

    from stele_tool import BIN
    with open("/dev/full", "wb") as full:
        done = subprocess.run([os.path.join(BIN, "stele"), "--help"], stdout=full,
                              capture_output=False, stderr=subprocess.PIPE)
    expect(done.returncode == 3 and b"could not write" in done.stderr, done.stderr)


main(no_archive_there, without_libcurl, no_such_verb, every_verb_has_help, no_such_option, no_such_length_of_time,
     worded_alike, help_shows_what_goes_together, version, output_that_cannot_be_written)
