"""Captures of OKX and Coinbase, read twice: by `feedwatch decode`, and here by a few lines that know
nothing of it. Both must see the same prices of every stream, in the same order and to the character.
What another protocol of a venue recorded must be refused, with the address found and the one known.

usage: okx_and_coinbase.py FEEDWATCH DATA     exit 77 where DATA holds no captures
FEEDWATCH_DATA, where it is set, is used instead of DATA, as in the other tests.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys

NO_DATA = 77


def parsed(text):
    """Numbers stay the characters they are written in."""
    return json.loads(text, parse_float=str, parse_int=str)


def received(path):
    whole = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
    for line in whole.decode().splitlines():
        record = json.loads(line)
        if record["t"] == "recv":
            yield parsed(record["data"])


def okx(frame):
    if frame.get("arg", {}).get("channel") == "tickers":
        for entry in frame.get("data", []):
            yield entry["instId"], "last", entry["last"]


def coinbase_advanced(frame):
    if frame["channel"] != "ticker":
        return
    for event in frame["events"]:
        for ticker in event["tickers"]:
            yield ticker["product_id"], "last", ticker["price"]
            yield ticker["product_id"], "quote", ticker["best_bid"] + " " + ticker["best_ask"]


READ = {"okx": ("OKX", okx), "coinbase-advanced": ("COINBASE", coinbase_advanced)}

# venue, capture, what decode must say
REFUSED = [
    ("kraken", "KRAKEN", '(WebSocket API v2, wss://ws.kraken.com/v2) among "wss://ws.kraken.com"'),
    ("coinbase", "COINBASE", 'among "wss://advanced-trade-ws.coinbase.com"'),
]


def decode(feedwatch, venue, path):
    return subprocess.run(
        [feedwatch, "decode", "--venue", venue, str(path)], capture_output=True, text=True, check=False
    )


def read_here(venue, path):
    prices = collections.defaultdict(list)
    for frame in received(path):
        for symbol, kind, price in READ[venue][1](frame):
            prices[f"{venue}/{symbol}/{kind}"].append(price)
    return prices


def read_by_decode(feedwatch, venue, path):
    ran = decode(feedwatch, venue, path)
    if ran.returncode != 0:
        raise SystemExit(f"{venue}: decode of {path} ended with {ran.returncode}: {ran.stderr.strip()}")
    prices = collections.defaultdict(list)
    for tick in map(parsed, ran.stdout.splitlines()):
        prices[tick["stream"]].append(" ".join(tick[key] for key in ("price", "bid", "ask") if key in tick))
    return prices


def main(feedwatch, data):
    captures = pathlib.Path(os.environ.get("FEEDWATCH_DATA", data)) / "captures" / "cryptofeed-v3"
    if not captures.is_dir():
        print(f"there is no {captures}")
        return NO_DATA
    wrong = 0
    for venue, (name, _) in READ.items():
        path = captures / f"{name}.jsonl.zst"
        here, there = read_here(venue, path), read_by_decode(feedwatch, venue, path)
        differing = [stream for stream in here.keys() | there.keys() if here.get(stream) != there.get(stream)]
        print(f"{venue}: {sum(map(len, here.values()))} prices of {len(here)} streams, differing: {sorted(differing)}")
        wrong += len(differing) + (0 if here else 1)
    for venue, name, words in REFUSED:
        ran = decode(feedwatch, venue, captures / f"{name}.jsonl.zst")
        refused = ran.returncode == 1 and not ran.stdout and words in ran.stderr
        print(f"{venue}: {name} {'refused' if refused else 'not refused as it should be'}: {ran.stderr.strip()}")
        wrong += 0 if refused else 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
