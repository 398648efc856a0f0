"""TLS as the event handler and its `configure` have it: certificates, keys, versions, reload."""
import base64
import hashlib
import os
import select
import shutil
import socket
import ssl
import subprocess
import time
import warnings

from stele_tool import LONG_SECONDS, by_clock, expect, main
from steletest import Certificates, Steled, event, new_archive, openssl, wait_until


def refused(daemon, context):
    """True when a POST with this context gets no answer."""
    try:
        connection = daemon.connect(context)
        connection.request("POST", "/test.log", body=event(1))
        connection.getresponse()
        return False
    except (ssl.SSLError, ConnectionError, OSError):
        return True


def mutual(place):
    """With a certificate of the CA only; TLS 1.2 and 1.3, nothing older."""
    certificates = Certificates(place.path("tls"))
    other = Certificates(place.path("other"))
    with Steled(new_archive(place), certificates) as daemon:
        expect(daemon.url.startswith("https://127.0.0.1:"), daemon.url)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            connection = daemon.connect(certificates.context(version=version))
            expect(daemon.post(event(1), connection=connection) == 200, version)
            connection.close()
        der = ssl.PEM_cert_to_DER_cert(open(certificates.path("client.crt")).read())
        rows = daemon.sql("SELECT DISTINCT s.via, s.certificate FROM inbox i"
                          " JOIN source s ON s.id = i.source")
        expect(rows == [("mtls", hashlib.sha256(der).hexdigest())], rows)
        done = daemon.metrics()["stele_tls_handshakes_total"]
        expect(refused(daemon, certificates.context(client=None)), "no client certificate")
        wait_until(lambda: "the client gave no certificate" in daemon.log(), "said so")
        stranger = certificates.context(client=None)
        stranger.load_cert_chain(other.path("client.crt"), other.path("client.key"))
        expect(refused(daemon, stranger), "a certificate of another CA")
        wait_until(lambda: daemon.metrics()["stele_tls_handshake_failures_total"] >= 2, "counted")
        server_only = certificates.context(client="server")
        expect(refused(daemon, server_only), "a certificate that is not for clients")
        warnings.simplefilter("ignore", DeprecationWarning)
        old = certificates.context()
        old.minimum_version = ssl.TLSVersion.TLSv1_1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        expect(refused(daemon, old), "TLS 1.1")
        expect(daemon.metrics()["stele_tls_handshakes_total"] == done, "a refused one is counted")
        expect(len(daemon.sql("SELECT 1 FROM inbox")) == 2, "a refused one was stored")


def asks_for_its_ca(place):
    """The list of CAs has exactly the CA's name: Go answers with a certificate only then."""
    certificates = Certificates(place.path("tls"))
    with Steled(new_archive(place), certificates) as daemon:
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}",
                               "-tls1_2"], input=b"", capture_output=True, timeout=LONG_SECONDS)
        text = done.stdout.decode().split("Acceptable client certificate CA names\n")[1]
        expect(text.startswith("CN = CA\nRequested") or text.startswith("CN = CA\nClient"), text)


def optional_client(place):
    certificates = Certificates(place.path("tls"))
    settings = {"receive.require_client_certificate": "no"}
    with Steled(new_archive(place), certificates, settings) as daemon:
        connection = daemon.connect(certificates.context(client=None))
        expect(daemon.post(event(1), connection=connection) == 200, "not 200")
        rows = daemon.sql("SELECT via, certificate FROM source")
        expect(rows == [("tls", "")], rows)


def one_handshake(place):
    """An event handler: serial posts, answers closed and never read. One handshake in all."""
    certificates = Certificates(place.path("tls"))
    with Steled(new_archive(place), certificates) as daemon:
        plain = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = certificates.context().wrap_socket(plain, server_hostname="localhost")
        for i in range(100):
            body = event(i)
            sock.sendall(b"POST /test.log HTTP/1.1\r\nHost: localhost:8888\r\n"
                         b"User-Agent: Go-http-client/1.1\r\nContent-Length: %d\r\n"
                         b"Content-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n%s"
                         % (len(body), body))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += sock.recv(1)
            expect(head.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"), head)
        metrics = daemon.metrics()
        expect(metrics["stele_tls_handshakes_total"] == 1, "handshakes")
        expect(metrics["stele_received_total"] == 100, "received")
        sock.close()  # without a close_notify
        wait_until(lambda: daemon.metrics()["stele_connections"] == 0, "the connection is gone")
        # A large body comes in many TLS records.
        large = event(1, text="x" * 3_000_000)
        expect(daemon.post(large) == 200, "a large body")
        stored = daemon.sql("SELECT body FROM inbox ORDER BY id DESC LIMIT 1")
        expect(stored == [(large,)], "the large body is not as it was")
        # A ticket spares the next connection the certificates.
        context = certificates.context(version=ssl.TLSVersion.TLSv1_2)
        first = daemon.connect(context)
        expect(daemon.post(event(2), connection=first) == 200, "not 200")
        session = first.sock.session
        again = context.wrap_socket(socket.create_connection(("127.0.0.1", daemon.port)),
                                    server_hostname="localhost", session=session)
        expect(again.session_reused, "the session is not taken up again")
        again.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        expect(again.recv(15) == b"HTTP/1.1 200 OK", "no answer")
        sources = daemon.sql("SELECT DISTINCT certificate FROM source")
        expect(len(sources) == 1 and len(sources[0][0]) == 64, sources)


def post_resuming(daemon, certificates, version, ticket):
    """One POST by openssl s_client, which takes up the session of `ticket` if there is one and
    leaves the newest there. True: the session was resumed; None: no answer."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", version,
             "-CAfile", certificates.path("ca.crt"), "-cert", certificates.path("client.crt"),
             "-key", certificates.path("client.key"), "-sess_out", ticket + ".new", "-ign_eof"]
    words += ["-sess_in", ticket] if os.path.exists(ticket) else []
    body = event(1)
    request = (b"POST /test.log HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
               % (len(body), body))
    said = subprocess.run(words, input=request, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LONG_SECONDS, check=False).stdout
    if b"HTTP/1.1 200 OK" not in said:
        return None
    if os.path.exists(ticket + ".new"):
        shutil.move(ticket + ".new", ticket)
    return b"\nReused, " in said


def resumption(place):
    """A ticket spares the certificates: the source stays the one that showed them. It dies with the
    process and when the CA is read again, and a certificate out of date is asked for again."""
    certificates = Certificates(place.path("tls"))
    archive = new_archive(place)
    for version in ("-tls1_2", "-tls1_3"):
        ticket = place.path("ticket" + version)
        with Steled(archive, certificates) as daemon:
            expect(post_resuming(daemon, certificates, version, ticket) is False, "the first one")
            for _ in range(2):  # also with the ticket that a resumed session was given
                expect(post_resuming(daemon, certificates, version, ticket) is True, version)
            sources = daemon.sql("SELECT DISTINCT via, certificate FROM source")
            expect(len(sources) == 1 and len(sources[0][1]) == 64, sources)
            daemon.signal("SIGHUP")
            wait_until(lambda: "certificates read again" in daemon.log(), "read again")
            expect(post_resuming(daemon, certificates, version, ticket) is False, "before SIGHUP")
        with Steled(archive, certificates) as daemon:
            expect(post_resuming(daemon, certificates, version, ticket) is False, "a process ago")
            expect(post_resuming(daemon, certificates, version, ticket) is True, version)


@by_clock
def tickets_do_not_outlive_certificates(place):
    """By the daemon's clock the client's certificate is still in its dates, or not any more: then it
    is asked for again (and OpenSSL, which has the system's clock, takes it here)."""
    certificates = Certificates(place.path("tls"))
    for version in ("-tls1_2", "-tls1_3"):
        for days, reused in ((1, True), (3, False)):
            ticket = place.path(f"ticket{version}{days}")
            env = {"STELE_CLOCK_US": str(int(time.time() + days * 86400) * 1000000)}
            with Steled(new_archive(place, ticket + ".archive"), certificates, env=env) as daemon:
                expect(post_resuming(daemon, certificates, version, ticket) is False, "the first")
                again = post_resuming(daemon, certificates, version, ticket)
                expect(again is reused, f"{version} after {days} days: {again}")


def encrypt_key(path, passphrase):
    """As `configure` writes it: PKCS#1, Proc-Type: 4,ENCRYPTED. The passphrase as it is."""
    read, write = os.pipe()
    os.write(write, passphrase)
    os.close(write)
    # -passout fd: takes the first line only, so a newline in the passphrase needs Python's own way.
    done = subprocess.run(["openssl", "rsa", "-in", path, "-aes256", "-traditional", "-passout",
                           f"fd:{read}", "-out", path + ".enc"], pass_fds=[read],
                          capture_output=True, timeout=LONG_SECONDS)
    os.close(read)
    expect(done.returncode == 0, done.stderr)
    expect("Proc-Type: 4,ENCRYPTED" in open(path + ".enc").read(), "not the old form")
    return path + ".enc"


def legacy_encrypt(path, passphrase):
    """The old form with any passphrase, a newline in it too: OpenSSL's KDF (MD5) by hand."""
    der = openssl("rsa", "-in", path, "-traditional", "-outform", "DER")
    salt = os.urandom(16)
    key = b""
    block = b""
    while len(key) < 32:
        block = hashlib.md5(block + passphrase + salt[:8]).digest()
        key += block
    sealed = openssl("enc", "-aes-256-cbc", "-K", key[:32].hex(), "-iv", salt.hex(), stdin=der)
    text = base64.encodebytes(sealed).decode().replace("\n", "")
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    out = path + ".newline"
    with open(out, "w") as f:
        f.write("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                f"DEK-Info: AES-256-CBC,{salt.hex().upper()}\n\n{lines}\n"
                "-----END RSA PRIVATE KEY-----\n")
    return out


def rsa_server(certificates):
    """Gives the server an RSA key, as `configure` does."""
    key = certificates.path("server.key")
    make = certificates._key
    certificates._key = lambda name: openssl("genrsa", "-traditional", "-out", key, "2048")
    certificates.sign("server", "serverAuth")
    certificates._key = make
    expect("BEGIN RSA PRIVATE KEY" in open(key).read(), "not PKCS#1")
    return key


def key_forms(place):
    certificates = Certificates(place.path("tls"))
    archive = new_archive(place)
    plain = rsa_server(certificates)
    phrase = "0123456789abcdef" * 4
    old = encrypt_key(plain, phrase.encode())
    # The form made by hand is OpenSSL's own.
    openssl("rsa", "-in", legacy_encrypt(plain, phrase.encode()), "-passin", "pass:" + phrase,
            "-noout")
    newline = legacy_encrypt(plain, phrase.encode() + b"\n")
    pkcs8 = plain + ".p8"
    openssl("pkcs8", "-topk8", "-in", plain, "-out", pkcs8, "-passout", "pass:" + phrase)
    open8 = plain + ".open8"
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", plain, "-out", open8)
    file = place.write("phrase", phrase)
    file_newline = place.write("phrase_newline", phrase + "\n")
    given = "receive.key_passphrase"
    forms = [(plain, {}, {}), (open8, {}, {}), (plain, {given: "needless"}, {})]
    for key in (old, newline, pkcs8):
        forms += [(key, {given: phrase}, {}), (key, {given + "_file": file}, {}),
                  (key, {given + "_file": file_newline}, {}),
                  (key, {}, {"STELE_KEY_PASSPHRASE": phrase}),
                  (key, {}, {"STELE_KEY_PASSPHRASE": phrase + "\n"})]
    for key, settings, env in forms:
        with Steled(archive, certificates, {**settings, "receive.key": key}, env=env) as daemon:
            expect(daemon.post(event(1)) == 200, f"{key} {settings} {env}")
    wrong = [(old, {given: "wrong"}, "does not open"), (pkcs8, {given: "wrong"}, "does not open"),
             (old, {}, "is encrypted: set receive.key_passphrase"),
             (certificates.path("server.crt"), {}, "holds no private key"),
             (certificates.path("client.key"), {}, "does not belong to the certificate"),
             (place.path("nowhere"), {}, "No such file")]
    for key, settings, words in wrong:
        run = Steled(archive, certificates, {**settings, "receive.key": key})
        code, said = run.fails()
        expect(code in (2, 3) and words in said and said.count("\n") == 0, f"{code}: {said}")


def shared_subject(place):
    """Certificates of event handlers before 13.3.9: one subject for all."""
    name = "/C=US/CN=localhost"
    plain = "authorityKeyIdentifier=none\nsubjectKeyIdentifier=none\n"
    certificates = Certificates(place.path("tls"), ca_subject=name)
    archive = new_archive(place)
    server = Certificates(place.path("server"), ca_subject=name)
    server.sign("server", "serverAuth", subject=name, extensions=plain)
    code, said = Steled(archive, server).fails()
    expect(code == 2 and "share one subject" in said and said.count("\n") == 0, f"{code}: {said}")
    certificates.sign("client", "clientAuth", subject=name, extensions=plain)
    with Steled(archive, certificates) as daemon:
        expect(refused(daemon, certificates.context()), "it was taken")
        wait_until(lambda: "share one subject" in daemon.log(), "explained")


def reload(place):
    """SIGHUP: new connections see the new certificate, old ones go on, a bad one changes nothing."""
    certificates = Certificates(place.path("tls"))
    with Steled(new_archive(place), certificates) as daemon:
        held = daemon.connect()
        expect(daemon.post(event(1), connection=held) == 200, "not 200")
        first = held.sock.getpeercert(True)
        with open(certificates.path("server.crt"), "w") as f:
            f.write("nothing")
        daemon.signal("SIGHUP")
        wait_until(lambda: "certificates stay as they were" in daemon.log(), "refused")
        expect(daemon.post(event(2)) == 200, "the old certificate is kept")
        certificates.sign("server", "serverAuth")
        daemon.signal("SIGHUP")
        wait_until(lambda: "certificates read again" in daemon.log(), "read again")
        fresh = daemon.connect()
        expect(daemon.post(event(3), connection=fresh) == 200, "not 200")
        expect(fresh.sock.getpeercert(True) != first, "still the old certificate")
        expect(daemon.post(event(4), connection=held) == 200, "the open connection was dropped")
        expect(daemon.metrics()["stele_received_total"] == 4, "received")


def exchange(sock, data, wanted, late):
    """Sends data and reads `wanted` bytes, in turns on one thread (an SSL connection is not for
    two); reads nothing for the first `late` seconds."""
    busy = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
    start = time.monotonic()
    sock.setblocking(False)
    sent, got = 0, bytearray()
    while len(got) < wanted:
        waits = True
        expect(time.monotonic() - start < LONG_SECONDS, f"answers in time: {len(got)} of {wanted} bytes")
        try:
            if sent < len(data):
                sent += sock.send(data[sent:sent + 65536])
                waits = False
        except busy:
            pass
        try:
            if time.monotonic() - start >= late:
                piece = sock.recv(1 << 20)
                expect(piece, "closed")
                got += piece
                waits = False
        except busy:
            pass
        if waits:
            select.select([sock], [sock] if sent < len(data) else [], [], 0.05)
    return got


def flood(place):
    """All requests at once by a client that reads late: nothing stalls, nothing is lost, over TLS
    (whose records hold more than one request) and without."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
    posts = b"".join(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(e), e)
                     for e in (event(i, text="x" * (i % 700)) for i in range(1000)))
    certificates = Certificates(place.path("tls"))
    for kind in (certificates, None):
        with Steled(new_archive(place, "a" if kind else "b"), kind) as daemon:
            for data, count, late in ((posts, 1000, 0), (b"GET / HTTP/1.1\r\n\r\n" * 40000, 40000, 0.5)):
                connection = daemon.connect(timeout=LONG_SECONDS)
                connection.connect()
                got = exchange(connection.sock, data, count * len(answer), late)
                expect(got == answer * count, "answers")
                connection.close()
            expect(daemon.metrics()["stele_received_total"] == 1000, "received")


def many_at_once(place):
    """All have sent the beginning of their handshake before one is answered; all get through, also
    while another connection keeps the daemon busy."""
    certificates = Certificates(place.path("tls"))
    context = certificates.context()
    with Steled(new_archive(place), certificates) as daemon:
        busy = daemon.connect()
        expect(daemon.post(event(0), connection=busy) == 200, "not 200")
        daemon.signal("SIGSTOP")
        waiting = []
        for _ in range(60):
            sock = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
            sock.setblocking(False)
            tls = context.wrap_socket(sock, server_hostname="localhost",
                                      do_handshake_on_connect=False)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                waiting.append(tls)
        expect(len(waiting) == 60, "a handshake without a server")
        daemon.signal("SIGCONT")
        for number, tls in enumerate(waiting):
            tls.settimeout(LONG_SECONDS)
            tls.do_handshake()
            body = event(number + 1)
            tls.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            expect(daemon.post(event(1000 + number), connection=busy) == 200, "not 200")
        for tls in waiting:
            expect(tls.recv(15) == b"HTTP/1.1 200 OK", "no answer")
            tls.close()
        metrics = daemon.metrics()
        expect(metrics["stele_tls_handshakes_total"] == 61, "handshakes")
        expect(metrics["stele_received_total"] == 121, "received")


def out_of_date(place):
    """A server certificate that has run out is said at the start: only clients notice otherwise."""
    certificates = Certificates(place.path("tls"))
    certificates.sign("server", "serverAuth", days=0)
    wait_until(lambda: subprocess.run(["openssl", "x509", "-checkend", "0", "-noout", "-in",
                                       certificates.path("server.crt")],
                                      capture_output=True).returncode != 0, "it has run out")
    with Steled(new_archive(place), certificates) as daemon:
        expect("out of date" in daemon.log(), daemon.log())
        expect(refused(daemon, certificates.context()), "a client took it")


def records_in_one_piece(place):
    """Many records arrive at once while a request waits for the disk: those that OpenSSL has taken
    in already make no socket readable, and must not be forgotten."""
    certificates = Certificates(place.path("tls"))
    posts = [b"POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n" + b"x" * 900 for _ in range(76)]
    with Steled(new_archive(place), certificates) as daemon:
        sock = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = certificates.context().wrap_bio(incoming, outgoing, server_hostname="localhost")

        def until_done(call):
            while True:
                try:
                    return call()
                except ssl.SSLWantReadError:
                    sock.sendall(outgoing.read())
                    piece = sock.recv(65536)
                    expect(piece, "closed")
                    incoming.write(piece)

        until_done(tls.do_handshake)
        sock.sendall(outgoing.read())
        for count in [*range(60, 77)] * 6:
            for post in posts[:count]:
                tls.write(post)
            sock.sendall(outgoing.read())
            got = b""
            while got.count(b"\r\n\r\n") < count:
                got += until_done(lambda: tls.read(65536))
            expect(got.count(b"HTTP/1.1 200 OK\r\n") == count, "answers")


def not_tls(place):
    certificates = Certificates(place.path("tls"))
    settings = {"receive.request_timeout": "700ms"}
    with Steled(new_archive(place), certificates, settings) as daemon:
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            wait_until(lambda: "speaks plain HTTP" in daemon.log(), "explained")
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS) as sock:
            expect(sock.recv(1) == b"", "a handshake that never comes was not cut")


def curl_posts(place):
    certificates = Certificates(place.path("tls"))
    body = place.write("body", event(1, text="y" * 2_000_000))
    with Steled(new_archive(place), certificates) as daemon:
        done = subprocess.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert",
             certificates.path("ca.crt"), "--cert", certificates.path("client.crt"), "--key",
             certificates.path("client.key"), "-H", "Expect: 100-continue", "--data-binary",
             "@" + body, f"https://localhost:{daemon.port}/test.log"],
            capture_output=True, timeout=LONG_SECONDS)
        expect(done.stdout == b"200", done)


main(mutual, asks_for_its_ca, optional_client, one_handshake, resumption,
     tickets_do_not_outlive_certificates, key_forms, shared_subject, reload,
     flood, many_at_once, out_of_date, records_in_one_piece, not_tls, curl_posts)
