#!/usr/bin/env python3
"""The formulas of aged positions and trailing stops, computed with Python's decimal.

Written from the rules (docs/reference/protection.md), not from the product. Prints one case a line for
reference_check, which computes the same with the product and compares by value.
"""

import random
import sys
from decimal import ROUND_HALF_EVEN, Decimal, getcontext

getcontext().prec = 100
HOUR = 3_600_000_000_000
SIDES = ("long", "short")


def plain(value):
    return format(value, "f")


def price(rng):
    """Of 1e-12 to 1e9, up to twelve digits, evenly by magnitude."""
    digits = rng.randint(1, 12)
    mantissa = rng.randint(10 ** (digits - 1), 10**digits - 1)
    magnitude = rng.randint(-12, 9)
    return Decimal(mantissa).scaleb(magnitude - digits + 1)


def percent(rng, least, most):
    return Decimal(rng.randint(least * 1000, most * 1000)) / 1000


def aged_case(rng):
    side, entry = rng.choice(SIDES), price(rng)
    maximum, grace, progressive = (rng.randint(0, 40) * HOUR // 2 for _ in range(3))
    commission, step, most = percent(rng, 0, 2), percent(rng, 0, 3), percent(rng, 0, 60)
    edges = [maximum, maximum + grace, maximum + grace + progressive]
    age = rng.choice([rng.randint(0, 80 * HOUR), rng.choice(edges) + rng.randint(-1, 1)])
    age = max(age, 0)
    sign = 1 if side == "long" else -1
    over = age - maximum
    tolerance = Decimal(0)
    if over <= 0:
        phase, target = "young", None
    elif over <= grace:
        phase = "grace"
        target = entry * (1 + sign * 2 * commission / 100)
    elif over <= grace + progressive:
        phase = "progressive"
        # Divided last: hours that do not end would be rounded before the tie is seen.
        tolerance = (Decimal(over - grace) * step / HOUR).quantize(Decimal("1e-12"), rounding=ROUND_HALF_EVEN)
        tolerance = min(tolerance, most)
        target = entry * (1 - sign * tolerance / 100)
    else:
        phase, target = "emergency", None
    return ["aged", side, entry, maximum, grace, progressive, commission, step, most, age, phase, tolerance,
            "-" if target is None else target]


def trailing_case(rng):
    """A walk of windows; for each the state, peak and stop that follow, until the stop is hit."""
    side, entry = rng.choice(SIDES), price(rng)
    activation = percent(rng, 1, 5)
    callback = percent(rng, 1, 3)
    sign = 1 if side == "long" else -1
    fields = ["trailing", side, entry, activation, callback]
    state, peak, stop, last = "inactive", entry, None, entry
    for _ in range(rng.randint(1, 30)):
        walk = []
        for _ in range(rng.randint(1, 4)):
            last = last * (1 + Decimal(rng.randint(-1500, 1600)) / 100_000)
            last = last.quantize(Decimal(1).scaleb(last.adjusted() - 9))
            walk.append(last)
        low, high = min(walk), max(walk)
        worst, best = (low, high) if side == "long" else (high, low)
        hit = None
        if stop is not None and sign * (worst - stop) <= 0:
            hit = worst
        else:
            if sign * (best - peak) > 0:
                peak = best
            if sign * (peak - entry * (1 + sign * activation / 100)) >= 0:
                state = "active"
                candidate = peak * (1 - sign * callback / 100)
                if stop is None or sign * (candidate - stop) > 0:
                    stop = candidate
            if stop is not None and sign * (last - stop) <= 0:
                hit = last
        if hit is not None:
            state = "triggered"
        fields += [low, high, last, state, peak, "-" if stop is None else stop, "-" if hit is None else hit]
        if hit is not None:
            break
    return fields


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for number in range(count):
        case = trailing_case(rng) if number % 5 == 0 else aged_case(rng)
        print(" ".join(plain(field) if isinstance(field, Decimal) else str(field) for field in case))


if __name__ == "__main__":
    main()
