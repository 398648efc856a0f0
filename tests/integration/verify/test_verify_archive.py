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
from verify_world import (DAY, World, change_sql, flipped, frame_lines, make_events, pack_lines,
                          read_sql, run_all, unzstd, zstd)

BLOCK = 2


def put_lines(world, lines, block=BLOCK, forge=False):
    """Replaces a block's events; with forge, whatever of its digests is in the file, too."""
    frame, text = pack_lines(lines)
    change_sql(world.day(), ("UPDATE frame SET data=? WHERE block=?", (frame, block)))
    if forge:
        change_sql(world.day(),
                   ("UPDATE block SET sha256=?, raw_bytes=?, frame_bytes=? WHERE id=?",
                    (hashlib.sha256(text).digest(), len(text), len(frame), block)),
                   ("UPDATE proof SET frame_sha256=? WHERE block=?",
                    (hashlib.sha256(frame).digest(), block)))


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
    for forge in (False, True):
        for line in (0, 63, 64, 777, 2249):
            world.fresh()
            lines = frame_lines(world.day(), BLOCK)
            byte = sum(len(text) + 1 for text in lines[:line])
            place = f"^{DAY} block {BLOCK} line {line + 1} byte {byte}: "
            changed = lines[:line] + [lines[line].replace(b'"user":"user', b'"user":"evil')]
            put_lines(world, changed + lines[line + 1:], forge=forge)
            world.expect_found(world.archive(), "(?m)" + place + ".*this line was changed")
            world.fresh()
            put_lines(world, lines[:line] + lines[line + 1:], forge=forge)
            world.expect_found(world.archive(), "(?m)" + place + ".*a line is missing here")
            world.fresh()
            put_lines(world, lines[:line] + make_events(1, seed=99) + lines[line:], forge=forge)
            world.expect_found(world.archive(), "(?m)" + place + ".*this line was added")
    world.fresh()
    lines = frame_lines(world.day(), BLOCK)
    lines[100], lines[101] = lines[101], lines[100]
    put_lines(world, lines, forge=True)
    world.expect_found(world.archive(), f"(?m)^{DAY} block {BLOCK} lines 65 to 128 byte")


def parts_of_a_day(world):
    """Bytes of each table."""
    world.fresh()
    blobs = [("frame", "data", f"block={BLOCK}", f"block {BLOCK}")]
    for kind in (1, 2, 3, 6, 7):
        blobs.append(("vector", "data", f"id={(kind << 32) + BLOCK}", f"block {BLOCK}: its index"))
    fields = dict(sqlite3.connect(world.day()).execute("SELECT name, id FROM field"))
    for field in ("event", "user", "sid", "addr.remote", "pid", "stele.source"):
        blobs.append(("field_column", "data", f"field={fields[field]} AND block={BLOCK}",
                      f"block {BLOCK}: its index"))
    blobs += [("value_uuid", "data", "rowid=(SELECT min(rowid) FROM value_uuid)", "its index"),
              ("proof", "frame_sha256", f"block={BLOCK}", f"block {BLOCK}"),
              ("proof", "index_sha256", f"block={BLOCK}", f"block {BLOCK}"),
              ("proof", "chain", f"block={BLOCK}", f"block {BLOCK}"),
              ("block", "sha256", f"id={BLOCK}", f"block {BLOCK}: its digest"),
              ("block", "text_fields", f"id={BLOCK}", f"block {BLOCK}")]
    dice = random.Random(5)
    for table, column, where, words in blobs:
        world.fresh()
        data, = read_sql(world.day(), f"SELECT {column} FROM {table} WHERE {where}")
        for at in (0, len(data) // 2, len(data) - 1, dice.randrange(len(data))):
            world.fresh()
            change_sql(world.day(),
                       (f"UPDATE {table} SET {column}=? WHERE {where}", (flipped(data, at),)))
            found(world, words, f"{table}.{column} where {where}, byte {at}")
    for sql, words in (
            ("UPDATE value SET text=text||'x' WHERE id=(SELECT min(id) FROM value)", "its index"),
            ("UPDATE value SET field=field+1 WHERE id=(SELECT min(id) FROM value)", "its index"),
            ("UPDATE field SET name='nobody' WHERE name='user'", "its index"),
            ("UPDATE field SET name='no-command' WHERE name='command'", "its index"),
            (f"UPDATE block SET time_min_us=time_min_us+1 WHERE id={BLOCK}", "its index"),
            (f"UPDATE block SET partial=1 WHERE id={BLOCK}", "its index"),
            (f"DELETE FROM proof WHERE block={BLOCK}", "its proof is gone"),
            (f"DELETE FROM frame WHERE block={BLOCK}", "its frame is gone"),
            (f"DELETE FROM vector WHERE id={(2 << 32) + BLOCK}", f"block {BLOCK}"),
            (f"UPDATE segment SET day_us=day_us+86400000000", "another day")):
        world.fresh()
        change_sql(world.day(), sql)
        found(world, words, sql)


def words_of_a_day(world):
    """The trees of words: a changed leaf hides events from a search."""
    world.fresh()
    tried = 0
    for table in ("text_term_data", "value_term_data"):
        rows = sqlite3.connect(world.day()).execute(
            f"SELECT id, length(block) FROM {table} WHERE id > 10 ORDER BY id").fetchall()
        for row, size in rows[:: max(1, len(rows) // 6)]:
            world.fresh()
            data, = read_sql(world.day(), f"SELECT block FROM {table} WHERE id=?", row)
            change_sql(world.day(), (f"UPDATE {table} SET block=? WHERE id=?",
                                     (flipped(data, size * 2 // 3), row)))
            result = world.archive()
            world.expect_found(result, "words|SQLite|index")
            tried += 1
    expect(tried >= 4, f"only {tried} leaves were tried")
    world.fresh()
    change_sql(world.day(), "DELETE FROM text_term_data WHERE id > 10")
    world.expect_found(world.archive(), "words")


def whole_blocks_and_days(world):
    for day_words, statements in (
            ("block 2: is missing, with 2250 events",
             [f"DELETE FROM {t} WHERE {c}=2" for t, c in
              (("block", "id"), ("frame", "block"), ("proof", "block"))]),
            (r"block 1:? .*seal|does not continue", [
                "UPDATE frame SET block=block+100", "UPDATE frame SET block=103-block",
                "UPDATE block SET id=id+100", "UPDATE block SET id=103-id",
                "UPDATE proof SET block=block+100", "UPDATE proof SET block=103-block"])):
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
    lines = frame_lines(world.day(), 3)
    put_lines(world, lines[:7] + lines[8:], block=3, forge=True)
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
                                " AND name NOT IN ('text_term', 'value_term', 'sqlite_stat1')"
                                " ORDER BY name").fetchall():
            text = name.decode()
            # statistics that steer what is written later, and what the inbox needs
            if text in ("field", "inbox_high"):
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
        run_all(shared, clean, events_of_a_block, parts_of_a_day, words_of_a_day,
                whole_blocks_and_days, seals_and_ledger,
                seals_that_were_signed_again, more_than_one_seal_holds, nothing_that_is_signed, a_key_that_is_gone,
                days_that_were_deleted, any_byte_of_a_day)
