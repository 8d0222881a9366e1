"""Do published clients get from `feedwatch simulate` what they would get from the exchange?

For each client: a fresh simulator, the client, and between them a relay that keeps what the server sent. What the
client says must be that: its prices, as decimals, are a subsequence of what `feedwatch decode` reads from those
frames, for each symbol and kind. At least 20 messages each. Exit 1 if one disagrees.

usage: check.py FEEDWATCH [--only TEXT]     npm's packages in NODE_PATH
"""

import argparse
import concurrent.futures
import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from packages import version_of
from simulator import Simulator, stop, wait_for
from tap import Tap

HERE = Path(__file__).resolve().parent
WANTED = 20
PATIENCE = 90  # seconds until so many messages

JOINED = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
DASHED = ["BTC-USDT", "ETH-USDT", "SOL-USDT"]
DOLLARS = ["BTC-USD", "ETH-USD", "SOL-USD"]
SLASHED = ["BTC/USD", "ETH/USD", "SOL/USD"]

# client, channel, venue, symbols
CASES = [
    ("ccxt binance", "trades", "binance-spot", JOINED),
    ("ccxt binance", "quotes", "binance-spot", JOINED),
    ("ccxt binanceusdm", "trades", "binance-usdm", JOINED),
    ("ccxt binanceusdm", "quotes", "binance-usdm", JOINED),
    ("ccxt binanceusdm", "mark", "binance-usdm", JOINED),
    ("ccxt bybit linear", "tickers", "bybit-linear", JOINED),
    ("ccxt bybit linear", "quotes", "bybit-linear", JOINED),
    ("ccxt bybit spot", "tickers", "bybit-spot", JOINED),
    ("ccxt bybit spot", "quotes", "bybit-spot", JOINED),
    ("ccxt okx", "tickers", "okx", DASHED),
    ("ccxt okx", "mark", "okx", DASHED),
    ("ccxt kraken", "quotes", "kraken", SLASHED),
    ("ccxt kraken", "trades", "kraken", SLASHED),
    ("ccxt coinbase", "ticker", "coinbase-advanced", DOLLARS),
    ("ccxt coinbaseexchange", "tickers", "coinbase", DOLLARS),
    ("binance", "trades", "binance-spot", JOINED),
    ("binance", "quotes", "binance-spot", JOINED),
    ("binance usdm", "marks", "binance-usdm", JOINED),
    ("binance usdm", "quotes", "binance-usdm", JOINED),
    ("bybit-api linear", "tickers", "bybit-linear", JOINED),
    ("bybit-api linear", "quotes", "bybit-linear", JOINED),
    ("bybit-api spot", "tickers", "bybit-spot", JOINED),
    ("tardis-dev", "quotes", "binance-spot", JOINED),
    ("ccxws", "trades", "binance-spot", JOINED),
]

# What cannot be compared, and why.
SKIPPED = [
    ("ccxt binance", "ticker", "the simulator serves what feedwatch subscribes; `@ticker` (24 h statistics) is not among it"),
    ("ccxt binance", "trades, default", "`@trade`; with options.watchTrades.name = 'aggTrade' it is compared above"),
    ("ccxt kraken", "tickers", "its last price is that of `ticker`, feedwatch's that of `trade`; quotes of the one and trades of the other are compared above"),
    ("ccxt bybit", "trades", "`publicTrade` is not served"),
    ("ccxt okx", "trades, quotes by bbo-tbt", "`trades` is not served, and ccxt has no call that subscribes bbo-tbt alone"),
    ("ccxt coinbase", "tickers, trades", "`ticker_batch` and `market_trades` are not served"),
]


def sent(binary, venue, frames):
    """{(symbol, kind): [value, …]} of a server's frames, a quote's value is (bid, ask); and decode's complaint."""
    done = subprocess.run([binary, "decode", "--venue", venue], input=b"\n".join(frames), capture_output=True, timeout=60)
    values = {}
    for line in done.stdout.splitlines():
        tick = json.loads(line)
        _, _, rest = tick["stream"].partition("/")
        symbol, _, kind = rest.rpartition("/")
        if kind == "quote" and "bid" in tick and "ask" in tick:
            values.setdefault((symbol, kind), []).append((Decimal(tick["bid"]), Decimal(tick["ask"])))
        elif "price" in tick:  # else it says only that the price still holds
            values.setdefault((symbol, kind), []).append(Decimal(tick["price"]))
    return values, done.stderr.decode() if done.returncode else ""


def said(lines):
    """The same of what the client printed."""
    values = {}
    for line in lines:
        message = json.loads(line, parse_float=Decimal, parse_int=Decimal)
        for kind in ("last", "mark", "index"):
            if message.get(kind) is not None:
                values.setdefault((message["symbol"], kind), []).append(Decimal(message[kind]))
        if message.get("bid") is not None and message.get("ask") is not None:
            values.setdefault((message["symbol"], "quote"), []).append((Decimal(message["bid"]), Decimal(message["ask"])))
    return values


def without_repeats(values):
    return [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]


def disagreement(ours, theirs):
    """The first value of a client that was not sent, or not in this order; empty if none."""
    for (symbol, kind), values in theirs.items():
        left = iter(ours.get((symbol, kind), []))
        for i, value in enumerate(without_repeats(values)):
            if not any(value == one for one in left):
                return f"{symbol}/{kind}: message {i + 1} says {show(value)}, which was not sent then"
    return ""


def show(value):
    return " / ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def run_case(binary, case):
    """What was wrong (empty: nothing), and the messages the client printed."""
    client, channel, venue, symbols = case
    with Simulator(binary, venue, symbols) as exchange, tempfile.TemporaryDirectory() as scratch:
        tap = Tap(exchange.port)
        out, err = Path(scratch, "out"), Path(scratch, "err")
        with out.open("wb") as out_file, err.open("wb") as err_file:
            peer = subprocess.Popen(["node", HERE / "client.js", client, channel, str(tap.port), *symbols],
                                    stdout=out_file, stderr=err_file)
            wait_for(lambda: out.read_bytes().count(b"\n") >= WANTED or peer.poll() is not None, PATIENCE)
            stop(peer)
        tap.close()
        lines = out.read_bytes()
        lines = lines[: lines.rfind(b"\n") + 1].splitlines()
        complaint = err.read_text().strip().splitlines()[:1]
    return finding(sent(binary, venue, tap.frames), tap.unreadable, lines, symbols, complaint), lines


def finding(decoded, unreadable, lines, symbols, complaint):
    ours, undecodable = decoded
    theirs = said(lines)
    if len(lines) < WANTED:
        return f"only {len(lines)} messages in {PATIENCE} s{': ' if complaint else ''}{''.join(complaint)}"
    if unreadable:
        return f"the server sent {unreadable}"
    if undecodable:
        return f"feedwatch decode: {undecodable.splitlines()[0]}"
    missing = set(symbols) - {symbol for symbol, _ in theirs}
    if missing:
        return f"no price of {', '.join(sorted(missing))}"
    return disagreement(ours, theirs)


def main():
    options = argparse.ArgumentParser(description="published clients against feedwatch simulate")
    options.add_argument("feedwatch")
    options.add_argument("--only", default="", help="cases whose client or channel holds this text")
    options.add_argument("--jobs", type=int, default=4)
    chosen = options.parse_args()
    cases = [case for case in CASES if chosen.only in f"{case[0]} {case[1]}"]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        runs = [(case, version_of(case[0]) and pool.submit(run_case, chosen.feedwatch, case)) for case in cases]
        for (client, channel, venue, *_), run in runs:
            what = f"{client} {channel} from {venue}"
            if run is None:
                print(f"skip  {what}: its package is not installed")
                continue
            found, lines = run.result()
            wrong += bool(found)
            print(f"{'WRONG' if found else 'ok   '} {what}, {version_of(client)}: {found or f'{len(lines)} messages as sent'}",
                  flush=True)
    for client, channel, why in SKIPPED:
        if chosen.only in f"{client} {channel}":
            print(f"skip  {client} {channel}: {why}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
