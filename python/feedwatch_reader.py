"""Prices of a running feedwatch monitor, read from shared memory. Standard library only.

    from feedwatch_reader import Board, Refused

    board = Board("feedwatch")              # [board] shm of the monitor, or a path
    try:
        price = board.price("binance-usdm/BTCUSDT/mark", max_age=5)
        act_on(price.price)                 # a decimal.Decimal, exact
    except Refused as refusal:              # Stale, TooOld, WriterDead, ...
        hold(refusal.word)

There is no price without a verdict: whatever is not a price young enough raises. Nothing is asked of
the monitor and nothing waits, so that price() may be called from an asyncio loop directly.

Threads: a Board may be shared by threads; calls on it exclude each other for the microsecond they take.
Processes: open one after fork().

Needs libfeedwatch_board.so.1: named by `library`, by $FEEDWATCH_BOARD_LIBRARY, beside this file, or
where the system looks for libraries.
"""

from __future__ import annotations

import ctypes
import dataclasses
import os
import pwd
import threading
from decimal import Decimal
from pathlib import Path
from typing import Optional, Union

ABI = 1
_LIBRARY = "libfeedwatch_board.so.1"
_NANOSECONDS = 1_000_000_000
_BASES = {"both": 0, "receive": 1, "event": 2}
_INTENTS = {"increase_risk": 0, "reduce_risk": 1}
_SOURCES = ("live", "rest_bridge")


class BoardError(Exception):
    """A board that cannot be opened: `code` is a word such as "not_found" or "wrong_owner"."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


class Refused(Exception):
    """No price to act on. `word` as in the monitor's API; `age` in seconds where one was too old."""

    word = "refused"

    def __init__(self, stream: str, level: str, reason: str, age: Optional[float]):
        told = f"{stream}: {self.word}" + ("" if reason == "ok" else f" (reason {reason})")
        super().__init__(told if age is None else f"{told}, age {age:.3f} s")
        self.stream, self.level, self.reason, self.age = stream, level, reason, age


class Unconfigured(Refused):
    """The monitor watches no such stream."""

    word = "unconfigured"


class Unknown(Refused):
    """Nothing received yet."""

    word = "unknown"


class NeverReceived(Refused):
    """Nothing received, and it should have been."""

    word = "never_received"


class AwaitingFresh(Refused):
    """The last line was lost, and no fresh tick has come."""

    word = "awaiting_fresh"


class Stale(Refused):
    """Past the stream's own limit."""

    word = "stale"


class TooOld(Refused):
    """Past the caller's max_age."""

    word = "too_old"


class ClockBackwards(Refused):
    """The clock lies before the stamp."""

    word = "clock_backwards"


class NoEventTime(Refused):
    """basis="event" on a stream without venue time."""

    word = "no_event_time"


class ClockSuspect(Refused):
    """basis="event", and the venue's clock is not believed."""

    word = "clock_suspect"


class OldEpoch(Refused):
    """The stream's place belongs to another one now."""

    word = "old_epoch"


class WriterStuck(Refused):
    """The monitor stopped in the middle of a write."""

    word = "writer_stuck"


class WriterDead(Refused):
    """The monitor was not heard of for more than a second."""

    word = "writer_dead"


class WriterGone(Refused):
    """The monitor ended, or began anew."""

    word = "writer_gone"


class ForeignClock(Refused):
    """The board is of another boot or time namespace: ages mean nothing here."""

    word = "foreign_clock"


# By the numbers of fw_refusal in feedwatch/board.h.
_REFUSALS = dict(
    enumerate(
        (Unconfigured, Unknown, NeverReceived, AwaitingFresh, Stale, TooOld, ClockBackwards, NoEventTime)
        + (ClockSuspect, OldEpoch, WriterStuck, WriterDead, WriterGone, ForeignClock),
        start=1,
    )
)
_OLD_EPOCH, _WRITER_DEAD, _WRITER_GONE, _BAD_ARGUMENT = 10, 12, 13, 100


@dataclasses.dataclass(frozen=True)
class Price:
    """A price with its ages, in seconds. `price` is the bid of a quote, `ask` None of anything else.
    Stamps are integers: UTC nanoseconds, and CLOCK_BOOTTIME's for level_since."""

    price: Decimal
    ask: Optional[Decimal]
    level: str
    reason: str
    source: str
    receive_age: float
    confirmed_age: float
    event_age: Optional[float]
    level_since_ns: int
    ts_recv_ns: int
    ts_event_ns: Optional[int]
    seq: Optional[int]
    epoch: int


class _Error(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("code", ctypes.c_int32), ("text", ctypes.c_char * 512)]


class _Options(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("basis", ctypes.c_uint32),
        ("max_age_ns", ctypes.c_int64),
        ("accept_confirmed", ctypes.c_uint32),
        ("intent", ctypes.c_uint32),
        ("bridge_max_age_ns", ctypes.c_int64),
        ("without_text", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    ]


class _Decimal(ctypes.Structure):
    _fields_ = [
        ("mantissa_low", ctypes.c_uint64),
        ("mantissa_high", ctypes.c_int64),
        ("scale", ctypes.c_int32),
        ("length", ctypes.c_uint32),
        ("text", ctypes.c_char * 48),
    ]


class _Price(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("refusal", ctypes.c_int32),
        ("level", ctypes.c_uint32),
        ("reason", ctypes.c_uint32),
        ("source", ctypes.c_uint32),
        ("epoch", ctypes.c_uint32),
        ("price", _Decimal),
        ("ask", _Decimal),
        ("receive_age_ns", ctypes.c_int64),
        ("confirmed_age_ns", ctypes.c_int64),
        ("event_age_ns", ctypes.c_int64),
        ("refused_age_ns", ctypes.c_int64),
        ("level_since_ns", ctypes.c_int64),
        ("ts_recv_ns", ctypes.c_int64),
        ("ts_event_ns", ctypes.c_int64),
        ("seq", ctypes.c_uint64),
    ]


def _library_path(given: Optional[str]) -> str:
    beside = Path(__file__).with_name(_LIBRARY)
    return given or os.environ.get("FEEDWATCH_BOARD_LIBRARY") or (str(beside) if beside.exists() else _LIBRARY)


def _load(given: Optional[str]) -> ctypes.CDLL:
    library = ctypes.CDLL(_library_path(given))
    if library.fw_board_abi_version() != ABI:
        raise BoardError("other_abi", f"{_library_path(given)}: its ABI is not {ABI} (use the one of this version)")
    board, stream, error = ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(_Error)
    library.fw_board_open.argtypes = [ctypes.c_char_p, error]
    library.fw_board_open.restype = board
    library.fw_board_open_of.argtypes = [ctypes.c_char_p, ctypes.c_uint32, error]
    library.fw_board_open_of.restype = board
    library.fw_board_close.argtypes = [board]
    library.fw_board_close.restype = None
    library.fw_board_refresh.argtypes = [board, error]
    library.fw_board_epoch.argtypes = [board]
    library.fw_board_epoch.restype = ctypes.c_uint64
    library.fw_board_find.argtypes = [board, ctypes.c_char_p]
    library.fw_board_find.restype = stream
    library.fw_board_price.argtypes = [board, stream, ctypes.POINTER(_Options), ctypes.POINTER(_Price)]
    for words in (library.fw_open_code_text, library.fw_level_text, library.fw_reason_text):
        words.restype = ctypes.c_char_p
    return library


def _seconds(nanoseconds: int) -> Optional[float]:
    return None if nanoseconds < 0 else nanoseconds / _NANOSECONDS


def _nanoseconds(seconds: Union[float, Decimal], name: str) -> int:
    # Rounded down: an age a fraction past the limit must not pass. False too for NaN.
    if not 0 <= seconds < 2**33:
        raise ValueError(f"{name} is {seconds}: give seconds, zero or more")
    return int(seconds * _NANOSECONDS)


class Board:
    """The board of a monitor on this host.

    path: the monitor's [board] shm, or a path. owner: a user name or id beside ourselves and root whose
    board is believed; whoever owns the file decides what we act on. Raises BoardError.
    """

    def __init__(self, path: str, *, owner: Union[str, int, None] = None, library: Optional[str] = None):
        self._board = None
        self._lock = threading.Lock()
        self._streams: dict[str, int] = {}
        self._library = _load(library)
        error = _Error(size=ctypes.sizeof(_Error))
        name = os.fsencode(path)
        if owner is None:
            board = self._library.fw_board_open(name, ctypes.byref(error))
        else:
            user = pwd.getpwnam(owner).pw_uid if isinstance(owner, str) else owner
            board = self._library.fw_board_open_of(name, user, ctypes.byref(error))
        if not board:
            raise self._failure(error)
        self._board = board

    def close(self) -> None:
        with self._lock:
            board, self._board = self._board, None
            if board:
                self._library.fw_board_close(board)

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_board", None):
            self.close()

    @property
    def epoch(self) -> int:
        """UTC nanoseconds of the monitor's start: differs after every restart."""
        with self._lock:
            return self._library.fw_board_epoch(self._opened())

    def refresh(self) -> bool:
        """True when a restarted monitor's board was opened in the place of the old one. price() does it
        by itself when the writer is dead or gone. Raises BoardError when there is none to open."""
        error = _Error(size=ctypes.sizeof(_Error))
        with self._lock:
            changed = self._refresh(error)
        if changed < 0:
            raise self._failure(error)
        return changed > 0

    def price(
        self,
        stream: str,
        max_age: Union[float, Decimal],
        *,
        basis: str = "both",
        accept_confirmed: bool = False,
        intent: str = "increase_risk",
        bridge_max_age: Union[float, Decimal] = 0,
    ) -> Price:
        """The newest price of "venue/symbol/kind", not older than max_age seconds; else a Refused.

        basis: which age counts: "receive", "event" or "both" (the larger). accept_confirmed: count from
        when the venue last implied that the value holds. intent="reduce_risk" may take a REST price of
        at most bridge_max_age instead."""
        options = _Options(
            size=ctypes.sizeof(_Options),
            basis=_BASES[basis],
            max_age_ns=_nanoseconds(max_age, "max_age"),
            accept_confirmed=accept_confirmed,
            intent=_INTENTS[intent],
            bridge_max_age_ns=_nanoseconds(bridge_max_age, "bridge_max_age"),
        )
        out = _Price(size=ctypes.sizeof(_Price))
        with self._lock:
            code = self._ask(stream, options, out)
        if code == 0:
            return self._price(out)
        if code not in _REFUSALS:
            raise ValueError(f"{stream}: an argument that is none (code {code})")
        raise _REFUSALS[code](
            stream,
            self._library.fw_level_text(out.level).decode(),
            self._library.fw_reason_text(out.reason).decode(),
            _seconds(out.refused_age_ns),
        )

    def _opened(self) -> int:
        if self._board is None:
            raise ValueError("the board is closed")
        return self._board

    def _refresh(self, error: Optional[_Error] = None) -> int:
        changed = self._library.fw_board_refresh(self._opened(), ctypes.byref(error) if error else None)
        if changed > 0:
            self._streams.clear()
        return changed

    def _ask(self, stream: str, options: _Options, out: _Price) -> int:
        code = self._ask_once(stream, options, out)
        if code in (_WRITER_DEAD, _WRITER_GONE) and self._refresh() > 0:
            code = self._ask_once(stream, options, out)
        if code == _OLD_EPOCH and self._streams.pop(stream, None) is not None:
            code = self._ask_once(stream, options, out)
        return code

    def _ask_once(self, stream: str, options: _Options, out: _Price) -> int:
        board = self._opened()
        handle = self._streams.get(stream)
        if handle is None:
            if "\0" in stream:
                raise ValueError(f"{stream!r}: no stream has such a name")
            handle = self._library.fw_board_find(board, stream.encode())
            if handle != 0:  # else it is none's, and the answer says why
                self._streams[stream] = handle
        return self._library.fw_board_price(board, handle, ctypes.byref(options), ctypes.byref(out))

    def _price(self, out: _Price) -> Price:
        return Price(
            price=Decimal(out.price.text.decode()),
            ask=Decimal(out.ask.text.decode()) if out.ask.length else None,
            level=self._library.fw_level_text(out.level).decode(),
            reason=self._library.fw_reason_text(out.reason).decode(),
            source=_SOURCES[out.source],
            receive_age=out.receive_age_ns / _NANOSECONDS,
            confirmed_age=out.confirmed_age_ns / _NANOSECONDS,
            event_age=_seconds(out.event_age_ns),
            level_since_ns=out.level_since_ns,
            ts_recv_ns=out.ts_recv_ns,
            ts_event_ns=out.ts_event_ns if out.ts_event_ns >= 0 else None,
            seq=out.seq or None,
            epoch=out.epoch,
        )

    def _failure(self, error: _Error) -> BoardError:
        return BoardError(self._library.fw_open_code_text(error.code).decode(), error.text.decode(errors="replace"))
