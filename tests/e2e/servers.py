"""feedwatch beside the servers it is run with: PostgreSQL, Prometheus and Alertmanager, as Debian has them.

Alerts of a simulated exchange's faults have to arrive in all three as the documentation says, and survive
what happens to servers. One line a check; exit 1 if one is wrong. About two minutes.

usage: servers.py FEEDWATCH [--keep FOLDER]
"""

import argparse
import contextlib
import datetime
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "clients"))
from daemons import Alertmanager, Feedwatch, Postgres, Prometheus, Receiver, ask, wait_for  # noqa: E402
from simulator import Simulator  # noqa: E402

RULES = Path(__file__).resolve().parents[2] / "packaging" / "prometheus" / "feedwatch.rules.yml"
VENUE = "binance-usdm"
RESEND = 2  # seconds; alerts of a dead monitor end after four times that
KEEP_FIRING = 3
QUICKLY = 20  # what a machine that compiles beside us may need for what takes a second
GOES_STALE = 30  # the price's ten seconds, and those

CONFIGURATION = """
preset = "tight"

[[venue]]
name = "{venue}"
url = "ws://127.0.0.1:{exchange}"
streams = ["BTCUSDT/mark", "ETHUSDT/mark", "SOLUSDT/mark"]

[store]
url = "{database}"

[alerts]
group_wait = "1s"
group_interval = "2s"
keep_firing = "{keep_firing}s"
external_url = "http://monitor.example"

[[sink]]
type = "alertmanager"
url = "{alertmanager}"
resend = "{resend}s"
"""


class Checks:
    """What was found, a line each."""

    def __init__(self):
        self.wrong = 0

    def that(self, what, holds, found=""):
        self.wrong += not holds
        detail = f": {found}" if found and not holds else ""
        print(f"{'ok   ' if holds else 'WRONG'} {what}{detail}", flush=True)
        return bool(holds)

    def program(self, what, command, text=None):
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
        said = (done.stdout + done.stderr).strip()
        # promtool tells of bad names and missing help in passing, too
        self.that(what, done.returncode == 0 and (text is None or not said), said[:500])


def seconds_of(text):
    """RFC 3339, with any number of decimals, as seconds since 1970."""
    head, _, decimals = text.rstrip("Z").partition(".")
    whole = datetime.datetime.fromisoformat(head).replace(tzinfo=datetime.UTC).timestamp()
    return whole + float(f"0.{decimals or 0}")


class World:
    """All the servers, and feedwatch beside them."""

    def __init__(self, binary, folder, stack):
        enter = stack.enter_context
        self.check = Checks()
        self.exchange = enter(Simulator(binary, VENUE, ["BTCUSDT", "ETHUSDT", "SOLUSDT"]))
        self.postgres = enter(Postgres(folder / "postgres"))
        self.postgres.create_database()
        self.receiver = enter(Receiver())
        self.alertmanager = enter(Alertmanager(folder / "alertmanager", self.receiver.url))
        self.feedwatch = enter(Feedwatch(folder / "feedwatch", binary, CONFIGURATION.format(
            venue=VENUE, exchange=self.exchange.port, database=self.postgres.url, keep_firing=KEEP_FIRING,
            alertmanager=self.alertmanager.url, resend=RESEND)))
        self.prometheus = enter(Prometheus(folder / "prometheus", f"127.0.0.1:{self.feedwatch.port}", RULES,
                                           f"127.0.0.1:{self.alertmanager.port}"))

    def silence_at_venue(self, symbol):
        """A fault that no repair heals."""
        self.exchange.fault(fault="silent_symbol", symbol=symbol)

    def heal(self):
        self.exchange.fault(clear="all")

    def told(self, symbol, **labels):
        """What Alertmanager holds of our alert about a symbol."""
        return self.alertmanager.alerts(alertname="price_staleness", symbol=symbol, **labels)

    def endings(self, symbol):
        """Alertmanager's own words that our alert is over: (when it said so, alert)."""
        return [(at, alert) for at, alert in self.receiver.told
                if alert["labels"].get("symbol") == symbol and alert["labels"]["alertname"] == "price_staleness"
                and alert["status"] == "resolved" and alert["labels"]["severity"] == "critical"]

    def transitions(self, alert):
        return self.postgres.psql(f"select from_state, to_state from feedwatch.alert_transitions "
                                  f"where alert_id = '{alert}' order by seq")

    def pending_notifications(self):
        return self.postgres.psql("select id from feedwatch.notifications where state <> 'delivered'")


def check_exposition(world):
    check, url = world.check, world.feedwatch.url
    status, text = ask(f"{url}/metrics")
    check.that("/metrics answers", status == 200, text)
    check.program("promtool check metrics: a live scrape", ["promtool", "check", "metrics"], text)
    check.program("promtool check rules", ["promtool", "check", "rules", str(RULES)])
    check.program("promtool test rules", ["promtool", "test", "rules", str(RULES.with_suffix("")) + "_test.yml"])
    prometheus = world.prometheus
    check.program("promtool check config", ["promtool", "check", "config", str(prometheus.folder / "prometheus.yml")])
    up = wait_for(lambda: prometheus.query('up{job="feedwatch"} == 1'), QUICKLY)
    check.that("Prometheus scrapes it", up)
    levels = wait_for(lambda: prometheus.query("feedwatch_stream_level == 0"), QUICKLY)
    check.that("Prometheus has the level of each stream", len(levels) == 3, levels)
    early = prometheus.alert_states("FeedwatchStreamStale")
    check.that("Prometheus alerts of nothing while all is well", not early, early)


def check_alert(world):
    """Until it is critical; PostgreSQL goes away meanwhile. Our own alert."""
    check = world.check
    began = time.time()
    world.silence_at_venue("BTCUSDT")
    warning = wait_for(lambda: world.told("BTCUSDT", severity="warning"), GOES_STALE)
    check.that("Alertmanager has the warning", warning)
    check.that("PostgreSQL stops in the middle", world.postgres.end())
    critical = wait_for(lambda: world.told("BTCUSDT", severity="critical"), GOES_STALE)
    check.that("Alertmanager has the critical one, without the database", critical)
    if not check.that("feedwatch shows it", ours := world.feedwatch.alerts(symbol="BTCUSDT")) or not critical:
        return None
    check_what_was_told(check, critical[0], ours[0], began)
    # The warning's end was told with the rise; Alertmanager drops it at its next look.
    check.that("the warning has ended there, as a severity is a label",
               wait_for(lambda: not world.told("BTCUSDT", severity="warning"), QUICKLY))
    states = world.prometheus.alert_states
    check.that("Prometheus: FeedwatchStreamStale is pending or firing",
               wait_for(lambda: states("FeedwatchStreamStale"), QUICKLY))
    check.that("Prometheus: and then firing", wait_for(lambda: "firing" in states("FeedwatchStreamStale"), GOES_STALE))
    check.that("feedwatch says that the store is down",
               wait_for(lambda: world.alertmanager.alerts(alertname="store_down"), QUICKLY))
    world.postgres.start()
    return ours[0]


def check_what_was_told(check, told, ours, began):
    """Alertmanager's alert is ours."""
    wanted = {"alertname": "price_staleness", "severity": "critical", "venue": VENUE, "symbol": "BTCUSDT", "kind": "mark"}
    labels = dict(told["labels"])
    instance = labels.pop("instance", "")
    check.that("its labels are the alert's", labels == wanted and instance, told["labels"])
    check.that("its summary is the alert's message", f"{VENUE}/BTCUSDT/mark is stale" in told["annotations"].get("summary", ""), told)
    check.that("it links to the alert", told["generatorURL"] == f"http://monitor.example/v1/alerts/{ours['id']}", told)
    starts = seconds_of(told["startsAt"])
    check.that("startsAt is when the condition became true", abs(starts - seconds_of(ours["started_at"])) < 0.001,
               f"{told['startsAt']}, not {ours['started_at']}")
    # degraded 3.5 s after the last price, which came at most a second before the fault
    check.that("which was 2.5 to 4 s after the fault", 2.5 <= starts - began <= 4, f"{starts - began:.2f} s")
    ahead = seconds_of(told["endsAt"]) - seconds_of(told["updatedAt"])
    check.that("endsAt is four resends ahead", 4 * RESEND - 3 < ahead <= 4 * RESEND, f"{ahead:.2f} s")


def check_end(world, ours):
    check = world.check
    check.that("the database is back: store_down ends",
               wait_for(lambda: not any(alert["name"] == "store_down" for alert in world.feedwatch.alerts()),
                        GOES_STALE + KEEP_FIRING))
    world.heal()
    check.that("Alertmanager shows its end", wait_for(lambda: not world.told("BTCUSDT"), GOES_STALE + KEEP_FIRING))
    ended = wait_for(lambda: world.endings("BTCUSDT"), QUICKLY)
    sql = f"select state, extract(epoch from resolved_at) from feedwatch.alerts where id = '{ours['id']}'"
    rows = wait_for(lambda: [row for row in world.postgres.psql(sql) if row[0] == "resolved"], QUICKLY)
    if not check.that("PostgreSQL: the alert is resolved", rows, world.postgres.psql(sql)):
        return
    check.that("and tells it with the moment it ended", ended and
               abs(seconds_of(ended[0][1]["endsAt"]) - float(rows[0][1])) < 0.001, (ended, rows))
    steps = world.transitions(ours["id"])
    check.that("PostgreSQL: its firing, its rise and its end are rows, once each",
               steps == [["pending", "firing"], ["firing", "firing"], ["firing", "resolved"]], steps)
    down = world.postgres.psql("select state, count(*) from feedwatch.alerts where name = 'store_down' group by state")
    check.that("PostgreSQL: so is the alert about itself", down == [["resolved", "1"]], down)
    check.that("PostgreSQL: every notification is delivered",
               wait_for(lambda: not world.pending_notifications(), QUICKLY), world.pending_notifications())
    check.program("feedwatch db check", [world.feedwatch.binary, "db", "check", *world.feedwatch.arguments()])


def check_silence(world):
    """Muted while the silence lasts, told when it is over; the alert goes on."""
    check, feedwatch = world.check, world.feedwatch
    seconds = 12
    status, text = feedwatch.change("/v1/silences", {"matchers": ['symbol="ETHUSDT"'], "for": f"{seconds}s",
                                                     "createdBy": "e2e", "comment": "not now"})
    over = time.time() + seconds
    check.that("a silence is accepted", status == 200, text)
    world.silence_at_venue("ETHUSDT")
    muted = wait_for(lambda: feedwatch.alerts("state=suppressed", symbol="ETHUSDT"), QUICKLY)
    check.that("its alert is open, and silenced by it", muted and
               muted[0]["silenced_by"] == [json.loads(text)["silenceID"]], (muted, feedwatch.alerts()))
    early = wait_for(lambda: time.time() > over - 0.5 or world.told("ETHUSDT"), seconds)
    check.that("Alertmanager is not told while it lasts", early is True, early)
    told = wait_for(lambda: world.told("ETHUSDT"), QUICKLY)
    check.that("and is told when it has expired", told and time.time() >= over - 0.5, told)
    now = feedwatch.alerts(symbol="ETHUSDT")
    check.that("under its first date", told and now and
               abs(seconds_of(told[0]["startsAt"]) - seconds_of(now[0]["started_at"])) < 0.001, (told, now))
    wait_for(lambda: world.told("ETHUSDT", severity="critical"), GOES_STALE)


def check_death(world):
    """kill -9: what it had told ends by itself; a new one goes on with the same alert."""
    check, feedwatch = world.check, world.feedwatch
    before = feedwatch.alerts(symbol="ETHUSDT")
    if not check.that("an alert is open", before):
        return
    feedwatch.end(signal.SIGKILL)
    died = time.time()
    check.that("killed: Alertmanager still has the alert", world.told("ETHUSDT"))
    gone = wait_for(lambda: not world.told("ETHUSDT"), 4 * RESEND + QUICKLY)
    took = time.time() - died
    check.that("which ends there by its endsAt", gone and 2 * RESEND < took < 4 * RESEND + 2, f"after {took:.1f} s")
    check.that("Alertmanager tells that end", wait_for(lambda: world.endings("ETHUSDT"), QUICKLY))
    check.that("Prometheus: FeedwatchDown is pending",
               wait_for(lambda: world.prometheus.alert_states("FeedwatchDown"), QUICKLY))
    feedwatch.start()
    again = wait_for(lambda: world.told("ETHUSDT"), QUICKLY)
    after = feedwatch.alerts(symbol="ETHUSDT")
    check.that("started again: the same alert goes on", after and after[0]["id"] == before[0]["id"], after)
    check.that("Alertmanager has it again, under its first date", again and
               abs(seconds_of(again[0]["startsAt"]) - seconds_of(before[0]["started_at"])) < 0.001, again)
    world.heal()
    ended = wait_for(lambda: not feedwatch.alerts(symbol="ETHUSDT") and not world.told("ETHUSDT"), GOES_STALE + KEEP_FIRING)
    check.that("and ends", ended)
    steps = wait_for(lambda: [one for one in world.transitions(before[0]["id"]) if one[1] == "resolved"], QUICKLY)
    check.that("PostgreSQL: with one end", len(steps) == 1, world.transitions(before[0]["id"]))
    check.that("PostgreSQL: every notification is delivered",
               wait_for(lambda: not world.pending_notifications(), QUICKLY), world.pending_notifications())


def check_all(binary, folder):
    with contextlib.ExitStack() as stack:
        world = World(binary, folder, stack)
        check_exposition(world)
        ours = check_alert(world)
        if ours is not None:
            check_end(world, ours)
            check_silence(world)
            check_death(world)
            alive = world.feedwatch.end()
            world.check.that("feedwatch ends when it is told to", alive)
        return world.check.wrong


def main():
    options = argparse.ArgumentParser(description="feedwatch beside PostgreSQL, Prometheus and Alertmanager")
    options.add_argument("feedwatch", type=lambda path: str(Path(path).resolve()))
    options.add_argument("--keep", type=Path, help="an empty folder for what the servers leave")
    chosen = options.parse_args()
    with contextlib.ExitStack() as stack:
        folder = chosen.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)  # the server's own user goes through it
        return 1 if check_all(chosen.feedwatch, folder.resolve()) else 0


if __name__ == "__main__":
    sys.exit(main())
