"""Replays to syslog receivers over TCP and TLS: a listener of ours that takes frames apart as RFC 6587
and RFC 5425 have them, and OpenSSL's s_server, which knows nothing of us."""
import os
import re
import socket
import ssl
import struct
import subprocess
import threading

from replay_world import archive_with, events, expect_sent, raw, replay, replay_process, tls_context
from stele_tool import LONG_SECONDS, expect, main
from steletest import Certificates, wait_until

HEADER = re.compile(rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([!-~]{1,255}) "
                    rb"([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
                    rb'(-|\[[!-~]+(?: [!-~]+?="(?:[^"\\\]]|\\["\\\]])*")*\]) (.*)', re.S)


def frames_of(data):
    """Whole frames, and what is left over."""
    frames = []
    while match := re.match(rb"([1-9]\d{0,8}) ", data):
        end = match.end() + int(match[1])
        if len(data) < end:
            break
        frames.append(data[match.end():end])
        data = data[end:]
    return frames, data


class Listener:
    """Takes connections one after the other; what each of them brought is in .connections. cuts: after
    so many bytes the first connections are reset. No more than 64 KiB wait to be read: what is there
    and not read when a connection is reset is lost, and its sender cannot know."""

    def __init__(self, context=None, cuts=()):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.port = self.socket.getsockname()[1]
        self.context = context
        self.cuts = list(cuts)
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            data = bytearray()
            self.connections.append(data)
            cut = self.cuts.pop(0) if self.cuts else None
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                while chunk := connection.recv(65536 if cut is None else min(65536, cut - len(data))):
                    data += chunk
                    if cut is not None and len(data) >= cut:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                              struct.pack("ii", 1, 0))
                        break
                connection.close()
            except (OSError, ssl.SSLError):
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def frames(self):
        return [frame for data in self.connections for frame in frames_of(bytes(data))[0]]


def messages(frames):
    found = []
    for frame in frames:
        match = HEADER.fullmatch(frame)
        expect(match, f"not RFC 5424: {frame[:300]}")
        found.append(match)
    return found


def over_tls(place):
    lines = events(700) + [b'{"uid": "h]\\"\\\\", "event": "a b", "time": "2026-11-20T11:00:00Z"}',
                           b'{\n "event": "e", "uid": "newline",\n "time": "2026-11-20T11:00:01Z"}']
    source = archive_with(place, lines)
    certificates = Certificates(place.path("tls"))
    words = ["--ca", certificates.path("ca.crt"), "--cert", certificates.path("client.crt"), "--key",
             certificates.path("client.key")]
    with Listener(tls_context(certificates, client=True)) as listener:
        result = replay(place, source, f"tls://127.0.0.1:{listener.port}", *words)
        expect_sent(result, 702)
        wait_until(lambda: len(listener.frames()) == 702, "all frames are there")
        expect(len(listener.connections) == 1, "more than one connection")
        found = messages(listener.frames())
    expect(b"".join(match[8] + b"\n" for match in found[:700]) == raw(place, source, "--limit", "700"),
           "other messages, or another order")
    first = found[1]
    expect([first[i] for i in (1, 2, 3, 4, 5, 6)] == [
        b"110", b"2026-11-20T00:00:00.5Z", b"c", b"teleport", b"-", b"user.login"], str(first.groups()))
    expect(b'uid="h\\]\\"\\\\"' in found[700][7] and found[700][6] == b"a_b", str(found[700].groups()))
    expect(found[701][8] == b'{  "event": "e", "uid": "newline",  "time": "2026-11-20T11:00:01Z"}', found[701][8])


def without_the_certificate(place):
    source = archive_with(place, events(10))
    certificates = Certificates(place.path("tls"))
    with Listener(tls_context(certificates, client=True)) as listener:
        result = replay(place, source, f"tls://127.0.0.1:{listener.port}", "--ca",
                        certificates.path("ca.crt"))
        expect(result.code == 3 and "--cert" in result.text(), result.text())
    with Listener(tls_context(certificates)) as listener:
        result = replay(place, source, f"tls://127.0.0.1:{listener.port}")
        expect(result.code == 2 and "--ca" in result.text(), result.text())


def connections_that_are_cut(place):
    """In the midst of a post of more than a MiB: it is sent again as a whole."""
    lines = events(5000)
    source = archive_with(place, lines)
    with Listener(cuts=[1000, 60001, 500000]) as listener:
        result = replay(place, source, f"tcp://127.0.0.1:{listener.port}", "--batch-events", 5000,
                        "--batch-bytes", 10000000)
        expect_sent(result, 5000)
        wait_until(lambda: len(listener.frames()) >= 5000, "no event is missing")
        expect([len(data) for data in listener.connections[:3]] == [1000, 60001, 500000],
               str([len(data) for data in listener.connections]))
        frames, rest = frames_of(bytes(listener.connections[3]))
        expect(rest == b"" and [m[8] for m in messages(frames)] == lines, "not all, or not in order")
        expect("trying again" in result.text(), result.text())


def receivers_that_die_between_posts(place):
    """After 5 events, and after 2 more: what they had not read comes again, and so may more."""
    lines = events(40)
    source = archive_with(place, lines)
    with Listener() as listener:
        expect_sent(replay(place, source, f"tcp://127.0.0.1:{listener.port}"), 40)
        wait_until(lambda: len(listener.frames()) == 40, "all frames are there")
        data = bytes(listener.connections[0])
        ends = [data.index(frame) + len(frame) for frame in frames_of(data)[0]]
    with Listener(cuts=[ends[4], ends[1]]) as listener:
        result = replay(place, source, f"tcp://127.0.0.1:{listener.port}", "--batch-events", 1,
                        "--speed", "20/s")
        expect_sent(result, 40)
        wait_until(lambda: {m[8] for m in messages(listener.frames())} == set(lines),
                   "no event is missing")
        expect(len(listener.connections) == 3, f"{len(listener.connections)} connections")


def connections_that_are_closed_between_posts(place):
    """As a receiver does that is told to end, or that has seen nothing for a while: all it had was
    read, and nothing comes twice."""
    lines = events(6)
    source = archive_with(place, lines)
    listener = socket.create_server(("127.0.0.1", 0))
    taken = []

    def run():
        for _ in range(2):
            connection, _ = listener.accept()
            data = b""
            while len(frames_of(data)[0]) < 3:
                data += connection.recv(65536)
            connection.close()
            taken.extend(frames_of(data)[0])

    threading.Thread(target=run, daemon=True).start()
    result = replay(place, source, f"tcp://127.0.0.1:{listener.getsockname()[1]}", "--batch-events", 3,
                    "--speed", "1/s")
    expect_sent(result, 6)
    wait_until(lambda: len(taken) == 6, "all frames are there")
    expect([m[8] for m in messages(taken)] == lines, "not each once in order")
    expect("trying again" not in result.text(), result.text())
    listener.close()


def nobody_listens(place):
    source = archive_with(place, events(10))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    result = replay(place, source, f"tcp://127.0.0.1:{port}", "--retries", 2)
    expect(result.code == 3 and "is it up?" in result.text() and "3 tries" in result.text(),
           result.text())


def frames_that_are_too_long(place):
    lines = events(10)
    lines[4] = lines[4][:-1] + b', "long": "' + b"x" * 9000 + b'"}'
    source = archive_with(place, lines)
    with Listener() as listener:
        result = replay(place, source, f"tcp://127.0.0.1:{listener.port}", "--frame-max", 8192,
                        "--refused", place.path("refused"), "--facility", "local3")
        expect_sent(result, 10, 3)
        wait_until(lambda: len(listener.frames()) == 9, "the others are there")
        expect(all(m[1] == b"158" for m in messages(listener.frames())), "another facility")
    with open(place.path("refused"), "rb") as f:
        expect(f.read() == lines[4] + b"\n", "other bytes")
    with open(place.path("refused.reasons")) as f:
        expect(re.fullmatch(r"\S+\t-\ta syslog message of 9\d\d\d bytes, --frame-max is 8192\n", f.read()),
               "another reason")


def openssl_s_server(place):
    lines = events(500)
    source = archive_with(place, lines)
    certificates = Certificates(place.path("tls"))
    taken = place.path("taken")
    probe = socket.create_server(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    with open(taken, "wb") as f:
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-cert",
             certificates.path("server.crt"), "-key", certificates.path("server.key"), "-CAfile",
             certificates.path("ca.crt"), "-Verify", "1", "-verify_return_error"],
            stdout=f, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        process = replay_process(place, source, f"tls://localhost:{port}", "--retries", 100, "--ca",
                                 certificates.path("ca.crt"), "--cert",
                                 certificates.path("client.crt"), "--key",
                                 certificates.path("client.key"))
        out, err = process.communicate(timeout=LONG_SECONDS)
        expect(process.returncode == 0, err)
        size = sum(len(line) for line in lines)
        wait_until(lambda: os.path.getsize(taken) > size, "s_server has written it")
        wait_until(lambda: len(frames_of(open(taken, "rb").read())[0]) == 500, "all frames")
    finally:
        server.kill()
        server.wait()
    with open(taken, "rb") as f:
        frames, rest = frames_of(f.read())
    expect(rest == b"" and [m[8] for m in messages(frames)] == lines, "other messages, or another order")


main(over_tls, without_the_certificate, connections_that_are_cut,
     receivers_that_die_between_posts, connections_that_are_closed_between_posts, nobody_listens,
     frames_that_are_too_long, openssl_s_server)
