#!/usr/bin/env python3
"""What is changed in an archive is found, and where: every kind of part of a day's file and of the
catalogue is flipped, cut, replaced, removed. A clean archive is clean."""
import datetime
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess

from stele_tool import expect
from verify_world import (DAY, World, block_lines, change_sql, flipped, forge, make_events,
                          put_lines, read_sql, run_all, unzstd, zstd)

BLOCK = 2


def found(world, words, change):
    try:
        world.expect_found(world.archive(), words)
    except AssertionError as problem:
        raise AssertionError(f"{change}: {problem}") from None


def clean(world):
    world.fresh()
    world.expect_clean(world.archive())
    world.expect_clean(world.archive("--quick"))
    events = world.archive().err.decode()
    expect("9,000 events in 4 blocks of 2 days" in events, events)


def events_of_a_block(world):
    """One event that was changed, removed, added or moved is named by its line and byte."""
    for fit in (False, True):
        for line in (0, 63, 64, 777, 2249):
            world.fresh()
            lines = block_lines(world.day(), BLOCK)
            byte = sum(len(text) + 1 for text in lines[:line])
            place = f"^{DAY} block {BLOCK} line {line + 1} byte {byte}: "
            for old, new in ((b'"user":"user', b'"user":"evil'), (b'"pid":', b'"pid":9'),
                             (b'"time":"2026', b'"time":"2025'), (b"203.0.113.", b"203.0.114."),
                             (b"-4000-8000-", b"-4000-8001-"), (b"/srv/", b"/SRV/")):
                changed = lines[:line] + [lines[line].replace(old, new, 1)]
                expect(changed[-1] != lines[line], lines[line])
                put_lines(world.day(), BLOCK, changed + lines[line + 1:], fit=fit)
                world.expect_found(world.archive(), "(?m)" + place + ".*this line was changed")
            put_lines(world.day(), BLOCK, lines[:line] + lines[line + 1:], fit=fit)
            world.expect_found(world.archive(), "(?m)" + place + ".*a line is missing here")
            put_lines(world.day(), BLOCK, lines[:line] + make_events(1, seed=99) + lines[line:],
                      fit=fit)
            world.expect_found(world.archive(), "(?m)" + place + ".*this line was added")
    world.fresh()
    lines[100], lines[101] = lines[101], lines[100]
    put_lines(world.day(), BLOCK, lines, fit=True)
    world.expect_found(world.archive(), f"(?m)^{DAY} block {BLOCK} lines 65 to 128 byte")
    count = len(lines)
    for column, words in (("events", "another number of lines"), ("raw_bytes", "another size")):
        world.fresh()
        change_sql(world.day(), f"UPDATE block SET {column}={column}-1 WHERE id={BLOCK}")
        world.expect_found(world.archive(), f"block {BLOCK}: its events cannot be read.*{words}")
    expect(count == 2250, f"{count} lines")


def arrivals_of_a_block(world):
    """When and from where an event came; with digests that fit, the seal tells."""
    for fit in (False, True):
        for line in (0, 777, 2249):
            for old, new in ((b'.received":"2', b'.received":"1'), (b"import ", b"https ")):
                world.fresh()
                lines = block_lines(world.day(), BLOCK, "arrivals")
                other = lines[line].replace(old, new, 1)
                expect(other != lines[line], lines[line])
                put_lines(world.day(), BLOCK, lines[:line] + [other] + lines[line + 1:],
                          "arrivals", fit=fit)
                world.expect_found(world.archive(), f"block {BLOCK}: when and from where its events"
                                   " came was changed")
                if not fit:
                    world.expect_found(world.archive("--quick"), f"block {BLOCK}: what is stored")


def digests_that_fit(world):
    """What is beside the lines, with all digests of the file made to fit: compared with the lines."""
    for sql, words in (
            (f"UPDATE block SET time_min_us=time_min_us+1000000 WHERE id={BLOCK}", "time"),
            (f"UPDATE block SET time_max_us=time_max_us-1000000 WHERE id={BLOCK}", "time"),
            (f"UPDATE observables SET data=(SELECT data FROM observables WHERE block=1)"
             f" WHERE block={BLOCK}", "observables"),
            (f"UPDATE block SET whole_lines=whole_lines+1 WHERE id={BLOCK}", "whole lines"),
            (f"INSERT INTO newlines VALUES ({BLOCK}, x'05')", "came was changed")):
        world.fresh()
        change_sql(world.day(), sql)
        forge("fit", world.day(), BLOCK)
        found(world, f"block {BLOCK}: .*({words})", sql)


def parts_of_a_day(world):
    """Bytes of each table."""
    world.fresh()
    blobs = [("block_data", "data", f"id={2 * BLOCK}", f"block {BLOCK}: its events"),
             ("block_data", "data", f"id={2 * BLOCK + 1}",
              f"block {BLOCK}: when and from where its events came"),
             ("observables", "data", f"block={BLOCK}", f"block {BLOCK}: what is stored"),
             ("proof", "arrivals_sha256", f"block={BLOCK}", f"block {BLOCK}: its proof"),
             ("proof", "stored_sha256", f"block={BLOCK}", f"block {BLOCK}: what is stored"),
             ("proof", "chain", f"block={BLOCK}", f"block {BLOCK}: does not continue"),
             ("block", "sha256", f"id={BLOCK}", f"block {BLOCK}: its digest")]
    parts = [part for part, in sqlite3.connect(world.day()).execute("SELECT id FROM vocabulary")]
    expect(len(parts) > 2, parts)
    for table in ("vocabulary", "vocabulary_copy"):
        for part in parts:
            blobs.append((table, "data", f"id={part}", f"block {part // 2}: what is stored"))
    dice = random.Random(5)
    for table, column, where, words in blobs:
        world.fresh()
        data, = read_sql(world.day(), f"SELECT {column} FROM {table} WHERE {where}")
        for at in (0, len(data) // 2, len(data) - 1, dice.randrange(len(data))):
            world.fresh()
            change_sql(world.day(),
                       (f"UPDATE {table} SET {column}=? WHERE {where}", (flipped(data, at),)))
            found(world, words, f"{table}.{column} where {where}, byte {at}")
            quick = world.archive("--quick")
            expect(quick.code == 4, f"{where}, quickly: {quick.text()}")
    stored = f"block {BLOCK}: what is stored"
    for sql, words in (
            (f"UPDATE block SET time_min_us=time_min_us+1 WHERE id={BLOCK}", stored),
            (f"UPDATE block SET time_max_us=time_max_us+1 WHERE id={BLOCK}", stored),
            (f"UPDATE block SET stored_bytes=stored_bytes+1 WHERE id={BLOCK}", stored),
            (f"UPDATE block SET whole_lines=1 WHERE id={BLOCK}", stored),
            (f"UPDATE block SET not_same=1 WHERE id={BLOCK}", stored),
            (f"DELETE FROM observables WHERE block={BLOCK}", stored),
            (f"INSERT INTO newlines VALUES ({BLOCK}, x'05')", stored),
            ("DELETE FROM vocabulary", "block 1: what is stored"),
            ("DELETE FROM vocabulary_copy", "block 1: what is stored"),
            (f"DELETE FROM proof WHERE block={BLOCK}", "its proof is gone"),
            (f"DELETE FROM block_data WHERE id={2 * BLOCK}",
             f"block {BLOCK}: its events cannot be read.*gone"),
            (f"DELETE FROM block_data WHERE id={2 * BLOCK + 1}",
             f"block {BLOCK}: when and from where its events came cannot be read.*gone"),
            (f"UPDATE segment SET day_us=day_us+86400000000", "another day")):
        world.fresh()
        change_sql(world.day(), sql)
        found(world, words, sql)
    world.fresh()
    change_sql(world.day(), *(f"DELETE FROM {table} WHERE id=2"
                              for table in ("vocabulary", "vocabulary_copy")))
    found(world, "the vocabulary is damaged", "both copies of a part")


def words_of_a_day(world):
    """The tree of words: a changed leaf hides events from a search."""
    world.fresh()
    rows = sqlite3.connect(world.day()).execute(
        "SELECT id, length(block) FROM text_word_data WHERE id > 10 ORDER BY id").fetchall()
    tried = 0
    for row, size in rows[:: max(1, len(rows) // 6)]:
        for at in (size // 3, size * 2 // 3):
            world.fresh()
            data, = read_sql(world.day(), "SELECT block FROM text_word_data WHERE id=?", row)
            change_sql(world.day(), ("UPDATE text_word_data SET block=? WHERE id=?",
                                     (flipped(data, at), row)))
            world.expect_found(world.archive(), "words|SQLite")
            tried += 1
    expect(tried >= 4, f"only {tried} leaves were tried")
    world.fresh()
    change_sql(world.day(), "DELETE FROM text_word_data WHERE id > 10")
    world.expect_found(world.archive(), "words")


def whole_blocks_and_days(world):
    for day_words, statements in (
            ("block 2: is missing, with 2250 events",
             [f"DELETE FROM {t} WHERE {c}=2" for t, c in
              (("block", "id"), ("block_data", "id/2"), ("proof", "block"))]),
            (r"block 1:? .*seal|does not continue", [
                "UPDATE block SET number=number+100", "UPDATE block SET number=103-number"])):
        world.fresh()
        change_sql(world.day(), *statements)
        world.expect_found(world.archive(), day_words)
    world.fresh()
    os.remove(world.day())
    world.expect_found(world.archive(), f"{DAY}: the day's file is missing, with 2 sealed blocks")
    world.fresh()
    shutil.copy(world.day("2026-11-20"), world.day())
    world.expect_found(world.archive(), "another day")
    world.fresh()
    with open(world.day(), "r+b") as file:
        file.truncate(os.path.getsize(world.day()) // 2)
    world.expect_found(world.archive(), DAY)
    world.fresh()
    with open(world.day(), "r+b") as file:
        file.write(b"x" * 100)
    world.expect_found(world.archive(), DAY)


def seals_and_ledger(world):
    path = "archive/archive.db"
    packed, = read_sql(world.path("clean/archive.db"), "SELECT packed FROM seal WHERE number=1")
    signature, = read_sql(world.path("clean/archive.db"),
                          "SELECT signature FROM seal WHERE number=2")
    for statement, words in (
            (("UPDATE seal SET packed=? WHERE number=1", (flipped(packed, 40),)), "seal 1"),
            (("UPDATE seal SET packed=(SELECT packed FROM seal WHERE number=1) WHERE number=2", ()),
             "seal 2: stands in the place of seal 1"),
            (("UPDATE seal SET signature=? WHERE number=2", (flipped(signature, 9),)),
             "seal 2: its signature is not that of"),
            (("DELETE FROM seal WHERE number=1", ()), "seal 1: is missing"),
            (("UPDATE object SET sha256=zeroblob(32) WHERE id=1", ()), "the ledger's row of"),
            (("UPDATE object SET state=0 WHERE id=1", ()), "the ledger's row of"),
            (("DELETE FROM object WHERE id=1", ()), "the ledger has lost"),
            (("UPDATE archive SET id='00000000-0000-4000-8000-000000000000'", ()),
             "its seals are of archive")):
        world.fresh()
        change_sql(world.path(path), statement)
        world.expect_found(world.archive(), words)
    world.fresh()
    world.ok("init", "other")
    world.ok("seal", "--archive", "other")
    result = world.stele("verify", "--archive", "archive", "--key", "other/keys/seal.pub")
    world.expect_found(result, "is signed with key")


def seals_that_were_signed_again(world):
    """Whoever has the key can sign another text; the seal behind it still names the first one."""
    world.fresh()
    path = world.path("archive/archive.db")
    packed, = read_sql(path, "SELECT packed FROM seal WHERE number=1")
    text = unzstd(packed).replace(b'"codec":"zstd"', b'"codec":"gzip"')
    world.write("text", text)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
                    world.path("archive/keys/seal.key"), "-in", world.path("text"), "-out",
                    world.path("signature")], check=True, capture_output=True)
    with open(world.path("signature"), "rb") as file:
        signature = file.read()
    forged = zstd(text, "-3", f"--stream-size={len(text)}")
    change_sql(path, ("UPDATE seal SET packed=?, signature=?, sha256=? WHERE number=1",
                      (forged, signature, hashlib.sha256(text).digest())))
    result = world.archive()
    world.expect_found(result, "seal 2: does not name the seal before it by its digest")
    expect(b"signature" not in result.out, result.text())
    world.fresh()
    change_sql(path, "UPDATE seal SET sha256=zeroblob(32) WHERE number=2")
    world.expect_found(world.archive(), "seal 2: the digest in its row is not that of its text")


def more_than_one_seal_holds(world):
    """1,100 days of one event each are more blocks than a seal takes."""
    lines = [b'{"event":"auth","code":"T1","uid":"d%d","time":"%s"}'
             % (day, (datetime.date(2019, 1, 1) + datetime.timedelta(day)).isoformat().encode()
                + b"T00:00:00Z") for day in range(1100)]
    world.write("days.ndjson", b"\n".join(lines) + b"\n")
    world.ok("init", "days")
    world.ok("import", "--archive", "days", "days.ndjson")
    world.ok("seal", "--archive", "days")
    out = world.ok("seal", "--list", "--archive", "days").out.decode().split("\n")[1:]
    blocks = [int(line.split()[3]) for line in out if line]
    expect(blocks == [1024, 76], f"blocks in each seal: {blocks}")
    result = world.stele("verify", "--quick", "--archive", "days")
    world.expect_clean(result)
    expect(b"after the last seal" not in result.err, result.text())
    shutil.rmtree(world.path("days"))


def nothing_that_is_signed(world):
    """Whoever takes the seals away takes away what would tell: a key that is given says that there
    should be some."""
    world.fresh()
    change_sql(world.path("archive/archive.db"), "DELETE FROM seal")
    world.expect_found(world.archive(), "has no seal, and a key was given")
    world.ok("copy", "--archive", "clean", "--why", "test", "user:user3", "signed.stele")
    world.expect_clean(world.verify("signed.stele"))
    change_sql(world.path("signed.stele"), "DELETE FROM copy_seal")
    world.expect_found(world.verify("signed.stele"), "is not signed, and a key was given")


def a_key_that_is_gone(world):
    """No new key is made in the place of one that was there: that would look like the old one."""
    world.fresh()
    os.rename(world.path("archive/keys/seal.key"), world.path("kept.key"))
    for words in (("seal",), ("ship",)):
        result = world.stele(*words, "--archive", "archive")
        expect(b"seal.key is not there, and its public half is" in result.err, result.text())
    result = world.stele("seal", "--archive", "archive")
    expect(result.code == 2 and len(result.err.splitlines()) == 1, result.text())
    with open(world.path("archive/stele.conf"), "a", encoding="utf-8") as conf:
        conf.write(f"\n[seal]\nkey = {world.path('kept.key')}\ntarget = none\n")
    world.ok("seal", "--archive", "archive")
    world.expect_clean(world.archive())


def days_that_were_deleted(world):
    """What retention took is not missing, before the next seal and after it; a day that comes again
    is told from what it was."""
    world.fresh()
    world.ok("retention", "--archive", "archive", "--keep", "1d")
    result = world.archive()
    world.expect_clean(result)
    expect(b"2 days were deleted after the last seal" in result.err, result.text())
    world.ok("seal", "--archive", "archive")
    result = world.archive()
    world.expect_clean(result)
    expect(b"2 sealed days were deleted" in result.err, result.text())
    world.write("late.ndjson", b"\n".join(make_events(500, seed=7)) + b"\n")
    world.ok("import", "--archive", "archive", "late.ndjson")
    world.expect_clean(world.archive())
    world.ok("ship", "--archive", "archive")
    world.expect_clean(world.archive())
    lines = block_lines(world.day(), 1)  # the first of its file
    put_lines(world.day(), 1, lines[:7] + lines[8:], fit=True)
    world.expect_found(world.archive(), f"(?m)^{DAY} block 3 line 8 byte .*a line is missing here")
    os.remove(world.day())
    world.expect_found(world.archive(), f"{DAY}: the day's file is missing, with 1 sealed block")


def any_byte_of_a_day(world):
    """A byte anywhere in the file: found, or what can be read is what it was."""
    def dump(path):
        db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        db.text_factory = bytes
        rows = {}
        for name, in db.execute("SELECT name FROM sqlite_schema WHERE type='table'"
                                " AND name NOT IN ('text_word', 'sqlite_stat1')"
                                " ORDER BY name").fetchall():
            text = name.decode()
            if text == "inbox_high":  # what the inbox needs
                continue
            rows[text] = db.execute(f"SELECT * FROM {text}").fetchall()
        db.close()
        return rows
    world.fresh()
    size = os.path.getsize(world.day())
    before = dump(world.day())
    clean_bytes = open(world.day(), "rb").read()
    dice = random.Random(8)
    found = 0
    for at in [dice.randrange(size) for _ in range(150)] + [18, 28, 60, 100, 105]:
        with open(world.day(), "wb") as file:
            file.write(flipped(clean_bytes, at))
        result = world.archive()
        if result.code == 4:
            found += 1
            continue
        after = dump(world.day())
        differ = [name for name in before if before[name] != after[name]]
        expect(not differ, f"byte {at} was changed in {differ} and not found: {result.text()}")
    print(f"{found} of 155 changed bytes were found; nobody reads the others")
    expect(found > 30, "hardly any was found")


if __name__ == "__main__":
    with World() as shared:
        run_all(shared, clean, events_of_a_block, arrivals_of_a_block, digests_that_fit,
                parts_of_a_day, words_of_a_day, whole_blocks_and_days, seals_and_ledger,
                seals_that_were_signed_again, more_than_one_seal_holds, nothing_that_is_signed,
                a_key_that_is_gone, days_that_were_deleted, any_byte_of_a_day)
