"""A client that behaves as Teleport's event handler: Go's headers, one event a POST, serially on
each connection, bodies of answers never read, the same event again after a failure."""
import json
import socket
import ssl

from end_to_end_world import acked, expect_once, load, raw
from stele_tool import LONG_SECONDS, expect, main
from steletest import Certificates, Steled, event, new_archive, wait_until


def lines(place, archive):
    return raw(place, archive).splitlines()


def run_load(place, connections, *words):
    archive = new_archive(place)
    with Steled(archive, Certificates(place.path("tls"))) as daemon:
        report = load(daemon, "--connections", connections, "--generate", 3000, "--acked",
                      place.path("acked"), *words)
        expect(report["acks"] == 3000 and not report["refused"], f"not all answered 200: {report}")
        expect(report["bodies"] == 0, f"answers with a body: {report}")
        expect(report["handshakes"] == connections and report["losses"] == 0,
               f"a connection did not last: {report}")
        handshakes = daemon.metrics()["stele_tls_handshakes_total"]
        expect(handshakes == connections, f"the daemon counts {handshakes} handshakes")
        wanted = acked(place.path("acked"))
        expect(len(set(wanted)) == 3000, "uids of the load client")
        seen = expect_once(lines(place, archive), wanted, "search beside the daemon")
        expect(len(seen) == 3000, f"{len(seen)} events for 3000")
    expect_once(lines(place, archive), wanted, "search of the closed archive")


def serial(place):
    run_load(place, 1)


def ten_connections(place):
    run_load(place, 10)


def serial_tls12(place):
    run_load(place, 1, "--tls12")


def request(body):
    return (b"POST /test.log HTTP/1.1\r\nHost: localhost:8888\r\nUser-Agent: Go-http-client/1.1\r\n"
            b"Content-Length: %d\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n"
            % len(body)) + body


def raw_connection(daemon):
    plain = socket.create_connection(("127.0.0.1", daemon.port), timeout=LONG_SECONDS)
    return daemon.certificates.context().wrap_socket(plain, server_hostname="localhost")


def gone_before_the_answer(place):
    """The client gives up waiting, closes, and posts the event again on a new connection."""
    archive = new_archive(place)
    with Steled(archive, Certificates(place.path("tls"))) as daemon:
        for number in range(20):
            with raw_connection(daemon) as connection:
                connection.sendall(request(event(number)))
            expect(daemon.post(event(number)) == 200, "the repeated event is answered")
        for number in range(20, 30):  # cut off in the middle: nothing to store yet
            with raw_connection(daemon) as connection:
                connection.sendall(request(event(number))[:-10])
            expect(daemon.post(event(number)) == 200, "the repeated event is answered")
        wanted = [json.loads(event(number))["uid"] for number in range(30)]
        found = lines(place, archive)
        expect(len(expect_once(found, wanted, "search")) == 30, "30 events")
    with Steled(archive, Certificates(place.path("tls")), {"index.max_wait": "1s"}) as daemon:
        wait_until(lambda: daemon.metrics()["stele_inbox_rows"] == 0, "the inbox is empty")
        expect(len(lines(place, archive)) == 30, "30 events after indexing")
        expect(set(lines(place, archive)) == {event(n) for n in range(30)}, "their bytes")


def both_streams(place):
    """session.start and others come in the audit stream and in the session's: stored once."""
    archive = new_archive(place)
    sid = "4d1b4c1a-53c1-4be9-8a66-0f3a52a1c001"
    with Steled(archive, Certificates(place.path("tls")), {"index.max_wait": "1s"}) as daemon:
        for number in range(10):
            expect(daemon.post(event(number, sid=sid)) == 200, "audit")
            expect(daemon.post(event(number, sid=sid), path=f"/session.{sid}.log") == 200,
                   "session")
        expect(len(lines(place, archive)) == 10, "shown once while in the inbox")
        daemon.wait_for("stele_duplicate_total", 10)
        expect(len(lines(place, archive)) == 10, "shown once when indexed")


def closed_by_alert(place):
    """A close_notify right behind the request: the event is stored, the daemon lives."""
    archive = new_archive(place)
    with Steled(archive, Certificates(place.path("tls"))) as daemon:
        connection = raw_connection(daemon)
        connection.sendall(request(event(1)))
        try:
            connection.unwrap().close()
        except (ssl.SSLError, OSError):
            connection.close()
        wait_until(lambda: len(lines(place, archive)) == 1, "the event is there")
        expect(daemon.post(event(2)) == 200, "the daemon goes on")


main(serial, ten_connections, serial_tls12, gone_before_the_answer, both_streams,
           closed_by_alert)
