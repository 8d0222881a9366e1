"""A trading program in Python beside a running monitor: asks the shared board before it acts.

usage: reader.py [BOARD [STREAM]]      (PYTHONPATH=python)
"""

import sys

from feedwatch_reader import Board, BoardError, Refused, TooOld


def act(board, stream, max_age):
    try:
        price = board.price(stream, max_age)
    except Refused as refusal:
        print(f"do nothing: {refusal}")
        return refusal
    print(f"buy at {price.price}, {price.receive_age:.3f} s old, {price.level}")
    return price


def main(path="feedwatch", stream="demo/BTCUSDT/mark"):
    try:
        board = Board(path)
    except BoardError as error:
        sys.exit(f"reader: {error}")
    with board:
        young = act(board, stream, max_age=5)
        none_is_that_young = act(board, stream, max_age=1e-9)
    return 0 if not isinstance(young, Refused) and isinstance(none_is_that_young, TooOld) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
