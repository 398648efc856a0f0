"""stele init: what is made, as other programs see it, and what is refused."""
import os
import subprocess

from stele_tool import expect, expect_error, main


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    expect(done.returncode == 0, f"openssl {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def init(place, *words):
    result = place.stele("init", "a", *words)
    expect(result.code == 0, result.text())
    return result


def plain_archive(place):
    result = init(place)
    expect(not os.path.exists(place.path("a/tls")), "no host was given: there is no tls")
    expect(b"stele import" in result.out, result.text())
    expect(place.stats("a")["events"] == 0, "it is empty")
    config = open(place.path("a/stele.conf")).read()
    expect("#listen = 127.0.0.1:8888" in config and "dir = ." in config, config)


def certificates(place):
    init(place, "--host", "stele.example.com", "--host", "203.0.113.9", "--days", "90")
    tls = place.path("a/tls")
    ca = f"{tls}/ca.crt"
    for name, purpose in (("server", "sslserver"), ("client", "sslclient")):
        openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, f"{tls}/{name}.crt")
        text = openssl("x509", "-in", f"{tls}/{name}.crt", "-noout", "-text")
        expect("Digital Signature" in text and "CA:FALSE" in text, text)
    openssl("verify", "-verify_hostname", "stele.example.com", "-CAfile", ca, f"{tls}/server.crt")
    openssl("verify", "-verify_hostname", "localhost", "-CAfile", ca, f"{tls}/server.crt")
    openssl("verify", "-verify_ip", "203.0.113.9", "-CAfile", ca, f"{tls}/server.crt")
    openssl("verify", "-verify_ip", "127.0.0.1", "-CAfile", ca, f"{tls}/server.crt")
    text = openssl("x509", "-in", ca, "-noout", "-text")
    expect("CA:TRUE, pathlen:0" in text and "Certificate Sign, CRL Sign" in text, text)
    expect("prime256v1" in text, text)
    openssl("x509", "-in", ca, "-noout", "-checkend", str(89 * 86400))
    done = subprocess.run(["openssl", "x509", "-in", ca, "-noout", "-checkend", str(91 * 86400)],
                          capture_output=True)
    expect(done.returncode == 1, "90 days are 90 days")


def subjects_and_serials_differ(place):
    init(place, "--host", "localhost")
    seen = set()
    for name in ("ca", "server", "client"):
        out = openssl("x509", "-in", place.path(f"a/tls/{name}.crt"), "-noout", "-subject",
                      "-serial")
        subject, serial = out.strip().split("\n")
        seen.update((subject, serial))
        expect(len(serial) > len("serial=") + 24, serial)
    expect(len(seen) == 6, seen)


def keys(place):
    init(place, "--host", "localhost")
    for name in ("ca", "server", "client"):
        path = place.path(f"a/tls/{name}.key")
        expect(os.stat(path).st_mode & 0o777 == 0o600, f"{path} can be read by others")
        expect(open(path).readline() == "-----BEGIN PRIVATE KEY-----\n", "PKCS#8")
        public = openssl("pkey", "-in", path, "-pubout")
        expect(public == openssl("x509", "-in", place.path(f"a/tls/{name}.crt"), "-noout",
                                 "-pubkey"), "key and certificate belong together")


def handler_files(place):
    init(place, "--host", "2001:db8::1", "--host", "stele.example.com")
    toml = open(place.path("a/teleport/teleport-event-handler.toml")).read()
    tls = os.path.realpath(place.path("a/tls"))
    for line in (f'ca = "{tls}/ca.crt"', f'cert = "{tls}/client.crt"', f'key = "{tls}/client.key"',
                 'url = "https://[2001:db8::1]:8888/events.log"',
                 'session-url = "https://[2001:db8::1]:8888/session"', 'storage = "./storage"',
                 "[forward.fluentd]", "[teleport]", "refresh.enabled = true"):
        expect(line + "\n" in toml, f"{line} is not in {toml}")
    role = open(place.path("a/teleport/teleport-event-handler-role.yaml")).read()
    expect("resources: ['event', 'session']" in role and "kind: user" in role, role)


def nothing_is_written_over(place):
    init(place, "--host", "localhost")
    before = open(place.path("a/tls/ca.key")).read()
    expect_error(place.stele("init", "a", "--host", "localhost"), 3, "archive.db", "there already")
    expect(open(place.path("a/tls/ca.key")).read() == before, "the key is as it was")
    place.write("b/stele.conf", "")
    expect_error(place.stele("init", "b"), 3, "stele.conf", "there already")
    expect(not os.path.exists(place.path("b/archive.db")), "nothing was begun")


def wrong_input(place):
    expect_error(place.stele("init"), 2, "one directory")
    expect_error(place.stele("init", "a", "b"), 2, "one directory")
    expect_error(place.stele("init", "a", "--host", "x:8888"), 2, "x:8888", "without port")
    expect_error(place.stele("init", "a", "--host", "https://x"), 2, "https://x")
    expect_error(place.stele("init", "a", "--host", "x", "--days", "0"), 2, "--days", "36500")
    expect_error(place.stele("init", "a", "--days", "soon"), 2, "--days")
    expect(not os.path.exists(place.path("a")), "nothing was begun")
    place.write("file", "")
    expect_error(place.stele("init", "file/a"), 3, "file")


main(plain_archive, certificates, subjects_and_serials_differ, keys, handler_files,
     nothing_is_written_over, wrong_input)
