"""One key at a time, while other things are waited for, too.

In a terminal, keys come as they are pressed (cbreak mode: no Enter needed, Ctrl-C still
interrupts). However we leave, the terminal gets back the manners it had.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

try:
    import termios
    import tty
except ImportError:  # not on this system: `available` says so
    termios = tty = None  # type: ignore[assignment]

ESCAPE_SECONDS: Final = 0.05
"""How long the rest of an escape sequence may take: longer, and Escape alone was pressed."""

SEQUENCES: Final = {
    b"[A": "up", b"[B": "down", b"[C": "right", b"[D": "left", b"OA": "up", b"OB": "down",
    b"OC": "right", b"OD": "left", b"[5~": "page up", b"[6~": "page down",
}  # fmt: skip
NAMES: Final = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", " ": "space"}


class Hangup(Exception):
    """Nobody is at the keyboard any more."""


class Keyboard:
    """Keys from a terminal. `wakes` are descriptors that interrupt the wait."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._waiting = b""

    @staticmethod
    def available() -> bool:
        return termios is not None and sys.stdin.isatty()  # type: ignore[redundant-expr]

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Keys come singly for as long as this lasts; also after Ctrl-Z and `fg`."""
        before = termios.tcgetattr(self.descriptor)
        resumed = signal.signal(signal.SIGCONT, lambda *_: self._singly())
        self._singly()
        try:
            yield
        finally:
            signal.signal(signal.SIGCONT, resumed)
            with suppress(termios.error):
                termios.tcsetattr(self.descriptor, termios.TCSADRAIN, before)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """The terminal as it was, for a program that we start in it (an editor)."""
        singly = termios.tcgetattr(self.descriptor)
        usual = termios.tcgetattr(self.descriptor)
        usual[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self.descriptor, termios.TCSADRAIN, usual)
        try:
            yield
        finally:
            termios.tcsetattr(self.descriptor, termios.TCSADRAIN, singly)

    def _singly(self) -> None:
        with suppress(termios.error):
            tty.setcbreak(self.descriptor, termios.TCSADRAIN)

    def key(self, seconds: float | None = None, wakes: tuple[int, ...] = ()) -> str | None:
        """The next key, in lower case or by name; None when time ran out or a wake came."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._waiting:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self.descriptor, *wakes], [], [], left)
            if self.descriptor in ready:
                self._read()
            else:
                return None
        return self._next()

    def forget(self) -> None:
        """Drop what was typed before anybody could have read what it would answer."""
        self._waiting = b""
        with suppress(termios.error):
            termios.tcflush(self.descriptor, termios.TCIFLUSH)

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, 1024)
        except OSError:
            data = b""
        if not data:
            raise Hangup
        self._waiting += data

    def _next(self) -> str:
        if self._waiting[:1] == b"\x1b":
            return self._sequence()
        size = _utf8_size(self._waiting[0])
        while len(self._waiting) < size and select.select([self.descriptor], [], [], 0.05)[0]:
            self._read()
        character = self._waiting[:size].decode("utf-8", "replace")
        self._waiting = self._waiting[size:]
        return NAMES.get(character, character.lower())

    def _sequence(self) -> str:
        while True:
            rest = self._waiting[1:]
            for known, name in SEQUENCES.items():
                if rest.startswith(known):
                    self._waiting = rest[len(known) :]
                    return name
            may_grow = any(known.startswith(rest) for known in SEQUENCES)
            if may_grow and select.select([self.descriptor], [], [], ESCAPE_SECONDS)[0]:
                self._read()
                continue
            self._waiting = rest if not rest or rest[:1] not in (b"[", b"O") else b""
            return "escape"


def _utf8_size(first: int) -> int:
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
