"""A trading loop on asyncio that asks the shared board before it acts.

The board needs no connection, no task and no callback: price() is a microsecond's work in the loop
itself, and the age it says is that of this very moment. When the monitor restarts, the board follows.

usage: asyncio_reader.py [BOARD [STREAM]]      (PYTHONPATH=python)
"""

import asyncio
import sys

from feedwatch_reader import Board, Refused


class Strategy:
    """Buys on every signal for which there is a price young enough."""

    def __init__(self, board, stream, max_age):
        self.board, self.stream, self.max_age = board, stream, max_age
        self.bought, self.held = 0, 0

    async def on_signal(self):
        try:
            price = self.board.price(self.stream, self.max_age)
        except Refused as refusal:
            self.held += 1
            print(f"hold: {refusal}")
            return
        await self.buy(price)

    async def buy(self, price):
        await asyncio.sleep(0)  # in a real program: the order
        self.bought += 1
        print(f"bought at {price.price}, {price.receive_age * 1e3:.1f} ms old")


async def main(path="feedwatch", stream="demo/BTCUSDT/mark"):
    with Board(path) as board:
        patient = Strategy(board, stream, max_age=5)
        impatient = Strategy(board, stream, max_age=1e-9)
        for _ in range(10):
            await asyncio.gather(patient.on_signal(), impatient.on_signal())
            await asyncio.sleep(0.02)
    return 0 if (patient.bought, impatient.held) == (10, 10) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
