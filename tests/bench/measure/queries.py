"""The questions that are put to an archive, and to the raw file by rg. Where both answers can be
read as the same numbers they are compared."""
import csv
import datetime
import io
import json
import re
import shlex

USER = "amara.achterberg@example.com"


class Case:
    """words: after `stele`. shell: the same by rg. read, read_raw: the numbers of an answer; None
    if they are not comparable. check: what rg says is compared instead, when shell looks where stele
    does not. asked_ms: of ten million events. scan: says how many bytes a second too."""

    def __init__(self, name, words, shell=None, read=None, read_raw=None, asked_ms=None,
                 scan=False, new=False, check=None):
        self.name = name
        self.words = words
        self.shell = shell
        self.read = read
        self.read_raw = read_raw or read
        self.asked_ms = asked_ms
        self.scan = scan
        self.new = new  # may not be there yet
        self.check = check


def count(text):
    """A number alone, or one of each file; rg says nothing for none."""
    return [sum(map(int, text.split()))]


def lines(text):
    return [len(text.splitlines())]


def csv_counts(text):
    """The counts of --top in CSV, the highest first."""
    found = []
    for row in csv.reader(io.StringIO(text)):
        numbers = [int(cell) for cell in row if cell.isdigit()]
        found += numbers[:1]
    return sorted(found, reverse=True)[:10]


def uniq_counts(text):
    """The same of `sort | uniq -c`."""
    return sorted((int(line.split()[0]) for line in text.splitlines()), reverse=True)[:10]


def json_histogram(text):
    return [bar["count"] for bar in json.loads(text) if bar["count"]]


def uniq_in_order(text):
    return [int(line.split()[0]) for line in text.splitlines()]


def samples(store):
    """From the middle of the file: a uid, and a hash that no other event has."""
    with open(store.raw, "rb") as file:
        file.seek(store.raw_bytes // 2)
        file.readline()
        uid = json.loads(file.readline())["uid"]
        for line in file:
            found = re.search(rb'"path":"/tmp/([0-9a-f]{12})"', line)
            if found:
                return uid, found.group(1).decode()
    raise SystemExit("bench: too few events to look for anything")


def two_hours(store):
    """In the middle of the time, and the hours as they are written."""
    day = store.first_day + datetime.timedelta(days=store.days // 2)
    hours = "|".join(f'"time":"{day}T{hour}:' for hour in (10, 11))
    return ["--from", f"{day}T10:00:00Z", "--to", f"{day}T12:00:00Z"], hours


def top(name, words, key, file, before="", asked=150):
    """before: the rg that leaves the lines that count."""
    only = f"rg -o '\"{key}\":\"[^\"]*\"'"
    values = f"{before} | {only}" if before else f"{only} {file}"
    return Case(name, ["search", *words, "--top", key, "--limit", "10", "--output", "csv"],
                f"{values} | sort | uniq -c | sort -rn | head -n 10", csv_counts, uniq_counts,
                asked)


def needles(parts, halves):
    """Parts of values, counted in a file that was cut in two, so that rg has two threads' work."""
    files = " ".join(map(shlex.quote, halves))
    cases = []
    for part in parts:
        rg = f"rg -F -c -j 2 -I -e {part} {files}"
        cases.append(Case(f"*{part}*, count", ["search", f"*{part}*", "--count"], rg, count,
                          check=f"cat {files} | rg -F -i -c -e {part}"))
    return cases


def all_cases(store):
    f = shlex.quote(store.raw)
    uid, rare = samples(store)
    window, hours = two_hours(store)
    # Certificates have a user below identity, which is another field.
    users = f"rg -v -F '\"event\":\"cert.create\"' {f}"
    bash = f"rg -w -F bash {f}"  # the rarer word first, or rg is slow at it
    own = f"'\"uid\":\"[^\"]*\",\"user\":\"{USER}\"'"
    return [
        Case("a rare word", ["search", rare, "--output", "raw"], f"rg -w -F {rare} {f}", lines,
             asked_ms=30),
        Case("a uid", ["search", uid, "--output", "raw"], f"rg -F {uid} {f}", lines, asked_ms=30),
        Case("a word that is not there", ["search", "zyzzyva", "--count"],
             f"rg -c -F zyzzyva {f}", count),
        Case("two common words, newest 50",
             ["search", "ubuntu bash", "--limit", "50", "--output", "raw"],
             f"{bash} | rg -w -F ubuntu | tail -n 50", lines, asked_ms=30),
        Case("two common words, count", ["search", "ubuntu bash", "--count"],
             f"{bash} | rg -w -F -c ubuntu", count, asked_ms=100),
        Case("a word of values that repeat, count", ["search", "postgres", "--count"],
             f"rg -c -w postgres {f}", count, asked_ms=100),
        Case("a phrase of the same, count", ["search", '"invalid credentials"', "--count"],
             f"rg -c -F 'invalid credentials' {f}", count, asked_ms=100),
        Case("field = value, count", ["search", "user:" + USER, "--count"],
             f"rg -F '\"user\":\"{USER}\"' {f} | rg -v -c -F '\"event\":\"cert.create\"'", count,
             asked_ms=100),
        Case("field and field, count",
             ["search", f"user:{USER} event:session.command", "--count"],
             f"rg -F '\"event\":\"session.command\"' {f} | rg -c -F '\"user\":\"{USER}\"'", count,
             asked_ms=100),
        Case("field = value within two hours, count", ["search", "user:" + USER, "--count", *window],
             f"rg -F '\"user\":\"{USER}\"' {f} | rg '{hours}' | "
             "rg -v -c -F '\"event\":\"cert.create\"'", count, asked_ms=100),
        Case("histogram of everything, 1h",
             ["search", "*", "--histogram", "1h", "--output", "json"],
             f"rg -o '\"time\":\"[^:]*' {f} | sort | uniq -c", json_histogram, uniq_in_order,
             asked_ms=150),
        top("top 10 users", ["*"], "user", f, users),
        top("top 10 event types", ["*"], "event", f),
        Case("top 10 addresses",
             ["search", "*", "--top", "addr.remote", "--limit", "10", "--output", "csv"],
             f"rg -o '\"addr.remote\":\"[^:\"]*' {f} | sort | uniq -c | sort -rn | head -n 10",
             csv_counts, uniq_counts, asked_ms=150),
        top("top 10 addresses of a text field", ["event:session.network"], "dst_addr", f,
            f"rg -F '\"event\":\"session.network\"' {f}", None),
        top("top 10 of a text field", ["event:session.disk"], "path", f,
            f"rg -F '\"event\":\"session.disk\"' {f}", None),
        Case("a substring, count", ["search", "*chterbe*", "--count"], f"rg -c -F chterbe {f}",
             count, scan=True),
        Case("a substring that is not there, count", ["search", "*-zyzz*", "--count"],
             f"rg -c -F -e -zyzz {f}", count, scan=True),
        Case("addresses in 10.0.0.0/8, count", ["search", "ip:10.0.0.0/8", "--count"],
             f"rg -c '\"10\\.\\d+\\.\\d+\\.\\d+[\":]' {f}", count),
        Case("different users", ["search", "*", "--distinct", "user"],
             f"{users} | rg -o '\"user\":\"[^\"]*\"' | sort -u | wc -l", new=True),
        Case("SQL: count by user",
             ["sql", "SELECT user, count(*) FROM teleport_audit_events GROUP BY user"],
             f"{users} | rg -o {own} | rg -o '\"user\":.*' | sort | uniq -c", new=True),
    ]
