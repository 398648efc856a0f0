"""stele check: each thing that can be wrong gets its line and its exit code."""
import os
import socket
import subprocess

from stele_tool import by_clock, expect, main


def openssl(*words):
    subprocess.run(["openssl", *words], capture_output=True, check=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def new(place, *words):
    result = place.stele("init", "a", "--host", "localhost", *words)
    expect(result.code == 0, result.text())
    place.receive = free_port()
    settings(place, f"[receive]\nlisten = 127.0.0.1:{place.receive}\n"
                    f"[serve]\nlisten = 127.0.0.1:{free_port()}\n")


def settings(place, text):
    with open(place.path("a/stele.conf"), "a") as f:
        f.write("\n" + text)


def check(place, code, *lines, env=None):
    """Every line is (verdict, what, words...)."""
    result = place.stele("check", "--archive", "a", env=env)
    out = result.out.decode()
    expect(result.code == code, f"exit code {result.code}, not {code}: {result.text()}")
    for verdict, what, *words in lines:
        found = [line for line in out.split("\n")
                 if line.startswith(f"{verdict:5} {what:12}") and all(w in line for w in words)]
        expect(found, f"no line {verdict} {what} {words} in:\n{result.text()}")
    if code == 0:
        expect("FAIL" not in out, out)


def all_is_well(place):
    new(place)
    check(place, 0, ("ok", "configured"), ("ok", "archive"), ("ok", "certificate", "localhost"),
          ("ok", "key"), ("ok", "ca"), ("ok", "client"), ("ok", "receiver", "free"),
          ("ok", "page"), ("ok", "ship", "nothing is shipped"))


def soon_over(place):
    new(place, "--days", "29")
    check(place, 0, ("warn", "certificate", "28 days left"), ("warn", "client"))


@by_clock
def over(place):
    new(place, "--days", "10")
    later = "2000000000000000"
    check(place, 2, ("FAIL", "certificate", "ran out on"), env={"STELE_CLOCK_US": later})
    check(place, 2, ("FAIL", "certificate", "not valid before"),
          env={"STELE_CLOCK_US": "1500000000000000"})


def key_of_another(place):
    new(place)
    os.replace(place.path("a/tls/client.key"), place.path("a/tls/server.key"))
    check(place, 2, ("FAIL", "key", "is not the key of"))


def no_certificate(place):
    new(place)
    os.remove(place.path("a/tls/server.crt"))
    place.write("a/tls/ca.crt", "rubbish")
    check(place, 2, ("FAIL", "certificate", "server.crt"), ("FAIL", "ca", "no PEM certificate"))


def encrypted_key(place):
    new(place)
    tls = place.path("a/tls")
    openssl("ec", "-aes256", "-in", f"{tls}/server.key", "-passout", "pass:secret", "-out",
            f"{tls}/enc.key")
    os.replace(f"{tls}/enc.key", f"{tls}/server.key")
    check(place, 2, ("FAIL", "key", "passphrase"))
    check(place, 0, ("ok", "key"), env={"STELE_KEY_PASSPHRASE": "secret"})
    place.write("a/tls/pass", "secret\n")
    settings(place, "[receive]\nkey_passphrase_file = tls/pass\n")
    check(place, 0, ("ok", "key"))


def one_subject_for_all(place):
    new(place)
    tls = place.path("a/tls")
    for name in ("ca", "leaf"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{tls}/{name}.k")
    openssl("req", "-x509", "-new", "-key", f"{tls}/ca.k", "-subj", "/C=US/CN=localhost", "-days",
            "90", "-out", f"{tls}/ca.crt")
    openssl("req", "-new", "-key", f"{tls}/leaf.k", "-subj", "/C=US/CN=localhost", "-out",
            f"{tls}/leaf.csr")
    openssl("x509", "-req", "-in", f"{tls}/leaf.csr", "-CA", f"{tls}/ca.crt", "-CAkey",
            f"{tls}/ca.k", "-CAcreateserial", "-days", "90", "-out", f"{tls}/server.crt")
    os.replace(f"{tls}/leaf.k", f"{tls}/server.key")
    check(place, 2, ("FAIL", "certificate", "same subject", "13.3.9"))


def another_ca(place):
    new(place)
    expect(place.stele("init", "b", "--host", "localhost").code == 0, "init")
    os.replace(place.path("b/tls/ca.crt"), place.path("a/tls/ca.crt"))
    check(place, 2, ("warn", "certificate", "is not taken as signed"), ("FAIL", "client"))


def address_taken(place):
    new(place)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", place.receive))
        s.listen()
        check(place, 3, ("FAIL", "receiver", "stop what listens there"))


def ship_target(place):
    new(place)
    os.mkdir(place.path("bucket"))
    settings(place, f"[ship]\ntarget = file://{place.path('bucket')}\n")
    check(place, 0, ("ok", "ship", "file://"))
    os.rmdir(place.path("bucket"))
    place.write("bucket", "a file, no directory")
    result = place.stele("check", "--archive", "a")
    expect(result.code in (2, 3) and b"FAIL  ship" in result.out, result.text())


def seals(place):
    """Which key, and where digests go: beside what is shipped, never inside of it."""
    new(place)
    check(place, 0, ("ok", "seal", "key ", "digests stay in the archive"))
    out = place.path("out")
    settings(place, f"[ship]\ntarget = file://{out}/data\n")
    check(place, 0, ("ok", "seal", f"digests to file://{out}/stele-digest/data"))
    settings(place, f"[seal]\ntarget = file://{out}/data/digests\n")
    check(place, 2, ("FAIL", "seal", "is inside of ship.target"))
    settings(place, f"[seal]\nkey = {place.path('a/tls/server.key')}\n")
    check(place, 2, ("FAIL", "seal"))
    os.remove(place.path("a/stele.conf"))
    settings(place, "[receive]\ntls = no\n[ship]\ntarget = s3://bucket\n")
    check(place, 2, ("warn", "seal", "nothing can stand beside ship.target"))


def s3_not_reachable(place):
    new(place)
    settings(place, f"[ship]\ntarget = s3://bucket/prefix\n"
                    f"s3_endpoint = http://127.0.0.1:{free_port()}\ns3_path_style = yes\n"
                    f"s3_access_key_id = a\ns3_secret_access_key = b\ntimeout = 2s\n")
    check(place, 3, ("FAIL", "ship"))


def wrong_setting(place):
    new(place)
    settings(place, "[receive]\nlisen = 127.0.0.1:1\n")
    check(place, 2, ("FAIL", "configured", "stele.conf:", "listen"))


def no_archive(place):
    new(place)
    os.remove(place.path("a/archive.db"))
    check(place, 3, ("FAIL", "archive"))

def modes(place):
    """Whoever else may read a key or a secret, or change what proofs rest on, is told."""
    new(place)
    check(place, 0, ("ok", "files", "nobody else"))
    for name in ("keys/seal.key", "tls/server.key", "tls/ca.key"):
        os.chmod(place.path("a", name), 0o644)
        check(place, 2, ("FAIL", "files", name, "everybody may read", "chmod o-rwx"))
        os.chmod(place.path("a", name), 0o640)
        check(place, 0, ("warn", "files", name, "its group may read"))
        os.chmod(place.path("a", name), 0o600)
    for name in (".", "keys", "tls", "segments", "archive.db", "keys/seal.pub", "tls/ca.crt", "stele.conf"):
        if name == "segments":
            os.makedirs(place.path("a/segments"), 0o700, exist_ok=True)
        before = os.stat(place.path("a", name)).st_mode & 0o777
        os.chmod(place.path("a", name), before | 0o002)
        check(place, 2, ("FAIL", "files", name.strip("."), "everybody may change", "chmod go-w"))
        os.chmod(place.path("a", name), before | 0o020)
        check(place, 2, ("FAIL", "files", name.strip("."), "its group may change"))
        os.chmod(place.path("a", name), before)
    os.chmod(place.path("a"), 0o755)
    check(place, 0, ("warn", "files", "everybody may read it"))
    os.chmod(place.path("a"), 0o700)
    os.chmod(place.path("a/stele.conf"), 0o644)
    check(place, 0, ("ok", "files"))
    settings(place, "[ship]\ns3_secret_access_key = x\n")
    check(place, 0, ("warn", "files", "stele.conf", "the secret in it"))
    os.chmod(place.dir, 0o755)
    os.chmod(place.path("a"), 0o711)
    check(place, 2, ("FAIL", "files", "stele.conf", "the secret in it"))
    settings(place, f"[receive]\nkey_passphrase_file = {place.path('pass')}\n")
    place.write("pass", b"secret\n")
    os.chmod(place.path("a/stele.conf"), 0o600)
    os.chmod(place.path("pass"), 0o666)
    check(place, 2, ("FAIL", "files", "pass", "everybody may change"), ("FAIL", "files", "may read"))


main(all_is_well, modes, soon_over, over, key_of_another, no_certificate, encrypted_key,
     one_subject_for_all, another_ca, address_taken, ship_target, seals, s3_not_reachable, wrong_setting,
     no_archive)
