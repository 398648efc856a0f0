"""What stele copy makes for other programs: encrypted files that openssl undoes, plain ones that
sqlite3 reads; the case header, its signature, and wrong use."""
import json
import os
import sqlite3
import subprocess

from copy_world import SESSIONS, events
from stele_tool import expect, expect_error, main
from steletest import openssl

PASSPHRASE = "a horse, a battery"


def make_archive(place, count=3000):
    expect(place.stele("init", "archive").code == 0, "init")
    place.write("e.ndjson", b"\n".join(events(count, 9)) + b"\n")
    expect(place.stele("import", "--archive", "archive", "e.ndjson").code == 0, "import")


def copy(place, *words, code=0, **more):
    result = place.stele("copy", *words, "--archive", "archive", "--why", "case 7", **more)
    expect(result.code == code, result.text())
    return result


def certificate(place, name, *algorithm):
    openssl("req", "-x509", "-newkey", *algorithm, "-nodes", "-keyout", place.path(name + ".key"),
            "-out", place.path(name + ".pem"), "-subj", "/CN=" + name, "-days", "2")


def count(place, path):
    result = place.stele("search", "*", "--count", "--archive", path)
    expect(result.code == 0, result.text())
    return int(result.out)


def openssl_undoes_it(place):
    make_archive(place)
    certificate(place, "rsa", "rsa:2048")
    certificate(place, "ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    place.write("passphrase", PASSPHRASE + "\nand a second line\n")
    copy(place, "out.cms", "--encrypt-to", "rsa.pem", "--encrypt-to", "ec.pem", "--passphrase-file",
         "passphrase")
    with open(place.path("out.cms"), "rb") as f:
        sealed = f.read()
    expect(b"SQLite" not in sealed and b"alice" not in sealed, "it is not encrypted")
    said = openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", place.path("out.cms"))
    expect(b"aes-256-gcm" in said and b"rsaesOaep" in said and b"PBKDF2" in said, said[:3000])
    for name, words in (("rsa", ["-inkey", place.path("rsa.key")]),
                        ("ec", ["-inkey", place.path("ec.key")]),
                        ("pass", ["-pwri_password", PASSPHRASE])):
        openssl("cms", "-decrypt", "-inform", "DER", "-in", place.path("out.cms"), *words, "-out",
                place.path(name + ".stele"))
        expect(count(place, name + ".stele") == 3000, name)
    for name, words in (("a", ["--key", "ec.key"]), ("b", ["--key", "rsa.key"]),
                        ("c", ["--passphrase-file", "passphrase"])):
        result = place.stele("copy", "--decrypt", "out.cms", name, *words)
        expect(result.code == 0, result.text())
        with open(place.path(name), "rb") as f, open(place.path("rsa.stele"), "rb") as g:
            expect(f.read() == g.read(), "not what openssl makes of it")


def the_other_way_round(place):
    """What openssl encrypts, as PEM and as DER, by the older cipher, too."""
    make_archive(place)
    certificate(place, "rsa", "rsa:2048")
    copy(place, "out.stele")
    for form in ("DER", "PEM"):
        for cipher in ("-aes-256-gcm", "-aes-256-cbc"):
            openssl("cms", "-encrypt", "-binary", "-outform", form, cipher, "-in",
                    place.path("out.stele"), "-out", place.path("sealed"), place.path("rsa.pem"))
            expect_error(place.stele("search", "*", "--archive", "sealed"), 3, "encrypted copy",
                         f"openssl cms -decrypt -inform {form} -in sealed")
            result = place.stele("copy", "--decrypt", "sealed", "open", "--key", "rsa.key", "--force")
            expect(result.code == 0 and count(place, "open") == 3000, result.text())


def what_is_encrypted_is_not_opened(place):
    make_archive(place)
    certificate(place, "rsa", "rsa:2048")
    certificate(place, "other", "rsa:2048")
    place.write("passphrase", PASSPHRASE)
    place.write("wrong", PASSPHRASE + "!")
    place.write("list", "198.51.100.7\n")
    copy(place, "out.cms", "--encrypt-to", "rsa.pem", "--passphrase-file", "passphrase")
    for words in (["search", "*"], ["stats"], ["hunt", "list"], ["sql", "SELECT 1"],
                  ["session", "x"], ["show", "x"]):
        expect_error(place.stele(*words, "--archive", "out.cms"), 3, "out.cms is an encrypted copy",
                     "openssl cms -decrypt")
    expect_error(place.stele("copy", "--show", "out.cms"), 3, "out.cms is an encrypted copy")
    expect_error(place.stele("copy", "--decrypt", "out.cms", "x", "--key", "other.key"), 3, "out.cms")
    expect_error(place.stele("copy", "--decrypt", "out.cms", "x", "--passphrase-file", "wrong"), 3,
                 "passphrase")
    with open(place.path("out.cms"), "rb") as f:
        data = bytearray(f.read())
    data[len(data) // 2] ^= 1
    place.write("changed", bytes(data))
    expect_error(place.stele("copy", "--decrypt", "changed", "x", "--key", "rsa.key"), 3, "changed")
    place.write("cut", bytes(data[:-100]))
    expect_error(place.stele("copy", "--decrypt", "cut", "x", "--key", "rsa.key"), 3, "cut")
    expect(not [n for n in os.listdir(place.dir) if n == "x" or n.endswith(".part")],
           os.listdir(place.dir))


def sqlite3_reads_a_plain_one(place):
    make_archive(place)
    result = copy(place, "out.sqlite", "--plain", "--to", "2026-10-20")
    expect(b"not signed: a plain file" in result.out, result.text())
    columns = 'time, user, pid, success, score, "identity.roles", "addr.remote", raw, actor, received'
    wanted = place.stele("sql", "--archive", "archive", "--output", "ndjson",
                         f"SELECT {columns} FROM teleport_audit_events WHERE time < '2026-10-20'"
                         " ORDER BY time, uid").out
    got = subprocess.run(["sqlite3", "-json", place.path("out.sqlite"),
                          f"SELECT {columns} FROM teleport_audit_events ORDER BY time, uid"],
                         capture_output=True, check=True).stdout
    rows = json.loads(got)
    expect(rows == [json.loads(line) for line in wanted.splitlines()] and len(rows) > 1000,
           "rows differ")
    db = sqlite3.connect(f"file:{place.path('out.sqlite')}?mode=ro", uri=True)
    types = {row[1]: row[2] for row in db.execute("PRAGMA table_info(teleport_audit_events)")}
    expect((types["pid"], types["success"], types["score"], types["user"], types["time"]) ==
           ("INTEGER", "INTEGER", "REAL", "TEXT", "TEXT"), types)
    strange = db.execute("SELECT count(*) FROM teleport_audit_events WHERE typeof(pid) <> 'integer'"
                         " OR typeof(user) <> 'text' OR typeof(score) <> 'real'").fetchone()
    expect(strange == (0,), "values are not of their column's type")
    words = db.execute("SELECT count(*) FROM teleport_audit_events_fts WHERE"
                       " teleport_audit_events_fts MATCH 'curl'").fetchone()[0]
    found = place.stele("search", "curl", "--count", "--archive", "archive", "--to", "2026-10-20").out
    expect(words == int(found), f"{words}, {found}")
    case = dict(db.execute("SELECT name, value FROM stele_case"))
    expect(case["why"] == "case 7" and case["to"] == "2026-10-20T00:00:00Z" and
           case["events"] == str(len(rows)), case)
    plan = db.execute("EXPLAIN QUERY PLAN SELECT * FROM teleport_audit_events WHERE user = 'bob'")
    expect("USING INDEX" in str(plan.fetchall()), "the index is not used")
    expect(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "integrity")
    db.close()
    expect(sorted(os.listdir(place.dir)) == ["archive", "e.ndjson", "out.sqlite"],
           os.listdir(place.dir))


def the_case_header(place):
    make_archive(place)
    keys = place.path("archive", "keys")
    os.rename(keys, place.path("kept"))
    result = place.stele("copy", "--session", SESSIONS[2], "curl", "out.stele", "--archive", "archive",
                         "--why", "who\x1b[31m read \"it\"?", "--from", "2026-10-02")
    expect(result.code == 0 and b"not signed: archive/keys/seal.key is not there" in result.out,
           result.text())
    shown = place.stele("copy", "--show", "out.stele").out.decode()
    for words in ("why       who", 'read "it"?', "from      2026-10-02T00:00:00Z", "to        open",
                  "query     curl", f"session   {SESSIONS[2]}", "signed    no", "program   stele "):
        expect(words in shown, f"{words} is not in {shown}")
    expect("\x1b" not in shown, "it is not harmless for a terminal")
    os.rename(place.path("kept"), keys)
    result = copy(place, "signed.stele")
    expect(b"signed with key " in result.out, result.text())
    # anybody can check it with what every system has
    db = sqlite3.connect(place.path("signed.stele"))
    text, signature = db.execute("SELECT text, signature FROM copy_seal").fetchone()
    db.close()
    place.write("text", text)
    place.write("signature", signature)
    said = openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey",
                   place.path("archive/keys/seal.pub"), "-in",
                   place.path("text"), "-sigfile", place.path("signature"))
    expect(b"Verified Successfully" in said, said)
    result = place.stele("verify", "signed.stele", "--key", "archive/keys/seal.pub")
    expect(result.code == 0, result.text())
    header = json.loads(text)
    expect(header["format"] == "stele-copy-1" and header["events"] == 3000 and
           header["query"] == "" and len(header["chain"]) == 64, header)
    expect(os.stat(place.path("signed.stele")).st_mode & 0o777 == 0o600, "others may read it")
    place.write("archive/keys/seal.key", "no key")
    expect_error(place.stele("copy", "x.stele", "--archive", "archive", "--why", "x"), 2, "seal.key")


def wrong_use(place):
    make_archive(place, 50)
    archive = ["--archive", "archive"]
    why = ["--why", "x"]
    expect_error(place.stele("copy", *archive, *why), 2, "into which file?")
    expect_error(place.stele("copy", "user:alice", *archive, *why), 2, "looks like a query")
    expect_error(place.stele("copy", "x.stele", *archive), 2, "--why")
    expect_error(place.stele("copy", "user:(", "x.stele", *archive, *why), 2, "query, character")
    expect_error(place.stele("copy", "x.stele", "--from", "then", *archive, *why), 2, "--from")
    expect_error(place.stele("copy", "no/such/x.stele", *archive, *why), 3, "no/such/x.stele")
    expect_error(place.stele("copy", "archive", *archive, *why), 2, "archive")
    expect_error(place.stele("copy", "x.stele", "--archive", "none", *why), 3, "none")
    expect_error(place.stele("copy", "x.stele", "--plain", "--encrypt-to", "c", *archive, *why), 2,
                 "--plain")
    expect_error(place.stele("copy", "x.stele", "--encrypt-to", "e.ndjson", *archive, *why), 2,
                 "e.ndjson", "certificate")
    expect_error(place.stele("copy", "x.stele", "--encrypt-to", "none", *archive, *why), 3, "none")
    place.write("short", "1234\n")
    expect_error(place.stele("copy", "x.stele", "--passphrase-file", "short", *archive, *why), 2,
                 "short", "8")
    openssl("genpkey", "-algorithm", "ed25519", "-out", place.path("ed.key"))
    openssl("req", "-x509", "-key", place.path("ed.key"), "-out", place.path("ed.pem"), "-subj",
            "/CN=ed")
    expect_error(place.stele("copy", "x.stele", "--encrypt-to", "ed.pem", *archive, *why), 2,
                 "ed.pem", "RSA")
    expect_error(place.stele("copy", "nowhere", "x.stele", *archive, *why), 1, "no event")
    expect_error(place.stele("copy", "--show", "e.ndjson"), 4, "e.ndjson")
    expect_error(place.stele("copy", "--show", "archive/segments/merged/from-2026-01-01.db"), 3, "no case header")
    expect_error(place.stele("copy", "--decrypt", "e.ndjson", "x", "--key", "ed.key"), 3, "no CMS")
    expect_error(place.stele("copy", "--decrypt", "e.ndjson", "x"), 2, "--key or --passphrase-file")
    expect(place.stele("copy", "x.stele", *archive, *why).code == 0, "a good one")
    expect_error(place.stele("copy", "x.stele", *archive, *why), 3, "x.stele", "--force")
    expect(place.stele("copy", "x.stele", *archive, *why, "--force").code == 0, "--force")
    left = [name for name in os.listdir(place.dir) if name.endswith(".part")]
    expect(not left, left)


main(openssl_undoes_it, the_other_way_round, what_is_encrypted_is_not_opened,
     sqlite3_reads_a_plain_one, the_case_header, wrong_use)
