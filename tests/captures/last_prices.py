"""Real captures, read twice: by `feedwatch decode`, and here by a few lines that know nothing of it.
For every stream both must see as many prices and end with the same one, to the character, and decode
must meet no error. A venue is added to VENUES: its captures, its connections, how to read a frame.

usage: last_prices.py FEEDWATCH DATA [VENUE…]     exit 77 where DATA holds no captures
FEEDWATCH_DATA, where it is set, is used instead of DATA, as in the other tests.
"""

import collections
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys

NO_DATA = 77


# ---- frames of a capture ---------------------------------------------------------------------------


def lines_of(path):
    if path.suffix == ".zst":
        whole = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
    else:
        whole = gzip.decompress(path.read_bytes())
    return whole.decode().splitlines()


def frames_of(path, address):
    """The texts received on connections whose address matches."""
    if ".jsonl" not in path.name:  # "<nanoseconds> <frame>", one connection
        for line in lines_of(path):
            yield line.split(" ", 1)[1]
        return
    addresses = {}
    for line in lines_of(path):
        record = json.loads(line)
        if record["t"] == "connect":
            addresses[record["conn"]] = record["addr"]
        elif record["t"] == "recv" and re.search(address, addresses.get(record["conn"], "")):
            yield record["data"]


def parsed(text):
    """Numbers stay the characters they are written in."""
    return json.loads(text, parse_float=str, parse_int=str)


# ---- what a frame says: (symbol, kind, price) each, or (symbol, "quote", "bid ask") ----------------


def binance(frame):
    data = frame.get("data", frame)
    if data.get("e") == "aggTrade":
        yield data["s"], "last", data["p"]
    elif data.get("e") == "markPriceUpdate":
        yield data["s"], "mark", data["p"]
        if data.get("i"):
            yield data["s"], "index", data["i"]
    elif frame.get("stream", "").endswith("@bookTicker"):
        yield data["s"], "quote", data["b"] + " " + data["a"]


def bybit(frame):
    topic = frame.get("topic", "")
    data = frame.get("data", {})
    if topic.startswith("tickers."):
        for kind in ("last", "mark", "index"):
            if data.get(kind + "Price"):
                yield data["symbol"], kind, data[kind + "Price"]
    elif topic.startswith("orderbook.1.") and data["b"] and data["a"]:
        yield data["s"], "quote", data["b"][0][0] + " " + data["a"][0][0]


def okx(frame):
    if frame.get("arg", {}).get("channel") == "tickers":
        for entry in frame.get("data", []):
            yield entry["instId"], "last", entry["last"]


def coinbase_advanced(frame):
    if frame["channel"] == "ticker":
        for event in frame["events"]:
            for ticker in event["tickers"]:
                yield ticker["product_id"], "last", ticker["price"]
                yield ticker["product_id"], "quote", ticker["best_bid"] + " " + ticker["best_ask"]


Venue = collections.namedtuple("Venue", "captures address read")

VENUES = {
    "binance-spot": Venue(
        ["cryptofeed-v3/BINANCE.jsonl.zst", "hftbacktest/binance-spot_btcusdt_20240808.gz"],
        r"^wss://stream\.binance\.com[:/]",
        binance,
    ),
    "binance-usdm": Venue(
        ["cryptofeed-v3/BINANCE_FUTURES.jsonl.zst", "hftbacktest/binance-usdm_btcusdt_20230404.dat.gz"],
        r"^wss://fstream\.binance\.com/",
        binance,
    ),
    "bybit-linear": Venue(["cryptofeed-v3/BYBIT.jsonl.zst"], r"/v5/public/linear$", bybit),
    "bybit-spot": Venue(["cryptofeed-v3/BYBIT.jsonl.zst"], r"/v5/public/spot$", bybit),
    "coinbase-advanced": Venue(["cryptofeed-v3/COINBASE.jsonl.zst"], r"^wss://advanced-trade-ws", coinbase_advanced),
    "okx": Venue(["cryptofeed-v3/OKX.jsonl.zst"], r"/ws/v5/public$", okx),
}

# What another protocol of a venue recorded is refused, with the address known and the one found.
REFUSED = [
    ("kraken", "KRAKEN.jsonl.zst", '(WebSocket API v2, wss://ws.kraken.com/v2) among "wss://ws.kraken.com"'),
    ("coinbase", "COINBASE.jsonl.zst", 'among "wss://advanced-trade-ws.coinbase.com"'),
]


# ---- both readings ---------------------------------------------------------------------------------


def read_here(name, venue, path):
    prices = {}
    for text in frames_of(path, venue.address):
        for symbol, kind, price in venue.read(parsed(text)):
            count = prices.get((symbol, kind), (0, ""))[0]
            prices[symbol, kind] = (count + 1, price)
    return {f"{name}/{symbol}/{kind}": told for (symbol, kind), told in prices.items()}


def decode(feedwatch, name, path):
    return subprocess.run([feedwatch, "decode", "--venue", name, str(path)], capture_output=True, text=True, check=False)


def read_by_decode(feedwatch, name, path):
    ran = decode(feedwatch, name, path)
    if ran.returncode != 0:
        raise SystemExit(f"{name}: decode of {path} ended with {ran.returncode}: {ran.stderr.strip()}")
    prices = {}
    for line in ran.stdout.splitlines():
        tick = parsed(line)
        price = " ".join(tick[key] for key in ("price", "bid", "ask") if key in tick)
        if price:
            prices[tick["stream"]] = (prices.get(tick["stream"], (0, ""))[0] + 1, price)
    return prices


def differences(here, there):
    for stream in sorted(here.keys() | there.keys()):
        if here.get(stream) != there.get(stream):
            yield f"{stream}: read here {here.get(stream)}, by decode {there.get(stream)}"


def main(feedwatch, data, *names):
    captures = pathlib.Path(os.environ.get("FEEDWATCH_DATA", data)) / "captures"
    if not captures.is_dir():
        print(f"there is no {captures}")
        return NO_DATA
    wrong = 0
    for name in names or VENUES:
        for file in VENUES[name].captures:
            here = read_here(name, VENUES[name], captures / file)
            found = list(differences(here, read_by_decode(feedwatch, name, captures / file)))
            if not here:
                found.append(f"{file} holds no price of {name}")
            for line in found:
                print(f"{file}: {line}")
            wrong += len(found)
            total = sum(count for count, _ in here.values())
            print(f"{name}: {file}: {total} prices of {len(here)} streams, {len(found)} differ")
    for name, file, words in REFUSED if not names else []:
        ran = decode(feedwatch, name, captures / "cryptofeed-v3" / file)
        if ran.returncode != 1 or ran.stdout or words not in ran.stderr:
            print(f"{name}: {file} is not refused as it should be: {ran.stderr.strip()}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
