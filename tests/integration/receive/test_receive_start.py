"""How steled starts and does not start: one line, and the exit code."""
import os
import socket
import subprocess

from stele_tool import BIN, expect, main
from steletest import Steled, event, new_archive


def wrong_use(place):
    def run(*words):
        done = subprocess.run([os.path.join(BIN, "steled"), *words], capture_output=True,
                              timeout=60, cwd=place.dir,
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
             (("stray",), 2, "stray")]
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
        lines = [process.stderr.readline().decode() for _ in range(2)]
        expect("ready: events on http://[::1]:" in lines[1] and "health" not in lines[1], lines)
    finally:
        process.terminate()
        expect(process.wait(60) == 0, "exit code")


main(wrong_use, one_at_a_time, port_in_use, from_its_file)
