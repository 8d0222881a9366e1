"""python/feedwatch_reader.py against a living board (tests/shm/board_writer.cpp)."""

import ctypes
import os
import shutil
import sys
import tempfile
import threading
import unittest
from decimal import Decimal

import feedwatch_reader
from feedwatch_reader import Board, BoardError, NoEventTime, Refused, TooOld, Unconfigured, Unknown, WriterDead

PATH = os.environ["FEEDWATCH_BOARD"]
MARK = "demo/BTCUSDT/mark"


class Prices(unittest.TestCase):
    def setUp(self):
        self.board = Board(PATH)
        self.addCleanup(self.board.close)

    def test_are_exact_and_have_their_ages(self):
        price = self.board.price(MARK, max_age=5)
        self.assertIsInstance(price.price, Decimal)
        self.assertRegex(str(price.price), r"^64000\.\d{3}$")
        self.assertIsNone(price.ask)
        self.assertEqual((price.level, price.reason, price.source), ("healthy", "ok", "live"))
        self.assertGreaterEqual(price.receive_age, 0)
        self.assertLess(price.receive_age, 5)
        self.assertIsNone(price.event_age)
        self.assertIsNone(price.ts_event_ns)

    def test_of_a_quote_are_two(self):
        quote = self.board.price("demo/BTCUSDT/quote", max_age=5)
        self.assertEqual(quote.ask - quote.price, Decimal(2))

    def test_are_refused_by_type(self):
        with self.assertRaises(TooOld) as refused:
            self.board.price(MARK, max_age=0)
        self.assertEqual(refused.exception.word, "too_old")
        self.assertGreater(refused.exception.age, 0)
        with self.assertRaises(Unknown):
            self.board.price("demo/SILENT/last", max_age=5)
        with self.assertRaises(Unconfigured):
            self.board.price("demo/NONE/last", max_age=5)
        with self.assertRaises(NoEventTime):
            self.board.price(MARK, max_age=5, basis="event")
        with self.assertRaises(Refused):
            self.board.price(MARK, max_age=0, intent="reduce_risk", bridge_max_age=5)

    def test_need_a_limit_that_is_one(self):
        for bad in (-1, float("nan"), 1e20):
            with self.assertRaises(ValueError):
                self.board.price(MARK, max_age=bad)
        with self.assertRaises(TypeError):
            self.board.price(MARK)
        with self.assertRaises(KeyError):
            self.board.price(MARK, max_age=5, basis="best")

    def test_can_be_asked_for_by_many_threads(self):
        failed = []

        def ask():
            try:
                for _ in range(500):
                    self.board.price(MARK, max_age=60)
                    self.board.refresh()
            except Exception as error:  # told by the thread that started it
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])


class Boards(unittest.TestCase):
    def refused(self, path, **options):
        with self.assertRaises(BoardError) as refused:
            Board(path, **options)
        return refused.exception.code

    def test_that_cannot_be_opened_say_why(self):
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(self.refused(directory + "/none"), "not_found")
            self.assertEqual(self.refused(directory), "not_a_file")
            os.symlink(PATH, directory + "/link")
            self.assertEqual(self.refused(directory + "/link"), "not_a_file")
            with open(directory + "/text", "w") as file:
                file.write("x" * 10000)
            os.chmod(directory + "/text", 0o600)
            self.assertEqual(self.refused(directory + "/text"), "not_a_board")

    def test_are_followed_when_their_monitor_restarts(self):
        with tempfile.TemporaryDirectory() as directory:
            path = directory + "/board"
            shutil.copyfile(PATH, path)
            os.chmod(path, 0o600)
            # The copy's heartbeat stands still, as that of a dead monitor does.
            with Board(path) as board:
                self.assertRaises(WriterDead, self.until_dead, board)
                os.unlink(path)
                shutil.copyfile(PATH, directory + "/next.copy")
                os.chmod(directory + "/next.copy", 0o600)
                os.rename(directory + "/next.copy", path)
                board.price(MARK, max_age=60)

    def until_dead(self, board):
        while True:
            board.price(MARK, max_age=60)

    def test_can_be_closed_twice_and_not_be_used_after(self):
        board = Board(PATH)
        board.close()
        board.close()
        with self.assertRaises(ValueError):
            board.price(MARK, max_age=5)

    def test_have_the_structures_of_the_header(self):
        self.assertEqual(ctypes.sizeof(feedwatch_reader._Options), 40)
        self.assertEqual(ctypes.sizeof(feedwatch_reader._Decimal), 72)
        self.assertEqual(ctypes.sizeof(feedwatch_reader._Price), 232)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
