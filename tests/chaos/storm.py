#!/usr/bin/env python3
"""kill -9 at random moments while alerts come and go; afterwards every one of them is accounted for.

A simulated exchange whose symbols fall silent and come back, one by one and many at once, whose lines break;
the monitor with a database and a webhook receiver that refuses, stalls and hangs up now and then; and SIGKILL
at random moments, start included. Then the faults end, the monitor runs until nothing is open, and a checker
that shares no code with the product reads the database and the receiver's log (checker.py).
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import checker

SYMBOLS = [f"S{i:02}-USD" for i in range(40)]
# Coinbase, because it allows so many dials: one that counts them over minutes leaves a monitor that dies every
# other second without a line, and rightly so.
VENUE = "coinbase"
# An outage is told when a life has had so long to see data first, and then sees it for so long: a quote is
# degraded at 1.5 s, and what comes late on a busy machine is no finding.
LIMITS = {"settled": 2.0, "told": 3.0}


class Receiver:
    """Keeps what it has accepted: a 200 that was sent, or may have been."""

    def __init__(self, rng):
        self.accepted = []
        self.calm = False
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    lot = 1.0 if receiver.calm else rng.random()
                if lot < 0.05:
                    self.close_connection = True
                    self.connection.close()
                    return
                if lot < 0.20:
                    self.answer(rng.choice([429, 500, 503]))
                    return
                with lock:
                    receiver.accepted.append((self.headers["idempotency-key"], json.loads(body)))
                if lot < 0.25:
                    time.sleep(0.3)
                if 0.25 <= lot < 0.30:  # accepted, and the answer is lost
                    self.close_connection = True
                    self.connection.close()
                    return
                self.answer(200)

            def answer(self, status):
                try:
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except OSError:
                    pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


class Exchange:
    """`feedwatch simulate`, and since when which symbol was silent."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "simulate", "--venue", VENUE, "--symbols", ",".join(SYMBOLS), "--port", "0", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = json.loads(self.process.stdout.readline())
        self.ws_url, self.rest_url = address["ws_url"], address["rest_url"]
        self.outages = []  # (symbol, began, ended), wall time
        self.broken = []  # (began, ended and settled)

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def control(self, fault):
        request = urllib.request.Request(self.rest_url + "/control", json.dumps(fault).encode(), method="POST")
        urllib.request.urlopen(request, timeout=60).read()  # a busy machine is no finding

    def silence(self, symbols, seconds):
        began = time.time()
        self.control({"fault": "silent_symbol", "symbols": symbols, "for": f"{seconds:.3f}s"})
        self.outages += [(symbol, began, began + seconds) for symbol in symbols]

    def break_line(self, seconds):
        began = time.time()
        self.control({"fault": "handshake_status", "status": 503, "for": f"{seconds:.3f}s"})
        self.control({"fault": "close"})
        self.broken.append((began, began + seconds + LIMITS["settled"]))

    def troubled(self, symbol, begin, end):
        return any(name == symbol and began < end - 0.001 and ended > begin for name, began, ended in self.outages)

    def line_broken(self, begin, end):
        return any(began < end and ended > begin for began, ended in self.broken)


class Monitor:
    def __init__(self, program, config, log):
        self.program, self.config, self.log = program, config, log
        self.lives = []  # (began, ended)
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.program, "run", "-c", str(self.config)], stdout=subprocess.DEVNULL,
                                        stderr=self.log, preexec_fn=os.setpgrp)
        self.lives.append([time.time(), None])

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.lives[-1][1] = time.time()
        return code


class Sqlite:
    def __init__(self, directory):
        self.file = directory / "feedwatch.db"
        self.url = f"sqlite://{self.file}"

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    nanoseconds = "{}"
    tables = ""


class Postgres:
    """A server of its own on loopback, run by somebody who is not root."""

    def __init__(self, directory):
        self.directory = directory / "pg"
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.port = free_port()
        if os.geteuid() == 0:
            directory.chmod(0o755)
            subprocess.run(["install", "-d", "-o", "postgres", "-g", "postgres", self.directory], check=True)
        self.run("initdb", "-D", self.directory / "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
                 "--locale=C.UTF-8")
        self.run("pg_ctl", "-D", self.directory / "data", "-w", "-t", "30", "-l", self.directory / "log", "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.directory}", "start")
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program, *arguments):
        command = [str(self.bin / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.run("pg_ctl", "-D", self.directory / "data", "-m", "fast", "stop")

    def rows(self, query):
        command = [str(self.bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-At", "-c",
                   f"select coalesce(json_agg(to_json(r)), '[]') from ({query}) r"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [tuple(row.values()) for row in json.loads(text)]

    nanoseconds = "(extract(epoch from {}) * 1000000000)::bigint"
    tables = "feedwatch."


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configure(directory, exchange, receiver, store, api_port):
    file = directory / "feedwatch.toml"
    file.write_text(f"""
[[venue]]
name = "{VENUE}"
url = "{exchange.ws_url}"
rest_url = "{exchange.rest_url}"
streams = [{", ".join(f'"{symbol}/quote"' for symbol in SYMBOLS)}]
[[policy]]
match = "*"
degraded_after = "1500ms"
stale_after = "2500ms"
[store]
url = "{store.url}"
state_dir = "{directory}"
[api]
listen = "127.0.0.1:{api_port}"
[[sink]]
type = "webhook"
name = "ops"
url = "{receiver.url}"
[watchdog]
enabled = false
[alerts]
group_wait = "200ms"
group_interval = "300ms"
keep_firing = "500ms"
line_down_for = "1s"
retry_first = "50ms"
retry_max = "500ms"
""")
    return file


def storm(exchange, stop, rng):
    while not stop.is_set():
        lot = rng.random()
        if lot < 0.02:
            exchange.break_line(rng.uniform(1, 4))
        elif lot < 0.12:
            exchange.silence(rng.sample(SYMBOLS, rng.randint(5, 25)), rng.uniform(1, 6))
        else:
            exchange.silence([rng.choice(SYMBOLS)], rng.uniform(1, 8))
        stop.wait(rng.uniform(0.05, 0.9))


def lifetime(rng):
    """Now and then it dies while it starts, mostly in the middle of things, sometimes late."""
    return rng.choices([rng.uniform(0, 0.3), rng.uniform(0.3, 1.5), rng.uniform(1.5, 4), rng.uniform(5.5, 9)],
                       [0.25, 0.35, 0.25, 0.15])[0]


def wait_until_quiet(store, api_port, limit):
    end = time.time() + limit
    while time.time() < end:
        time.sleep(0.5)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{api_port}/v1/alerts?open=true", timeout=5) as answer:
                if json.load(answer)["alerts"]:
                    continue
            pending = store.rows(f"select count(*) from {store.tables}notifications where state = 'pending'")
            if pending[0][0] == 0:
                return True
        except (OSError, sqlite3.Error, subprocess.CalledProcessError):
            continue
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", action="store_true", help="leave the directory for a look")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    print(f"seed {args.seed}", flush=True)
    if args.store == "postgres" and not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin")):
        print("skipped: PostgreSQL is not installed (apt-get install postgresql-15)")
        return 77
    directory = pathlib.Path(tempfile.mkdtemp(prefix="feedwatch-storm-"))
    store = Postgres(directory) if args.store == "postgres" else Sqlite(directory)
    exchange, receiver = Exchange(args.program), Receiver(rng)
    api_port = free_port()
    config = configure(directory, exchange, receiver, store, api_port)
    stop = threading.Event()
    calm_too_soon = []
    threading.excepthook = lambda failure: calm_too_soon.append(repr(failure.exc_value))
    weather = threading.Thread(target=storm, args=(exchange, stop, random.Random(args.seed + 1)))
    try:
        with open(directory / "log", "w") as log:
            monitor = Monitor(args.program, config, log)
            weather.start()
            for _ in range(args.kills):
                monitor.start()
                time.sleep(lifetime(rng))
                if monitor.end(signal.SIGKILL) != -signal.SIGKILL:
                    print((directory / "log").read_text()[-2000:])
                    print("the monitor ended by itself")
                    return 1
            stop.set()
            weather.join()
            receiver.calm = True
            monitor.start()
            quiet = wait_until_quiet(store, api_port, 60)
            code = monitor.end(signal.SIGTERM)
        wrong, counts = checker.check(store, receiver.accepted, exchange, monitor.lives, LIMITS)
        wrong += [f"the storm broke off: {failure}" for failure in calm_too_soon]
        if not quiet:
            wrong.append("alerts or notifications were still open a minute after the last fault")
        if code != 0:
            wrong.append(f"the monitor ended with {code} on SIGTERM")
    finally:
        stop.set()
        exchange.end()
        if isinstance(store, Postgres):
            store.stop()
        if args.keep:
            print(directory)
        else:
            subprocess.run(["rm", "-rf", directory], check=False)
    print(f"{args.kills} kills, {len(exchange.outages)} outages, {counts}")
    for line in wrong[:40]:
        print("WRONG", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
