"""Wrong use of `stele replay`: one line that says what to do, and never a secret."""
from replay_world import Lines, WebServer, archive_with, events, expect_sent, replay
from stele_tool import expect, expect_error, main
from steletest import new_archive

URL = "https://h/x"


def wrong_options(place):
    source = archive_with(place, events(3))
    expect_error(place.stele("replay", "--archive", source), 2, "--dest")
    expect_error(place.stele("replay", "--dest", URL, "*"), 2, "which archive")
    for words, text in (
            (("h:1/x",), "--dest"), (("ftp://h/",), "https"), (("https://u:s3cret@h/",), "--login-file"),
            (("http://192.0.2.1/",), "--allow-remote-plain"),
            (("tcp://192.0.2.1",), "use tls://"),
            ((URL, "--as", "json"), "syslog"), ((URL, "--as", "syslog"), "tls://"),
            (("tls://h", "--as", "bulk"), "https://"), (("tls://h", "--index", "x"), "--index"),
            (("tls://h", "--in-flight", "2"), "--in-flight"), ((URL, "--update"), "--update"),
            ((URL, "--batch-events", "2"), "--batch-events"), ((URL, "--in-flight", "257"), "256"),
            ((URL, "--in-flight", "0"), "1 to 256"), ((URL, "--speed", "fast"), "--speed"),
            ((URL, "--speed", "0x"), "--speed"), ((URL, "--timeout", "x"), "--timeout"),
            ((URL, "--retries", "-1"), "--retries"), ((URL, "--retry-wait", "2h"), "--retry-wait"),
            ((URL, "--cert", "c"), "--key"), (("http://localhost/", "--ca", "c"), "--ca"),
            ((URL, "--session-dest", "x"), "--session-dest"),
            ((URL, "--session-dest", "http://192.0.2.1/s"), "--session-dest"),
            (("tls://h", "--facility", "mail"), "--facility"), (("tls://h", "--frame-max", "7"), "480"),
            ((URL, "--from", "x"), "--from"), ((URL, "--from", "now", "--to", "-1d"), "--from"),
            ((URL, "--as", "hec"), "--token-file"), ((URL, "user:("), "query")):
        result = replay(place, source, *words)
        expect_error(result, 2, text)
        expect("s3cret" not in result.text(), result.text())


def wrong_secrets(place):
    source = archive_with(place, events(3))
    two = place.write("two", "s3cret\ns3cret\n")
    expect_error(replay(place, source, URL, "--token-file", place.path("none")), 2, "none")
    expect_error(replay(place, source, URL, "--token-file", two), 2, two, "one line")
    expect_error(replay(place, source, URL, "--login-file", two), 2, two)
    expect_error(replay(place, source, URL, "--header-file", two), 2, two + ":1")
    for name in ("STELE_REPLAY_TOKEN", "STELE_REPLAY_LOGIN"):
        result = replay(place, source, URL, env={name: "s3cret\x01"})
        expect_error(result, 2, name)
        expect("s3cret" not in result.text(), result.text())


def nothing_to_send(place):
    empty = new_archive(place)
    for options in ([], ["--dry-run"]):
        result = replay(place, empty, URL, *options)
        expect(result.code == 1 and result.err == b"the archive has no events yet\nno event to send\n", result.text())
    expect_error(replay(place, place.path("nowhere"), URL), 3, "nowhere")


def plain_where_it_is_allowed(place):
    """The name is not looked up before it is allowed."""
    source = archive_with(place, events(3))
    result = replay(place, source, "http://nobody.invalid/", "--allow-remote-plain", "--retries", 0)
    expect(result.code == 3 and "no address for nobody.invalid" in result.text(), result.text())


def plain_goes_by_no_proxy(place):
    """What is not encrypted stays on this machine, whatever the environment says of proxies."""
    source = archive_with(place, events(3))
    receiver = Lines()
    with WebServer(receiver) as server:
        expect_sent(replay(place, source, server.url + "/x", "--as", "ndjson", "--retries", 0,
                           env={"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}),
                    3)


main(wrong_options, wrong_secrets, nothing_to_send, plain_where_it_is_allowed,
     plain_goes_by_no_proxy)
