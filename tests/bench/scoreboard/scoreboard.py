"""What feedwatch and other people's clients notice, and when: one fault, one client, one fresh simulator a cell.

Three symbols, ten updates a second each. Once every symbol has data the fault is injected; then

  noticed   the client's next dial or subscription, as the exchange counts them; of feedwatch: the first
            suspicion, repair or change of a line in its log
  data      the first price after that of every symbol the fault took away
  dials     connections tried within the window

usage: scoreboard.py FEEDWATCH [--seconds N] [--only TEXT] [--jobs N] [--json]
npm's packages are found by NODE_PATH; whose package is missing is left out. Exit 1 if feedwatch misses a target.
"""

import argparse
import concurrent.futures
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e" / "clients"))
from contestants import CONTESTANTS, SYMBOLS, start  # noqa: E402
from packages import version_of  # noqa: E402
from relay import Relay  # noqa: E402
from simulator import Simulator, stop, wait_for  # noqa: E402

FAULTS = {
    "half_open": "half-open: no data, no pong, no FIN",
    "silent": "pongs, no data",
    "one_silent": "1 of 3 symbols silent",
    "rst": "RST",
    "flap": "closed at once, every time",
    "unanswered": "upgrade never answered",
}
LIMIT = {"binance": 300, "bybit": 500}  # connections in five minutes that the venue allows
SHARE = 5  # feedwatch keeps to a fifth of it
STOOD = {"rst": 35}  # seconds connections have stood before the fault; feedwatch calls one of 30 s stable
STOOD_ELSE = 3  # further lines open up to two seconds later
STEP = 0.05  # seconds between looks at the exchange: no dial is seen sooner


@dataclass
class Cell:
    contestant: str
    fault: str
    noticed: float | None = None
    data: float | None = None
    dials: int = 0
    retried: float | None = None  # from the first dial after the fault to the next one
    error: str = ""
    target: str = ""
    missed: bool = False


def limit_of(contestant):
    return LIMIT[contestant.venue.partition("-")[0]]


def inject(fault, exchange, relay):
    """Returns the symbols the fault takes away."""
    if fault == "half_open":
        exchange.fault(fault="half_open")
    elif fault == "silent":
        exchange.fault(fault="silent_all", heals="on_resubscribe")
    elif fault == "one_silent":
        exchange.fault(fault="silent_symbol", symbol=SYMBOLS[-1], heals="on_resubscribe")
        return SYMBOLS[-1:]
    elif fault == "rst":
        relay.reset()
    else:
        exchange.fault(fault="accept_then_close" if fault == "flap" else "upgrade_never_answered")
        exchange.fault(fault="close")
    return SYMBOLS


def watch(run, exchange, since, lost, seconds, cell):
    """Fills the cell. Ends early when data are back, except where dials are what counts."""
    base = exchange.before
    dials = []
    act = noticed = None
    while time.time() < since + seconds:
        time.sleep(STEP)
        counters = exchange.control()["counters"]
        now = time.time()
        dials += [now] * (counters["dials"] - base["dials"] - len(dials))
        if counters["dials"] + counters["subscribes"] > base["dials"] + base["subscribes"]:
            act = act or now
        noticed = run.first_act(since) or act
        back = noticed and run.data_since(noticed, lost)
        if back and cell.fault not in ("flap", "unanswered"):
            cell.data = back - since
            break
    cell.noticed = noticed and noticed - since
    cell.dials = len(dials)
    if len(dials) > 1:
        cell.retried = dials[1] - dials[0]


def measure(binary, contestant, fault, seconds):
    cell = Cell(contestant.name, fault)
    with Simulator(binary, contestant.venue, SYMBOLS) as exchange:
        relay = Relay(exchange.port) if fault == "rst" else None
        run = start(binary, contestant, relay.port if relay else exchange.port)
        try:
            if not wait_for(lambda: run.data_since(0, SYMBOLS), 40):
                cell.error = "no data before the fault"
                return cell
            time.sleep(STOOD.get(fault, STOOD_ELSE))
            exchange.before = exchange.control()["counters"]
            since = time.time()
            lost = inject(fault, exchange, relay)
            watch(run, exchange, since, lost, seconds, cell)
        finally:
            stop(run.process)
            if relay:
                relay.close()
    if not contestant.package:
        judge(cell, contestant, seconds)
    return cell


def judge(cell, contestant, seconds):
    """The target of a cell of feedwatch, and whether it was missed."""
    if cell.fault in ("silent", "one_silent"):
        if not contestant.period:
            return  # a channel of events promises nothing by which its silence could be judged
        value, most, what = cell.noticed, 3 * contestant.period + 1, "noticed"
    elif cell.fault == "half_open":
        value, most, what = cell.noticed, 11, "noticed"
    elif cell.fault == "rst":
        # A clocked channel's next message comes with its clock, however soon the line is back.
        value, most, what = cell.data, 1 + (contestant.period if contestant.what == "mark" else 0), "data"
    elif cell.fault == "flap":
        # At the pace that its share allows for ever; the first dial comes at once.
        value, most, what = cell.dials or None, limit_of(contestant) / SHARE * seconds / 300 + 1, "dials"
    else:
        value, most, what = cell.retried, 10, "next dial"
    cell.target = f"{what} <= {most:g}{'' if what == 'dials' else ' s'}"
    cell.missed = value is None or value > most + 2 * STEP


def text_of(cell, contestant, seconds):
    never = f"never ({seconds:g} s)"
    dials = f"{cell.dials} dial{'s' * (cell.dials != 1)}"
    if cell.error:
        return cell.error
    if cell.fault == "flap":
        over = cell.dials / seconds * 300 > limit_of(contestant)
        text = f"{dials}{', over the limit' if over else ''}"
    elif cell.fault == "unanswered":
        text = f"{dials}, " + (
            f"next after {cell.retried:.1f} s" if cell.retried is not None else f"no other ({seconds:g} s)")
    elif cell.noticed is None:
        text = never
    else:
        text = f"{cell.noticed:.2f} s, data " + (f"{cell.data:.2f} s" if cell.data is not None else never)
    return f"**{text}**: target {cell.target} missed" if cell.missed else text


def table(cells, contestants, versions, seconds):
    lines = ["| client | " + " | ".join(FAULTS.values()) + " |", "|---" * (len(FAULTS) + 1) + "|"]
    for contestant in contestants:
        row = [text_of(cells[contestant.name, fault], contestant, seconds) for fault in FAULTS
               if (contestant.name, fault) in cells]
        name = f"{contestant.name} {versions[contestant.name]}".strip()
        lines.append(f"| {name}: {contestant.venue}, {contestant.what} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def window(text):
    value = float(text)
    if not 20 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is no window: 20 to 3600 (a target of 11 s wants to be seen)")
    return value


def main():
    options = argparse.ArgumentParser(description="what is noticed when: feedwatch and published clients")
    options.add_argument("feedwatch", help="the program")
    options.add_argument("--seconds", type=window, default=30, help="window after the fault (30)")
    options.add_argument("--only", default="", help="clients whose name holds this text")
    options.add_argument("--jobs", type=int, default=6, help="cells measured at the same time (6)")
    options.add_argument("--json", action="store_true", help="the cells as JSON instead of the table")
    chosen = options.parse_args()
    wanted = [c for c in CONTESTANTS if chosen.only in c.name]
    versions = {c.name: version_of(c.package) if c.package else "" for c in wanted}
    absent = sorted({c.package for c in wanted if versions[c.name] is None})
    if absent:
        print(f"scoreboard: left out, not installed: {', '.join(absent)}", file=sys.stderr)
    present = [c for c in wanted if versions[c.name] is not None]
    if not present:
        options.error(f"nothing to measure: no installed client's name holds '{chosen.only}'")
    cells = {}
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        runs = {pool.submit(measure, chosen.feedwatch, c, fault, chosen.seconds): c for c in present for fault in FAULTS}
        for run in concurrent.futures.as_completed(runs):
            cell = run.result()
            cells[cell.contestant, cell.fault] = cell
            print(f"scoreboard: {cell.contestant}, {FAULTS[cell.fault]}: "
                  f"{text_of(cell, runs[run], chosen.seconds)}", file=sys.stderr)
    if chosen.json:
        print(json.dumps({"seconds": chosen.seconds, "versions": versions,
                          "cells": [asdict(cell) for cell in cells.values()]}))
    else:
        print(table(cells, present, versions, chosen.seconds))
    return 1 if any(cell.missed or (cell.error and not versions[cell.contestant]) for cell in cells.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
