"""What the sweeps of faults share: archives that wait to be shipped, many at a time into one bucket
through a proxy that spoils requests, and the look at the bucket afterwards by readers that are not
stele: awscli and s3cmd."""
import base64
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import time

from fault_proxy import FaultProxy
from stele_tool import LONG_SECONDS
from ship_world import STELE, Archive, make_events, run, unpack

WORKERS = 4
BATCH = 40        # cases in one bucket: what is kept in memory by the store ends with it
RUNS_MAX = 12     # of stele ship, until it says that all is done


class Template:
    """An archive whose events wait; each case ships a copy of it."""

    def __init__(self, form, codec):
        self.form, self.codec = form, codec
        self.archive = Archive()
        if form == "parts":  # one object of a little over 5 MiB: two parts
            dice = random.Random(5)
            lines = [line[:-1] + b', "blob": "' + base64.b64encode(dice.randbytes(6000)) + b'"}'
                     for line in make_events(930, days=["2026-11-20"])]
        else:                # two objects
            lines = make_events(240)
        self.archive.add(lines)
        self.uids = collections.Counter(json.loads(line)["uid"] for line in lines)

    def settings(self):
        more = {"s3_multipart_over": "5MiB", "s3_part_bytes": "5MiB"} if self.form == "parts" else {}
        return {"codec": self.codec, "timeout": "2s", "retry_max_wait": "200ms",
                "interval": "10ms", **more}


class Case:
    """One copy, one fault (or a storm of them), until it is shipped; then what stele itself says."""

    def __init__(self, name, template, rule, runner=None, env=None):
        self.name, self.template, self.rule = name, template, rule
        self.runner = runner or until_shipped
        self.env = env or {}
        self.wrong = []
        self.runs = 0
        self.applied = []

    def __str__(self):
        return f"{self.template.form}/{self.template.codec} {self.name}"

    def go(self, world, bucket, proxy, number):
        self.prefix = f"case-{number:03}"
        self.events = sum(self.template.uids.values())
        self.dir = world.home / f"{bucket}-{self.prefix}"
        shutil.copytree(self.template.archive.dir, self.dir)
        settings = {**self.template.settings(), **world.server.settings(bucket, f"/{self.prefix}/data"),
                    "s3_endpoint": proxy.endpoint}
        (self.dir / "stele.conf").write_text(
            "[receive]\ntls = no\n[ship]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items()))
        proxy.reset(self.rule)
        try:
            self.runner(self, proxy)
            if any("unheard" in fault or kind in ("uploads", "abort")
                   for _, kind, fault in proxy.applied):
                self.run_late(proxy)
            self.applied, self.seen = list(proxy.applied), list(proxy.seen)
            proxy.reset()
            self.ask_stele()
        except Exception as why:  # pylint: disable=broad-except
            self.wrong.append(f"{type(why).__name__}: {why}")
            self.applied, self.seen = list(proxy.applied), list(proxy.seen)

    def run_late(self, proxy):
        """The store was still at the request that nobody waited for when the next run looked for
        what was left, or that look was spoiled: the run after that one finds it."""
        time.sleep(0.3)
        proxy.rule = None
        run(STELE, "ship", "--archive", self.dir)

    def ask_stele(self):
        conf = self.dir / "stele.conf"  # no fault any more: the server has the time that it needs
        conf.write_text(conf.read_text().replace("timeout = 2s", "timeout = 120s"))
        rows = self.ledger()
        if not rows or any(row["state"] != 1 for row in rows):
            self.wrong.append(f"the ledger does not say shipped: {[dict(r) for r in rows]}")
        done = run(STELE, "ship", "--reconcile", "--output", "json", "--archive", self.dir, ok=False)
        report = json.loads(done.out or "{}")
        if done.returncode or report.get("equal") != len(rows) or report.get("findings"):
            self.wrong.append(f"reconcile: exit {done.returncode} {done.out}{done.words}")
        done = run(STELE, "verify", "--shipped", "--archive", self.dir, ok=False)
        if done.returncode:
            self.wrong.append(f"verify --shipped: exit {done.returncode} {done.out}{done.words}")

    def query(self, sql):
        db = sqlite3.connect(f"file:{self.dir}/archive.db?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def ledger(self):
        return self.query("SELECT key, events, sent_sha256, state FROM object ORDER BY key")

    def settled(self):
        """All events are shipped and sealed, and every seal is put."""
        return self.query(f"""SELECT 1 WHERE
            (SELECT sum(events) FROM object WHERE state = 1 AND seal > 0) = {self.events} AND
            NOT EXISTS (SELECT 1 FROM seal WHERE put_us = 0)""")

    def look(self, folder):
        """At what awscli fetched of the case."""
        base = folder / self.prefix / "data"
        files = {str(p.relative_to(base)): p for p in base.rglob("*") if p.is_file()}
        rows = {row["key"]: row for row in self.ledger()}
        if files.keys() != rows.keys():
            self.wrong.append(f"objects {sorted(files)}, ledger {sorted(rows)}")
        uids = collections.Counter()
        for key, path in files.items():
            data = path.read_bytes()
            if key in rows and hashlib.sha256(data).digest() != rows[key]["sent_sha256"]:
                self.wrong.append(f"{key}: {len(data)} bytes, not those of the ledger")
            uids.update(json.loads(line)["uid"] for line in unpack(path))
        if uids != self.template.uids:
            self.wrong.append(f"{sum((self.template.uids - uids).values())} events missing, "
                              f"{sum((uids - self.template.uids).values())} too many")
        last = self.query("SELECT max(number) AS n FROM seal")[0]["n"] or 0
        wanted = {f"{n:012}.{end}" for n in range(1, last + 1) for end in ("json", "sig")}
        found = {p.name for p in (folder / self.prefix / "stele-digest").rglob("*") if p.is_file()}
        if not wanted or wanted != found:
            self.wrong.append(f"seals {sorted(found)}, wanted {sorted(wanted)}")


def until_shipped(case, proxy):
    """stele ship again and again until it has nothing to complain of."""
    for case.runs in range(1, RUNS_MAX + 1):
        process = subprocess.Popen([STELE, "ship", "--once", "--archive", str(case.dir)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, **case.env})
        proxy.victim = process
        out, words = process.communicate(timeout=LONG_SECONDS)
        proxy.victim = None
        if process.returncode == 0 and not words:
            return
        if process.returncode not in (0, 2, 3, 4, -9):
            raise AssertionError(f"exit {process.returncode}: {out} {words}")
        if process.returncode > 0 and not 1 <= len(words.splitlines()) <= 3:
            raise AssertionError(f"not a clear word: {words}")
    raise AssertionError(f"not shipped after {RUNS_MAX} runs: {out} {words}")


class World:
    """Runs cases, a batch to a bucket, and looks at each bucket from outside."""

    def __init__(self, server, home):
        self.server, self.home = server, home
        self.proxies = [FaultProxy(server.port) for _ in range(WORKERS)]
        self.templates = {}

    def close(self):
        for proxy in self.proxies:
            proxy.close()
        for template in self.templates.values():
            template.archive.remove()

    def template(self, form, codec):
        if (form, codec) not in self.templates:
            self.templates[form, codec] = Template(form, codec)
        return self.templates[form, codec]

    def run(self, test, cases):
        begin = time.monotonic()
        for at in range(0, len(cases), BATCH):
            self.batch(cases[at:at + BATCH])
        seconds = time.monotonic() - begin
        faults = sum(len(case.applied) for case in cases)
        print(f"\n    {len(cases)} cases, {faults} faults, {seconds:.1f} s, "
              f"most runs {max((c.runs for c in cases), default=0)}", flush=True)
        wrong = [case for case in cases if case.wrong]
        words = "".join(f"\n{case}: {case.wrong}\n   faults {case.applied}"
                        f"\n   requests {[s[0] + (' ' + s[2] if s[2] else '') for s in case.seen]}"
                        for case in wrong[:10])
        test.assertEqual(len(wrong), 0, f"{len(wrong)} of {len(cases)} cases:{words}")

    def batch(self, cases):
        bucket = self.server.new_name()
        self.server.aws("s3", "mb", f"s3://{bucket}")
        free = list(self.proxies)

        def one(numbered):
            proxy = free.pop()
            try:
                numbered[1].go(self, bucket, proxy, numbered[0])
            finally:
                free.append(proxy)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(one, enumerate(cases)))
        self.look(bucket, cases)
        self.server.aws("s3", "rb", "--force", f"s3://{bucket}")

    def look(self, bucket, cases):
        folder = self.home / "fetched"
        shutil.rmtree(folder, ignore_errors=True)
        self.server.aws("s3", "cp", "--recursive", "--quiet", f"s3://{bucket}/", folder)
        told = self.server.aws("s3api", "list-multipart-uploads", "--bucket", bucket).out
        left = collections.Counter(upload["Key"].partition("/")[0]
                                   for upload in json.loads(told or "{}").get("Uploads") or [])
        second = self.listed_by_s3cmd(bucket)
        for case in cases:
            case.look(folder)
            if left[case.prefix]:
                case.wrong.append(f"{left[case.prefix]} unfinished uploads are left")
            sizes = {str(p.relative_to(folder)): p.stat().st_size
                     for p in (folder / case.prefix).rglob("*") if p.is_file()}
            if sizes != second.get(case.prefix):
                case.wrong.append(f"s3cmd sees {second.get(case.prefix)}, awscli {sizes}")
            shutil.rmtree(case.dir, ignore_errors=True)

    def listed_by_s3cmd(self, bucket):
        """{case: {key: bytes}}"""
        server = self.server
        config = self.home / "s3cfg"
        config.write_text(f"[default]\naccess_key = {server.access_key}\nsecret_key = "
                          f"{server.secret_key}\nhost_base = 127.0.0.1:{server.port}\nhost_bucket = "
                          f"127.0.0.1:{server.port}\nuse_https = False\nbucket_location = "
                          f"{server.region}\n")
        seen = collections.defaultdict(dict)
        for line in run("s3cmd", "-c", config, "ls", "--recursive", f"s3://{bucket}").out.splitlines():
            _, _, size, url = line.split(None, 3)
            key = url[len(f"s3://{bucket}/"):]
            seen[key.partition("/")[0]][key] = int(size)
        return seen


def scratch():
    """Short-lived copies of archives: in memory where that is possible."""
    import tempfile
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
    return pathlib.Path(tempfile.mkdtemp(prefix="faults-", dir=base))
