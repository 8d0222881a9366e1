"""Who is measured: feedwatch itself, and other people's clients. Each runs as a process of its own.

A contestant tells, by time.time(): what price came when (`messages`: time and symbol), and when it did
something about a fault (`first_act`; the others do nothing that the exchange cannot see).
"""

import json
import re
import subprocess
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[2] / "e2e" / "clients" / "client.js"
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]


@dataclass(frozen=True)
class Contestant:
    name: str
    venue: str
    what: str  # the kind of feedwatch, the channel of client.js
    package: str = ""  # of npm; empty: feedwatch
    client: str = ""  # its name in client.js
    period: float = 0  # seconds of the channel's cadence; 0: it speaks when something happens


CONTESTANTS = [
    Contestant("feedwatch, clocked (1 s)", "binance-usdm", "mark", period=1),
    Contestant("feedwatch, repeats (3 s)", "bybit-linear", "quote", period=3),
    Contestant("feedwatch, events", "binance-spot", "quote"),
    Contestant("ccxt binance", "binance-spot", "trades", "ccxt", "ccxt binance"),
    Contestant("ccxt bybit", "bybit-linear", "tickers", "ccxt", "ccxt bybit linear"),
    Contestant("binance", "binance-spot", "trades", "binance", "binance"),
    Contestant("bybit-api", "bybit-linear", "tickers", "bybit-api", "bybit-api linear"),
    Contestant("tardis-dev", "binance-spot", "quotes", "tardis-dev", "tardis-dev"),
    Contestant("ccxws", "binance-spot", "trades", "ccxws", "ccxws"),
]


class Run:
    """A process whose output is read line by line in a thread; `_line(now, text)` is told of each."""

    def __init__(self, command, stream):
        self.messages = []
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)
        threading.Thread(target=self._read, args=(getattr(self.process, stream),), daemon=True).start()

    def _read(self, lines):
        for text in lines:
            self._line(time.time(), text)

    def first_act(self, since):
        return None

    def data_since(self, when, symbols):
        """When each of `symbols` had said something after `when`; None: not yet."""
        first = {}
        for at, symbol in list(self.messages):
            if at > when:
                first.setdefault(symbol, at)
        return max(first[s] for s in symbols) if set(symbols) <= set(first) else None


class Peer(Run):
    def __init__(self, contestant, port):
        super().__init__(["node", CLIENT, contestant.client, contestant.what, str(port), *SYMBOLS], "stdout")

    def _line(self, now, text):
        self.messages.append((now, json.loads(text)["symbol"]))


class Feedwatch(Run):
    """The monitor: its log says what it did, its API when prices came."""

    def __init__(self, binary, contestant, port):
        self._acts = []
        self._api = ""
        self._seen = {}
        self._scratch = tempfile.TemporaryDirectory()
        configuration = Path(self._scratch.name, "feedwatch.toml")
        streams = ", ".join(f'"{symbol}/{contestant.what}"' for symbol in SYMBOLS)
        configuration.write_text(f"""preset = "tight"
[api]
listen = "127.0.0.1:0"
[log]
format = "json"
[store]
state_dir = "{self._scratch.name}"
[[venue]]
name = "{contestant.venue}"
url = "ws://127.0.0.1:{port}"
streams = [{streams}]
""")
        super().__init__([binary, "run", "-c", configuration], "stderr")
        threading.Thread(target=self._poll, daemon=True).start()

    def first_act(self, since):
        """The first suspicion, repair or change of a line after `since`."""
        return next((at for at in list(self._acts) if at > since), None)

    def _line(self, now, text):
        entry = json.loads(text)
        said = entry["message"]
        if said.startswith("listening on "):
            self._api = said.removeprefix("listening on ")
        if re.search(r" suspect$| on \S+#\d+$|#\d+ \S+ -> ", said):
            self._acts.append(seconds_of(entry["time"]))

    def _poll(self):
        while self.process.poll() is None:
            time.sleep(0.05)
            if not self._api:
                continue
            try:
                with urllib.request.urlopen(f"{self._api}/v1/streams", timeout=5) as answer:
                    streams = json.load(answer)["streams"]
            except OSError:
                continue
            for stream in streams:
                if stream["last_update"] and stream["last_update"] != self._seen.get(stream["symbol"]):
                    self._seen[stream["symbol"]] = stream["last_update"]
                    self.messages.append((seconds_of(stream["last_update"]), stream["symbol"]))


def seconds_of(text):
    """RFC 3339 in UTC, with any number of digits, as time.time() has it."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


def start(binary, contestant, port):
    return Peer(contestant, port) if contestant.package else Feedwatch(binary, contestant, port)
