"""A running steled on an archive that was made with --host, and what it uses."""
import json
import re
import subprocess
import threading
import urllib.request

from measure.process import open_files, run


class Steled:
    def __init__(self, world, archive, *more):
        self.world = world
        self.archive = archive
        words = [world.tool("steled"), "--config", archive + "/stele.conf", "--set",
                 "receive.listen=127.0.0.1:0", "--set", "serve.listen=127.0.0.1:0", *more]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stderr:
            found = re.match(r"ready: events on https://\S+?:(\d+)(?:, health on (\S+))?", line)
            if found:
                self.port, self.health = found.groups()
                # A full pipe would hold it up.
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return
        raise SystemExit("bench: steled did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def mib(self, name):
        """VmRSS (now) or VmHWM (the highest)."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as f:
            return int(re.search(name + r":\s*(\d+)", f.read()).group(1)) / 1024

    def metric(self, name):
        with urllib.request.urlopen(self.health + "/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))

    def files(self):
        return open_files(self.process.pid)

    def load(self, connections, *more):
        """A Run of stele-load, and its report, if there is one."""
        tls = self.archive + "/tls/"
        done = run([self.world.tool("stele-load"), "--url",
                    f"https://127.0.0.1:{self.port}/events.log", "--ca", tls + "ca.crt", "--cert",
                    tls + "client.crt", "--key", tls + "client.key", "--json", "--connections",
                    str(connections), *more])
        return done, json.loads(done.out) if done.code == 0 else None
