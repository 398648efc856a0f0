"""How steled starts and does not start: one line, and the exit code."""
import os
import resource
import socket
import subprocess
import time
import urllib.request

from stele_tool import BIN, LONG_SECONDS, expect, main
from steletest import Steled, event, new_archive


def wrong_use(place):
    def run(*words):
        done = subprocess.run([os.path.join(BIN, "steled"), *words], capture_output=True,
                              timeout=LONG_SECONDS, cwd=place.dir,
                              env={k: v for k, v in os.environ.items() if k != "STELE_ARCHIVE"})
        return done.returncode, done.stderr.decode()

    conf = place.write("conf/stele.conf", "[receive]\ntls = no\n\n[ship]\ncodek = zstd\n")
    cases = [((), 2, "which archive?"),
             (("--archive", "nowhere", "--set", "receive.tls=no"), 3, "nowhere"),
             (("--config", conf), 2, "stele.conf:5: no setting \"ship.codek\"; did you mean"),
             (("--config", "gone.conf"), 3, "gone.conf"),
             (("--archive", ".", "--set", "receive.tls=si"), 2, "receive.tls"),
             (("--archive", "."), 2, "receive.certificate is not set"),
             (("--archive", ".", "--set", "receive.tls=no", "--set", "receive.listen=0.0.0.0:0"),
              2, "not on loopback"),
             (("stray",), 2, "stray"),
             (("--frob",), 2, "unknown option \"--frob\""),
             (("--set", "receive.tls=no") * 256 + ("--archive", "nowhere"), 3, "nowhere"),
             (("--set", "receive.tls=no") * 257 + ("--archive", "."), 2, "more than 256 --set")]
    for words, code, said in cases:
        got, text = run(*words)
        expect(got == code and said in text and text.count("\n") == 1, f"{words}: {got} {text}")
    expect(run("--version")[0] == 0 and run("--help")[0] == 0, "help and version")


def one_at_a_time(place):
    archive = new_archive(place)
    with Steled(archive):
        code, said = Steled(archive).fails()
        expect(code == 3 and "steled" in said, f"{code}: {said}")
    with Steled(archive) as daemon:
        expect(daemon.post(event(1)) == 200, "the lock was not given back")


def port_in_use(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for name in ("receive.listen", "serve.listen"):
            run = Steled(new_archive(place, name), settings={name: f"127.0.0.1:{port}"})
            code, said = run.fails()
            expect(code == 3 and f"{name}: cannot listen on 127.0.0.1:{port}" in said,
                   f"{code}: {said}")


def from_its_file(place):
    """Without options: the archive of the environment and the configuration in it."""
    archive = new_archive(place)
    place.write("archive/stele.conf", "[receive]\ntls = no\nlisten = [::1]:0\n[serve]\nlisten =\n")
    process = subprocess.Popen([os.path.join(BIN, "steled")], stderr=subprocess.PIPE,
                               env={**os.environ, "STELE_ARCHIVE": archive})
    try:
        lines = [process.stderr.readline().decode()]
        while lines[-1] and not lines[-1].startswith("ready:"):
            lines.append(process.stderr.readline().decode())
        expect("ready: events on http://[::1]:" in lines[-1] and "health" not in lines[-1], lines)
    finally:
        process.terminate()
        expect(process.wait(60) == 0, "exit code")


def few_descriptors(place):
    """However many clients come, the archive and the health page keep descriptors to work with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    daemon = Steled(new_archive(place))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with daemon:
        clients = [socket.create_connection((daemon.host, daemon.port)) for _ in range(100)]
        with urllib.request.urlopen(daemon.health + "/healthz", timeout=LONG_SECONDS) as answer:
            expect(answer.status == 200, "health")
        expect(daemon.post(event(1)) == 200, "no descriptor left for a client")
        for client in clients:
            client.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors_cannot_be_had(place):
    """The limit is fixed: fewer connections are taken, and it is said."""
    daemon = subprocess.Popen(
        ["bash", "-c", 'ulimit -n 64 && exec "$0" "$@"', os.path.join(BIN, "steled"),
         "--archive", new_archive(place), "--set", "receive.tls=no",
         "--set", "receive.listen=127.0.0.1:0", "--set", "serve.listen=127.0.0.1:0"],
        stderr=subprocess.PIPE)
    clients = []
    try:
        lines = []
        while not lines or not lines[-1].startswith("ready"):
            lines.append(daemon.stderr.readline().decode())
            expect(lines[-1], lines)
        expect("connections_max" in "".join(lines) and "64" in "".join(lines), lines)
        port = int(lines[-1].split("127.0.0.1:")[1].split(",")[0])
        health = lines[-1].split("health on ")[1].strip()
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        with urllib.request.urlopen(health + "/healthz", timeout=LONG_SECONDS) as answer:
            expect(answer.status == 200, "health")
        where = ("127.0.0.1", int(health.rsplit(":", 1)[1]))
        clients += [socket.create_connection(where) for _ in range(100)]
        before = cpu_seconds(daemon.pid)
        time.sleep(2)
        expect(cpu_seconds(daemon.pid) - before < 1, "accept is called without end")
        for client in clients:
            client.close()
        with urllib.request.urlopen(health + "/healthz", timeout=LONG_SECONDS) as answer:
            expect(answer.status == 200, "health once there is room")
    finally:
        daemon.terminate()
        expect(daemon.wait(60) == 0, "exit code")
        daemon.stderr.close()
        for client in clients:
            client.close()


main(wrong_use, one_at_a_time, port_in_use, from_its_file, few_descriptors,
     descriptors_cannot_be_had)
