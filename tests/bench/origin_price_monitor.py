#!/usr/bin/env python3
"""The price monitor this product replaces, as its record describes it, to be measured against.

Written from the description of its behaviour: a dictionary of subscribers by bare symbol, a leading-edge
throttle of 0.1 s on the wall clock, callbacks awaited one by one in order of priority, errors counted.

Its program handed it every price through an event router, a queue that one task drains; `routed_…` is
that, the others are the monitor alone, called in a loop.

usage: origin_price_monitor.py [--bare] [throttled | delivered | routed_throttled | routed_delivered]
Prints JSON {"throttled_ns": …, …}: CPU nanoseconds a tick. --bare prints the number alone.
"""

import asyncio
import json
import logging
import random
import sys
import time
from decimal import Decimal

SYMBOLS = 2_000
TICKS = {"throttled": 400_000, "delivered": 100_000, "routed_throttled": 40_000, "routed_delivered": 40_000}

logger = logging.getLogger("price_monitor")


class Subscription:
    __slots__ = ("module", "callback", "priority")

    def __init__(self, module, callback, priority):
        self.module = module
        self.callback = callback
        self.priority = priority


class UnifiedPriceMonitor:
    def __init__(self, min_update_interval=0.1):
        self.subscribers = {}
        self.last_prices = {}
        self.last_update = {}
        self.min_update_interval = min_update_interval
        self.update_count = 0
        self.error_count = 0

    def subscribe(self, symbol, callback, module, priority=100):
        entries = self.subscribers.setdefault(symbol, [])
        entries.append(Subscription(module, callback, priority))
        entries.sort(key=lambda entry: entry.priority)

    async def update_price(self, symbol, price):
        now = time.time()
        if now - self.last_update.get(symbol, 0.0) < self.min_update_interval:
            return
        self.last_update[symbol] = now
        self.last_prices[symbol] = price
        self.update_count += 1
        for entry in self.subscribers.get(symbol, ()):
            try:
                await entry.callback(symbol, price)
            except Exception:
                self.error_count += 1
                logger.exception("callback of %s failed for %s", entry.module, symbol)


class EventRouter:
    def __init__(self):
        self.handlers = {}
        self.queue = asyncio.Queue()
        self.active = False
        self.drained = None

    def add_handler(self, name, handler):
        self.handlers.setdefault(name, []).append(handler)

    async def emit(self, name, data):
        await self.queue.put((name, data))
        if not self.active:
            self.drained = asyncio.create_task(self.drain())

    async def drain(self):
        self.active = True
        while not self.queue.empty():
            name, data = await self.queue.get()
            calls = [handler(data) for handler in self.handlers.get(name, ())]
            await asyncio.gather(*calls, return_exceptions=True)
        self.active = False


class Consumer:
    """A callback that only counts: what it would do with the price is not the monitor's cost."""

    def __init__(self):
        self.calls = 0

    async def on_price(self, symbol, price):
        self.calls += 1


def world(interval):
    monitor = UnifiedPriceMonitor(interval)
    consumers = [Consumer() for _ in range(3)]
    symbols = [f"S{i:04}USDT" for i in range(SYMBOLS)]
    modules = (("trailing_stop", 10), ("aged_position", 40), ("risk", 100))
    for symbol in symbols:
        for consumer, (module, priority) in zip(consumers, modules):
            monitor.subscribe(symbol, consumer.on_price, module, priority)
    return monitor, consumers, symbols


def ticks(symbols, count):
    chance = random.Random(5)
    prices = [Decimal(6_500_000 + i).scaleb(-2) for i in range(1_000)]
    return [(chance.choice(symbols), chance.choice(prices)) for _ in range(count)]


async def run_alone(monitor, stream):
    for symbol, price in stream:
        await monitor.update_price(symbol, price)


async def run_routed(monitor, stream):
    """As from a socket: a message is emitted, the router's task runs, the next message is read."""
    router = EventRouter()

    async def on_position_update(data):
        await monitor.update_price(data["symbol"], data["mark_price"])

    router.add_handler("position.update", on_position_update)
    for symbol, price in stream:
        await router.emit("position.update", {"symbol": symbol, "mark_price": price})
        await asyncio.sleep(0)
    await router.drained


async def measure(what):
    # Throttled: a window in which the whole run fits, so that no tick after the first opens it again.
    throttled = what.endswith("throttled")
    monitor, consumers, symbols = world(3600.0 if throttled else 0.0)
    for symbol in symbols:
        await monitor.update_price(symbol, Decimal(1))
    stream = ticks(symbols, TICKS[what])
    run = run_routed if what.startswith("routed") else run_alone
    before_calls = consumers[0].calls
    before = time.process_time_ns()
    await run(monitor, stream)
    spent = time.process_time_ns() - before
    expected = 0 if throttled else len(stream)
    assert consumers[0].calls - before_calls == expected and monitor.error_count == 0
    return spent / len(stream)


def main():
    arguments = sys.argv[1:]
    wanted = [name for name in TICKS if name in arguments] or list(TICKS)
    figures = {f"{name}_ns": round(asyncio.run(measure(name)), 1) for name in wanted}
    if "--bare" in arguments:
        print(*figures.values(), sep="\n")
    else:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
