"""Hits go to the system's log. The log is a socket of this test at /dev/log, in a mount namespace of its
own; where there can be none the test is skipped, and says so."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

OWN = "STELE_OWN_DEV"
BIND = ('for f in null zero full urandom; do mount --bind /dev/$f "$0/$f" || exit 77; done; '
        'mount --rbind "$0" /dev || exit 77; exec "$@"')


def again_with_own_dev():
    """Runs this file with a /dev that holds little; gives its exit code."""
    dev = tempfile.mkdtemp(prefix="stele-test-dev-")
    try:
        for name in ("null", "zero", "full", "urandom"):
            open(os.path.join(dev, name), "w").close()
        words = ["unshare", "--mount", "--map-root-user", "sh", "-c", BIND, dev, sys.executable,
                 *sys.argv]
        if not shutil.which("unshare") or subprocess.run(
                words[:3] + ["true"], capture_output=True, check=False).returncode != 0:
            print("skipped: no mount namespaces here (unshare --mount --map-root-user)")
            return 77
        return subprocess.run(words, env={**os.environ, OWN: "1"}, check=False).returncode
    finally:
        shutil.rmtree(dev)


def every_hit_is_a_line(place):
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind("/dev/log")
    log.settimeout(30)
    archive = new_archive(place)
    bring_in(place, archive, make_events(0, 60))
    add(place, archive, "feed", LIST)
    settings = {"watch.syslog": "on", "watch.syslog_facility": "local3", "index.max_wait": "200ms"}
    lines = {}
    with Steled(archive, None, settings) as daemon:
        wait_until(lambda: lists(place, archive)["lists"][0]["old_events_hunted"], "hunted")
        rows = kept(place, archive)
        while len(lines) < len(rows):
            line = log.recv(65536).decode()
            # local3 is 19, warning 4 (RFC 3164)
            found = re.match(r"<156>.* stele\[(\d+)\]: watch hit list=feed kind=\w+ id=(\S+) time=\S+ "
                             r'uid="(\S+)" indicator="(\S+)" field="(\S+)" value="', line)
            expect(found and int(found[1]) == daemon.process.pid, line)
            lines[found[2]] = (found[4], found[3])
        daemon.wait_for("stele_watch_delivered_total", len(rows))
    expect(sorted(lines.values()) == sorted((row["indicator"], row["uid"]) for row in rows), lines)


if OWN not in os.environ:
    sys.exit(again_with_own_dev())

from stele_tool import expect, main
from steletest import Steled, new_archive, wait_until
from watch_world import LIST, add, bring_in, kept, lists, make_events

main(every_hit_is_a_line)
