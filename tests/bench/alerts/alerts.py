"""How long until people know: 10,000 streams of one venue go stale at once, with each database.

`feedwatch simulate`, `feedwatch run` as anybody starts it, and a webhook's receiver. At some moment the exchange
stops sending 10,000 of them, while its lines live. Counted is from the moment the condition of the last one became
true (the date of its alert) until all of them are rows and the receiver has been told of all of them, `group_wait`
included. They are one group, so one message. Beside it the processor time feedwatch took, from the silence on: that
of a busy machine is the same.

usage: alerts.py FEEDWATCH [--streams N] [--runs N] [--json | --markdown]
"""

import argparse
import contextlib
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

E2E = Path(__file__).resolve().parents[2] / "e2e"
sys.path[:0] = [str(E2E), str(E2E / "clients")]
from daemons import Feedwatch, Postgres, read, wait_for  # noqa: E402
from simulator import Simulator  # noqa: E402

VENUE = "binance-usdm"
LINES = 100  # more than the streams are spread over
GROUP_WAIT = 1.0  # seconds; longer than the streams of one venue need to go stale one after the other
TARGET = 2.0

CONFIGURATION = """
preset = "tight"

[[venue]]
name = "{venue}"
url = "ws://127.0.0.1:{exchange}"
streams = ["*/mark"]

[store]
url = "{database}"

[alerts]
group_wait = "{group_wait}s"

[log]
level = "warning"

[[sink]]
type = "webhook"
url = "{hook}"
"""


class Hook:
    """A webhook's receiver: when each message came, its group, and how many alerts it speaks of."""

    def __init__(self):
        self.messages = []
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                at = time.time()
                self.send_response(200)
                self.end_headers()
                body = json.loads(text)
                messages.append((at, body["groupKey"], len(body["alerts"]) + body["truncatedAlerts"]))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def alerts(self):
        return sum(alerts for *_, alerts in self.messages)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class SqlitePlace:
    name = "SQLite"

    def __init__(self, folder, stack):
        self.file = folder / "alerts.db"
        self.url = f"sqlite://{self.file}"
        self.connection = None
        stack.callback(lambda: self.connection and self.connection.close())

    def stored(self):
        """(alerts, seconds since 1970 of the last one's date)."""
        self.connection = self.connection or sqlite3.connect(self.file)
        return self.connection.execute(
            "select count(*), max(started_at) / 1e9 from alerts where name = 'price_staleness'").fetchone()


class PostgresPlace:
    name = "PostgreSQL"

    def __init__(self, folder, stack):
        self.server = stack.enter_context(Postgres(folder / "postgres"))
        self.server.create_database()
        self.url = self.server.url

    def stored(self):
        count, last = self.server.psql("select count(*), extract(epoch from max(started_at)) from feedwatch.alerts "
                                       "where name = 'price_staleness'")[0]
        return int(count), float(last or 0)


def all_streams(feedwatch):
    streams, cursor = [], ""
    while cursor is not None:
        page = read(f"{feedwatch.url}/v1/streams?limit=10000{cursor and f'&cursor={cursor}'}")
        streams += page["streams"]
        cursor = page["next_cursor"]
    return streams


def all_healthy(feedwatch, count):
    streams = all_streams(feedwatch)
    return len(streams) == count and all(stream["level"] == "healthy" for stream in streams) and streams


def silenced(streams, wanted):
    """So many symbols, but of each line one goes on: else one alert about the line would speak for all."""
    heard, chosen = set(), []
    for stream in streams:
        if stream["line"] in heard:
            chosen.append(stream["symbol"])
        heard.add(stream["line"])
    if len(chosen) < wanted:
        raise RuntimeError(f"only {len(chosen)} streams beside one for each of {len(heard)} lines")
    return chosen[:wanted]


def all_stored(place, count):
    """(rows, date of the last, seconds since 1970 when they were seen), once they are there."""
    before = time.time()
    stored, last = place.stored()
    return stored >= count and (stored, last, before)


def cpu_seconds(feedwatch):
    fields = Path(f"/proc/{feedwatch.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def silence(exchange, symbols):
    """Right behind the prices of a second, so that all were heard in the same one."""
    time.sleep(1.3 - time.time() % 1)
    for first in range(0, len(symbols), 2000):
        exchange.fault(fault="silent_symbol", symbols=symbols[first:first + 2000])


def run(binary, make_place, count):
    """Seconds from the last condition until all was told and stored, CPU seconds of feedwatch, and messages."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)  # the database's own user goes through it
        place = make_place(folder, stack)
        hook = stack.enter_context(Hook())
        symbols = [f"S{number:05}" for number in range(count + LINES)]
        exchange = stack.enter_context(Simulator(binary, VENUE, symbols, rate=1))
        feedwatch = stack.enter_context(Feedwatch(folder / "feedwatch", binary, CONFIGURATION.format(
            venue=VENUE, exchange=exchange.port, database=place.url, group_wait=GROUP_WAIT, hook=hook.url)))
        healthy = wait_for(lambda: all_healthy(feedwatch, len(symbols)), 60)
        if not healthy:
            raise RuntimeError("the streams do not become healthy")
        silence(exchange, silenced(healthy, count))
        began = cpu_seconds(feedwatch)
        wait_for(lambda: hook.alerts() >= count, 60)
        told = list(hook.messages)
        stored, last, done = wait_for(lambda: all_stored(place, count), 60) or (*place.stored(), 0)
        took = cpu_seconds(feedwatch) - began
        if stored < count or sum(alerts for *_, alerts in told) < count:
            raise RuntimeError(f"{stored} rows and {told} of {count}")
        return max(told[-1][0], done) - last, took, len(told)


def measure(binary, place, count, runs):
    """A row of the table: the median, and the most messages any run needed."""
    seconds, cpu, messages = zip(*(run(binary, place, count) for _ in range(runs)))
    return {"what": f"{count:,} streams of a venue stale at once, {place.name}: stored, grouped, told",
            "seconds": round(statistics.median(seconds), 2), "cpu": round(statistics.median(cpu), 2), "runs": [round(one, 2) for one in seconds],
            "messages": max(messages), "met": statistics.median(seconds) <= TARGET and max(messages) == 1}


def show(rows, markdown):
    if markdown:
        print("| what | product | CPU | messages | target | met |\n|---|---:|---:|---:|---:|---:|")
    for row in rows:
        met = "yes" if row["met"] else "no"
        if markdown:
            print(f"| {row['what']} | {row['seconds']:.2f} s | {row['cpu']:.2f} s | {row['messages']} | ≤ {TARGET:g} s, 1 | {met} |")
        else:
            print(f"{row['what']:<80} {row['seconds']:6.2f} s  CPU {row['cpu']:.2f} s  messages: {row['messages']}  target met: {met}"
                  f"  (runs: {', '.join(f'{one:.2f}' for one in row['runs'])})")


def main():
    options = argparse.ArgumentParser(description="from 10,000 stale streams to the message that tells of them")
    options.add_argument("feedwatch", type=lambda path: str(Path(path).resolve()))
    options.add_argument("--streams", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=5)
    form = options.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    chosen = options.parse_args()
    rows = [measure(chosen.feedwatch, place, chosen.streams, chosen.runs) for place in (SqlitePlace, PostgresPlace)]
    if chosen.json:
        print(json.dumps(rows, indent=1))
    else:
        show(rows, chosen.markdown)
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
