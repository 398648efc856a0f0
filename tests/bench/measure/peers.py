"""Other stores for the same events, where this machine has them: VictoriaLogs as a program on PATH,
and ClickHouse as the module chdb of the Python that runs the bench. Nothing is installed for them.
Each is one process on one folder; a question's time is that of the question alone, without a start."""
import http.client
import importlib.util
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

from measure.queries import USER
from measure.world import size_below

LOAD_S = 1800
MERGE_WAITS = 100
SIZE_TRIES = 20
HERE = os.path.dirname(os.path.abspath(__file__))


class Answer:
    def __init__(self, seconds, cpu_s, out):
        self.seconds = seconds
        self.cpu_s = cpu_s
        self.out = out


class Peer:
    """One that runs: self.process and self.folder."""

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as f:
            return int(re.search(r"VmHWM:\s*(\d+)", f.read()).group(1)) / 1024

    def cpu_s(self):
        """So far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def size(self):
        """Files may go meanwhile, when they are merged."""
        for _ in range(SIZE_TRIES):
            try:
                return size_below(self.folder)
            except FileNotFoundError:
                time.sleep(3)
        raise SystemExit(f"bench: {self.name} does not come to rest")

    def median(self, question, runs):
        """The median time, and the last answer."""
        answers = [self.ask(question) for _ in range(runs)]
        return Answer(statistics.median(each.seconds for each in answers),
                      statistics.median(each.cpu_s for each in answers), answers[-1].out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class VictoriaLogs(Peer):
    """Keeps fields as columns; the bytes of an event do not come back."""
    name = "VictoriaLogs"
    everything = "*"

    @staticmethod
    def program():
        return shutil.which("victoria-logs") or shutil.which("victoria-logs-prod")

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [self.program(), "-storageDataPath", folder, "-httpListenAddr",
             f"127.0.0.1:{self.port}", "-retentionPeriod", "100y", "-futureRetention", "10y",
             "-search.maxQueryDuration", "10m", "-loggerLevel", "ERROR"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.call("/health")
                return
            except OSError:
                time.sleep(0.1)
        self.close()
        raise SystemExit("bench: VictoriaLogs did not start")

    def call(self, path, body=None, discard=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LOAD_S,
                                                blocksize=1 << 20)
        try:
            connection.request("POST" if body else "GET", path, body)
            answer = connection.getresponse()
            text = b""
            if discard:
                while answer.read(1 << 20):
                    pass
            else:
                text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise SystemExit(f"bench: VictoriaLogs: {answer.status} {text[:200]!r} to {path}")
        return text.decode()

    def load(self, raw):
        begun, cpu_s = time.perf_counter(), self.cpu_s()
        with open(raw, "rb") as f:
            self.call("/insert/jsonline?_stream_fields=cluster_name&_time_field=time&_msg_field="
                      "event", f)
        self.call("/internal/force_flush")
        return Answer(time.perf_counter() - begun, self.cpu_s() - cpu_s, "")

    def merge(self):
        """What it would do by and by; its size is that of afterwards."""
        self.call("/internal/force_merge")
        before = None
        for _ in range(MERGE_WAITS):
            if before == (before := (self.size(), round(self.cpu_s(), 1))):
                return
            time.sleep(3)

    def ask(self, question):
        begun, cpu_s = time.perf_counter(), self.cpu_s()
        words = urllib.parse.urlencode({"query": question})
        out = self.call("/select/logsql/query?" + words, discard=question == self.everything)
        return Answer(time.perf_counter() - begun, self.cpu_s() - cpu_s, out)


class ClickHouse(Peer):
    """Some fields as columns, the lines under zstd -3 with a full-text index, in order of time."""
    name = "ClickHouse"
    everything = "SELECT raw FROM events INTO OUTFILE '/dev/null' TRUNCATE FORMAT LineAsString"
    table = """CREATE TABLE events (
        time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(3)), uid UUID, event LowCardinality(String),
        user LowCardinality(String), path String CODEC(ZSTD(3)), raw String CODEC(ZSTD(3)),
        INDEX uids uid TYPE bloom_filter GRANULARITY 1,
        INDEX words raw TYPE text(tokenizer = 'splitByNonAlpha')) ENGINE MergeTree ORDER BY time"""
    rows = """INSERT INTO events SELECT
        parseDateTime64BestEffort(JSONExtractString(line, 'time'), 3, 'UTC'),
        toUUIDOrZero(JSONExtractString(line, 'uid')), JSONExtractString(line, 'event'),
        JSONExtractString(line, 'user'), JSONExtractString(line, 'path'), line
        FROM file('{0}', LineAsString)"""

    @staticmethod
    def program():
        return importlib.util.find_spec("chdb") and sys.executable

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [self.program(), os.path.join(HERE, "chdb_worker.py"), folder], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.read()
        self.ask(self.table)

    def read(self):
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise SystemExit(f"bench: ClickHouse: {answer['error'][:400]}")
        return answer

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.read()
        return Answer(answer["seconds"], answer["cpu_s"], answer["out"])

    def load(self, raw):
        return self.ask(self.rows.format(raw))

    def merge(self):
        self.ask("OPTIMIZE TABLE events FINAL")

    def size(self):
        """Of what is in force: parts that were merged stay for some minutes."""
        return int(self.ask("SELECT sum(bytes_on_disk) FROM system.parts "
                            "WHERE active AND table = 'events'").out)


PEERS = (VictoriaLogs, ClickHouse)


def part_counted(part):
    return (f'*:*"{part}"* | count() n',
            f"SELECT count() FROM events WHERE position(raw, '{part}') > 0")


def peer_questions(uid, rare):
    """The questions of queries.py by their names: for VictoriaLogs, for ClickHouse."""
    words = "hasToken(raw, 'ubuntu') AND hasToken(raw, 'bash')"
    command = f"user = '{USER}' AND event = 'session.command'"
    return {
        "a uid": (f'uid:="{uid}"', f"SELECT raw FROM events WHERE uid = '{uid}'"),
        "a rare word": (f"*:{rare}", f"SELECT raw FROM events WHERE hasToken(raw, '{rare}')"),
        "two common words, newest 50":
            ("*:ubuntu *:bash | sort by (_time) desc limit 50",
             f"SELECT raw FROM events WHERE {words} ORDER BY time DESC LIMIT 50"),
        "two common words, count": ("*:ubuntu *:bash | count() n",
                                    f"SELECT count() FROM events WHERE {words}"),
        "field and field, count": (f'user:="{USER}" _msg:="session.command" | count() n',
                                   f"SELECT count() FROM events WHERE {command}"),
        "top 10 users": ("user:* | top 10 by (user)",
                         "SELECT user, count() AS n FROM events WHERE user != '' GROUP BY user "
                         "ORDER BY n DESC LIMIT 10"),
        "top 10 of a text field": ('_msg:="session.disk" | top 10 by (path)',
                                   "SELECT path, count() AS n FROM events WHERE event = "
                                   "'session.disk' GROUP BY path ORDER BY n DESC LIMIT 10"),
        "histogram of everything, 1h": ("* | stats by (_time:1h) count() n",
                                        "SELECT toStartOfHour(time) AS hour, count() FROM events "
                                        "GROUP BY hour ORDER BY hour"),
        "SQL: count by user": ("* | stats by (user) count() n",
                               "SELECT user, count() FROM events GROUP BY user"),
    }
