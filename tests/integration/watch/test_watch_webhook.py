"""Hits go to a webhook over HTTPS: signed, in order, tried again until they are taken, at least once
through kill -9, and not to a server that is not trusted."""
import json

from hook_server import SECRET, HookServer
from stele_tool import expect, expect_error, main
from steletest import Certificates, Steled, new_archive, wait_until
from watch_world import LIST, add, bring_in, kept, lists, make_events, run


class World:
    """An archive with hits to come, and a webhook."""

    def __init__(self, place, events=40, **server):
        self.place = place
        self.archive = new_archive(place)
        self.certificates = Certificates(place.path("tls"))
        self.server = HookServer(self.certificates, **server)
        bring_in(place, self.archive, make_events(0, events))
        add(place, self.archive, "feed", LIST)
        self.settings = {
            "index.max_wait": "200ms", "watch.webhook": self.server.url,
            "watch.webhook_secret_file": place.write("secret", SECRET + b"\r\n"),
            "watch.webhook_ca": self.certificates.path("ca.crt"), "watch.webhook_timeout": "1s",
            "watch.retry_max_wait": "300ms"}

    def start(self, **more):
        return Steled(self.archive, None, {**self.settings, **more})

    def hits(self):
        return kept(self.place, self.archive)

    def all_there(self):
        hunted = lists(self.place, self.archive)["lists"][0]["old_events_hunted"]
        rows = self.hits()
        return rows and hunted and len({number for number, _ in self.server.taken}) == len(rows)

    def check(self):
        """Every hit of the archive was taken, and what was taken is what is there."""
        expect(self.server.faults == [], self.server.faults)
        wanted = {(row["indicator"], row["uid"]): row for row in self.hits()}
        found = {}
        for _, body in self.server.taken:
            hit = json.loads(body)
            number = hit.pop("id")
            row = dict(wanted[hit["indicator"], hit["uid"]])
            del row["first_seen"], row["last_seen"]
            expect(hit == row, f"{hit} is not {row}")
            found.setdefault((hit["indicator"], hit["uid"]), set()).add(number)
        expect(set(found) == set(wanted), f"{len(wanted) - len(found)} hits never came")
        expect(all(len(numbers) == 1 for numbers in found.values()), "a hit has one id")


def all_hits_in_order(place):
    world = World(place)
    with world.start() as daemon:
        wait_until(world.all_there, "all hits are taken")
        daemon.wait_for("stele_watch_delivered_total", len(world.hits()))
        wait_until(lambda: daemon.metrics()["stele_watch_waiting"] == 0, "none waits")
    ids = [int(number.rsplit("-", 1)[1]) for number, _ in world.server.taken]
    expect(ids == sorted(ids) and len(ids) == len(set(ids)), "in order, each once")
    world.check()
    world.server.stop()


def tried_until_taken(place):
    world = World(place, answers=[500, "cut", "slow", 503, 429, 301, 404, "cut after", 500, 200, 500])
    with world.start() as daemon:
        wait_until(world.all_there, "all hits are taken")
        # libcurl itself tries again where a connection that was kept alive is cut
        daemon.wait_for("stele_watch_delivery_failures_total", 8)
        daemon.wait_for("stele_watch_delivered_total", len(world.hits()))
        wait_until(lambda: any("redirects are not followed" in line for line in daemon.lines), "said")
    first = [number for number, _ in world.server.tries[:9]]
    expect(len(set(first)) == 1, f"the first one is tried until it is taken: {first}")
    world.check()
    world.server.stop()


def one_that_is_refused_waits_alone(place):
    world = World(place, answers=[422])
    with world.start():
        wait_until(world.all_there, "all hits are taken")
    refused = world.server.tries[0][0]
    expect(world.server.tries[1][0] != refused, "the next one went out")
    expect(refused in [number for number, _ in world.server.taken], "the refused one came later")
    world.check()
    world.server.stop()


def killed_between(place):
    """The daemon dies while hits go out, and the webhook is not there for a while."""
    world = World(place, events=300, pace=0.01)
    port = world.server.server_port
    for number in range(4):
        with world.start() as daemon:
            wait_until(lambda: len(world.server.taken) >= 5 + 20 * number, "some hits are taken")
            daemon.kill()
    taken = world.server.taken
    world.server.stop()
    with world.start() as daemon:  # nobody listens
        daemon.wait_for("stele_watch_delivery_failures_total", 2)
        expect(lists(place, world.archive)["lists"][0]["undelivered"] > 0, "they wait")
        daemon.kill()
    world.server = HookServer(world.certificates, port=port)
    world.server.taken += taken
    with world.start():
        wait_until(world.all_there, "all hits are taken")
        wait_until(lambda: lists(place, world.archive)["lists"][0]["undelivered"] == 0, "and marked")
    expect(len(taken) > 0, "some were taken before the kills")
    print(f"{len(world.server.taken)} posts for {len(world.hits())} hits", flush=True)
    world.check()
    world.server.stop()


def a_stranger_gets_nothing(place):
    world = World(place)
    other = Certificates(place.path("other"))
    with world.start(**{"watch.webhook_ca": other.path("ca.crt")}) as daemon:
        daemon.wait_for("stele_watch_delivery_failures_total", 1)
        wait_until(lambda: any("not trusted" in line for line in daemon.lines), "it is said")
    expect(world.server.tries == [], "no post reached it")
    world.server.stop()


def a_run_delivers_too(place):
    world = World(place)
    lines = "".join(f"{key.split('.')[1]} = {value}\n" for key, value in world.settings.items()
                    if key.startswith("watch."))
    config = place.write("c.conf", "[watch]\n" + lines)
    said = place.stele("watch", "run", "--archive", world.archive, "--config", config)
    expect(said.code == 0 and f"{len(world.hits())} hits delivered, 0 to be delivered" in said.out.decode(),
           said.text())
    world.check()
    expect("0 new hits" in run(place, world.archive), "nothing is left")
    world.server.stop()


def wrong_settings(place):
    archive = new_archive(place)
    secret = place.write("secret", SECRET)
    short = place.write("short", b"0123")
    for settings, words in (
            ({"watch.webhook": "http://example.com/x"}, "https://"),
            ({"watch.webhook": "http://127.0.0.1@example.com/x"}, "https://"),
            ({"watch.webhook": "ftp://x"}, "https://"),
            ({"watch.webhook": "https:///x"}, "https://"),
            ({"watch.webhook": "https://x/"}, "webhook_secret_file"),
            ({"watch.webhook": "https://x/", "watch.webhook_secret_file": short}, "16 bytes"),
            ({"watch.webhook": "https://x/", "watch.webhook_secret_file": "/nosuch"}, "/nosuch"),
            ({"watch.syslog": "yes", "watch.syslog_facility": "kern"}, "kern"),
            ({"watch.webhook_timeout": "1ms"}, "100ms")):
        code, log = Steled(archive, None, settings).fails()
        expect(code == 2 and words in log, f"{settings}: {code}: {log}")
    config = place.write("c.conf", f"[watch]\nwebhook = ftp://x\nwebhook_secret_file = {secret}\n")
    add(place, archive, "feed", LIST)
    expect_error(place.stele("watch", "run", "--archive", archive, "--config", config), 2, "https://")


main(all_hits_in_order, tried_until_taken, one_that_is_refused_waits_alone, killed_between,
     a_stranger_gets_nothing, a_run_delivers_too, wrong_settings)
