"""Positions on a real capture, decided twice: by `feedwatch replay --positions`, and here by a few lines that
know nothing of it but the rules as they are documented (docs/reference/protection.md), in decimal arithmetic.

Bybit's BTCUSDT and DOGEUSDT, with twenty-eight seconds cut out of the middle: every decision must be the same, in type,
order, price, stop, target and time, none may be made while nothing comes, and whoever holds the positions must be
told so, and told when it is over.

usage: positions.py FEEDWATCH DATA     exit 77 where DATA holds no captures
"""

import datetime
import decimal
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

decimal.getcontext().prec = 50
D = decimal.Decimal
NO_DATA = 77
LINEAR = "/v5/public/linear"
CUT = (8.0, 36.0)  # seconds after the first message of a ticker
TRAILING = {"activation_percent": "0.0005", "callback_percent": "1.2",
            "steps": ["0.181:0.0006"]}  # fmt: skip
HOUR = 3600
FRESH = 15
MAX_AGE, GRACE, PROGRESSIVE = 3 * HOUR, 8 * HOUR, 20 * HOUR
COMMISSION, LOSS_STEP = D("0.1"), D("0.5")


# ---- the capture -----------------------------------------------------------------------------------


def records_of(path):
    text = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout.decode()
    return [(line, json.loads(line)) for line in text.splitlines()]


def tickers(records):
    """(seconds, symbol, mark price or None) of every ticker message of the linear connections."""
    linear = {record["conn"] for _, record in records
              if record["t"] == "connect" and LINEAR in record["addr"]}  # fmt: skip
    for _, record in records:
        if record["t"] != "recv" or record["conn"] not in linear:
            continue
        frame = json.loads(record["data"])
        if frame.get("topic", "").startswith("tickers."):
            yield record["ts"], frame["data"]["symbol"], frame["data"].get("markPrice")


def cut(records, begin, end):
    return [line for line, record in records if record["t"] != "recv" or not begin < record["ts"] < end]


# ---- the rules ---------------------------------------------------------------------------------------


class Held:
    """One position: told prices and the time, it notes what is to be decided."""

    fresh = FRESH

    def __init__(self, wish, begin):
        self.wish = wish
        self.sign = 1 if wish["side"] == "long" else -1
        self.entry = D(wish["entry_price"])
        self.opened = begin - wish["age"]
        self.decisions = []

    def note(self, at, kind, **fields):
        self.decisions.append((round(at, 3), kind, {name: D(value) for name, value in fields.items()}))

    def better(self, a, b):
        return (a - b) * self.sign > 0


class Trailing(Held):
    """Every proposal is confirmed at once."""

    def __init__(self, wish, begin):
        super().__init__(wish, begin)
        self.peak, self.stop, self.told, self.told_at = self.entry, None, None, None
        self.over = False

    def callback(self):
        profit = (self.peak / self.entry - 1) * self.sign * 100
        profit_of, callback_of = TRAILING["steps"][0].split(":")
        return D(callback_of if profit >= D(profit_of) else TRAILING["callback_percent"])

    def trigger(self, at, price):
        if self.stop is None or self.better(price, self.stop):
            return False
        self.note(at, "triggered", price=price, stop=self.stop)
        self.over = True
        return True

    def on_price(self, at, price):
        if self.over or self.trigger(at, price):
            return
        if self.better(price, self.peak):
            self.peak = price
        activation = self.entry * (1 + self.sign * D(TRAILING["activation_percent"]) / 100)
        if self.stop is None and self.better(activation, self.peak):
            return
        stop = self.peak * (1 - self.sign * self.callback() / 100)
        if self.stop is None or self.better(stop, self.stop):
            self.stop = stop
        if self.trigger(at, price):
            return
        self.propose(at, price)

    def propose(self, at, price):
        if self.told is None:
            self.note(at, "activated", price=price, stop=self.stop)
        else:
            moved = (self.stop / self.told - 1) * self.sign * 100
            if not (moved >= 1 or (moved >= D("0.05") and at - self.told_at >= 30)):
                return
            self.note(at, "stop_moved", price=price, stop=self.stop)
        self.told, self.told_at = self.stop, at

    def on_time(self, at):
        pass

    def phase_ends(self):
        return []


class Aged(Held):
    fresh = 2 * FRESH

    def __init__(self, wish, begin):
        super().__init__(wish, begin)
        self.phase, self.reached, self.exited = "young", False, False

    def phase_ends(self):
        """Moments at which a phase is over: it holds up to and with its last instant."""
        return [self.opened + age for age in (MAX_AGE, MAX_AGE + GRACE, MAX_AGE + GRACE + PROGRESSIVE)]

    def phase_at(self, at):
        names = ["young", "grace", "progressive", "emergency"]
        return names[sum(at > end for end in self.phase_ends())]

    def target(self, at):
        if self.phase == "grace":
            return self.entry * (1 + self.sign * 2 * COMMISSION / 100)
        hours = D(at - self.opened - MAX_AGE - GRACE) / HOUR
        return self.entry * (1 - self.sign * min(hours * LOSS_STEP, D(10)) / 100)

    def on_time(self, at):
        if self.phase_at(at) != self.phase:
            self.phase, self.reached = self.phase_at(at), False
            self.note(at, "phase_change")

    def on_price(self, at, price):
        self.on_time(at)
        self.hold_against(at, price)

    def hold_against(self, at, price):
        if self.phase == "emergency":
            if not self.exited:
                self.note(at, "emergency_exit", price=price)
            self.exited = True
        elif self.phase != "young":
            reached = not self.better(self.target(at), price)
            if reached and not self.reached:
                self.note(at, "target_reached", price=price)
            self.reached = reached


def decide(held, messages, begin):
    """All moments in their order. A price may be acted on for so long after the newest message of its ticker,
    which says that it is unchanged if it names none; that an old one holds again is seen once a second."""
    ends = [end + 1e-6 for end in held.phase_ends() if end >= begin]
    held.on_time(begin)
    heard, last, look = None, None, None
    for at, price in messages:
        moments = [(end, "phase") for end in ends if end < at]
        if look is not None and look < at:
            moments.append((look, "look"))
        for moment, what in sorted(moments):
            if what == "phase":
                ends.remove(moment)
                held.on_time(moment)
            else:
                look = None
                held.on_price(moment, last)
        if price is not None:
            last, look = D(price), None
            held.on_price(at, last)
        elif last is not None and at - heard > held.fresh:
            look = begin + math.ceil(at - begin)
        heard = at
    return held.decisions


# ---- both -------------------------------------------------------------------------------------------

PRICES = {"BTCUSDT": "65117.5", "DOGEUSDT": "0.07055"}
STOPS = ("0", "0.0003", "-0.0004", "-0.15", "-0.18", "-0.3")  # percent its entry lies off that price
AGED = (
    (5 * HOUR, "-0.2"), (5 * HOUR, "-0.1999"), (MAX_AGE - 8, "0"), (MAX_AGE + GRACE - 8, "0.0001"),
    (20 * HOUR, "4"), (40 * HOUR, "0"), (MAX_AGE + GRACE + PROGRESSIVE - 30, "1"),
)  # fmt: skip
LEAD = 3  # seconds the replay begins before the first message


def wishes():
    """What is held: stops of both sides around each symbol's prices, and aged positions of every phase."""
    for symbol, price in PRICES.items():
        for side, sign in (("long", 1), ("short", -1)):
            for number, away in enumerate(STOPS):
                yield {"id": f"{side}-{number}", "symbol": symbol, "side": side, "age": 0,
                       "entry_price": str(D(price) * (1 + sign * D(away) / 100)), "rule": Trailing}  # fmt: skip
            for number, (age, away) in enumerate(AGED):
                yield {"id": f"{side}-aged-{number}", "symbol": symbol, "side": side, "age": age,
                       "entry_price": str(D(price) * (1 + sign * D(away) / 100)), "rule": Aged}  # fmt: skip


def listed(wish, begin):
    opened = datetime.datetime.fromtimestamp(begin - wish["age"], datetime.timezone.utc)
    return {
        "id": wish["id"], "venue": "bybit-linear", "symbol": wish["symbol"], "side": wish["side"],
        "entry_price": wish["entry_price"], "quantity": "1",
        "opened_at": opened.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "trailing": TRAILING if wish["rule"] is Trailing else False, "aged": wish["rule"] is Aged,
    }  # fmt: skip


def replay(feedwatch, lines, held, folder):
    capture, positions = folder / "cut.jsonl", folder / "positions.json"
    capture.write_text("\n".join(lines) + "\n")
    positions.write_text(json.dumps({"ready": True, "positions": held}))
    done = subprocess.run([feedwatch, "replay", str(capture), "--venue", "bybit-linear", "--streams",
                           "BTCUSDT/mark,DOGEUSDT/mark", "--positions", str(positions), "--json"],
                          capture_output=True, check=False, text=True)  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"feedwatch replay: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def seconds_of(text):
    whole, nanos = text.rstrip("Z").split(".")
    at = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return at.timestamp() + int(nanos) / 10 ** len(nanos)


def told(result, wish):
    """As Held.note() has it."""
    found = []
    for row in result["decisions"]:
        if row["symbol"] != wish["symbol"] or row["position"] != wish["id"]:
            continue
        fields = {name: D(row[name]) for name in ("price", "stop") if row[name] is not None}
        found.append((seconds_of(row["decided_at"]), row["type"], fields))
    return found


def is_same(ours, theirs):
    return (len(ours) == len(theirs) and all(
        a[1] == b[1] and abs(a[0] - b[0]) < 0.002 and
        all(abs(a[2][name] - b[2][name]) < D("1e-12") * b[2][name] for name in a[2])
        for a, b in zip(ours, theirs)))  # fmt: skip


def main():
    feedwatch, data = sys.argv[1], pathlib.Path(os.environ.get("FEEDWATCH_DATA", sys.argv[2]))
    path = data / "captures/cryptofeed-v3/BYBIT.jsonl.zst"
    if not path.exists():
        print(f"skipped: needs {path}")
        sys.exit(NO_DATA)
    records = records_of(path)
    start = min(at for at, _, _ in tickers(records))
    lines = cut(records, start + CUT[0], start + CUT[1])
    kept = [(line, json.loads(line)) for line in lines]
    begin = min(record["ts"] for _, record in kept if record["t"] == "recv") - LEAD
    result, wrong = None, 0
    with tempfile.TemporaryDirectory() as folder:
        result = replay(feedwatch, lines, [listed(wish, begin) for wish in wishes()], pathlib.Path(folder))
    kinds = {}
    for wish in wishes():
        held = wish["rule"](wish, begin)
        ours = decide(held, [(at, price) for at, symbol, price in tickers(kept) if symbol == wish["symbol"]], begin)
        theirs = told(result, wish)
        for _, kind, _ in theirs:
            kinds[kind] = kinds.get(kind, 0) + 1
        if not is_same(ours, theirs):
            wrong += 1
            print(f"{wish['symbol']} {wish['id']} from {wish['entry_price']}:\n  here   {ours}\n  replay {theirs}")
    begun, ended = start + CUT[0] + FRESH, start + CUT[1]
    blind = [row for row in result["decisions"] if row["type"] != "phase_change" and
             begun + 0.01 < seconds_of(row["decided_at"]) < ended]  # fmt: skip
    warned = [alert for alert in result["alerts"] if alert["alert"].startswith("position_unprotected{") and
              alert["state"] == "firing" and begun - 1 < seconds_of(alert["at"]) < ended]  # fmt: skip
    print(f"{kinds}; told that they are unprotected: {len(warned)}")
    missing = {"activated", "stop_moved", "triggered", "phase_change", "target_reached", "emergency_exit"} - set(kinds)
    if wrong or blind or missing or len(warned) != len(list(wishes())):
        sys.exit(f"decided otherwise: {wrong}; while nothing came: {blind}; never: {missing}; warned: {len(warned)}")


if __name__ == "__main__":
    main()
