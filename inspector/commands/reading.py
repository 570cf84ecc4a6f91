"""Reading a capture for a command: its items one by one, and what was wrong with it at the end.

A damaged capture is shown up to the damage; then one line on standard error says where it is, and
the exit code is 2. One that merely ends too early, because its writer was killed or is not done, is
no mistake of anybody's: that is a note, and the exit code 0.
"""

import contextlib
import os
import select
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import click

from inspector.commands.mistakes import Mistake
from inspector.core.safe import safe
from inspector.files.capture import CannotOpen, open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent, Counts, Fault, Finished
from inspector.screen.words import count

BEFORE_PROGRESS: Final = 1.0
BETWEEN_PROGRESS: Final = 0.2
"""Seconds."""

keylog_option = click.option(
    "--keylog", metavar="KEYS",
    help="Decrypt wss:// with these keys: the file that SSLKEYLOGFILE names. Needs tshark.",
)  # fmt: skip


@dataclass(slots=True)
class Reading:
    """One pass over a capture: iterate once, then ask for `notes` and `finish`.

    `follow` waits for more at the end of the file, and calls `caught_up` before it does. `live` is
    for the reader that a recorder starts beside itself: Ctrl-C is the recorder's to answer, and
    the end of standard input, a pipe from it, says that no more will be written. `keylog` is a file
    of keys with which TLS is decrypted.
    """

    path: str
    follow: bool = False
    live: bool = False
    progress: bool = False
    keylog: str | None = None
    caught_up: Callable[[], object] = lambda: None
    fault: Fault | None = None
    finished: bool = False
    connections: int = 0
    """WebSocket connections seen by now."""
    notes: list[str] = field(default_factory=list)
    _gone: bool = False
    _meter: "Meter | None" = None
    _counts: Counts = field(default_factory=Counts)

    def is_set(self) -> bool:
        """Should the reading stop at what is now the end of the file?"""
        return self._gone

    def __iter__(self) -> Iterator[Item]:
        if self.live:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        def wait(seconds: float) -> None:
            self.caught_up()
            self.hush()
            self._meter = None
            if not self.live:
                time.sleep(seconds)
            elif select.select([0], [], [], seconds)[0]:
                self._gone = not os.read(0, 1)

        try:
            capture = open_capture(
                self.path, follow=self.follow, stop=self, wait=wait, keylog=self.keylog
            )
        except CannotOpen as error:
            raise Mistake(str(error)) from None
        reopen = self._again if self.path != "-" else None
        self._meter = Meter(self.path) if self.progress else None
        self._counts = capture.counts
        with capture, contextlib.ExitStack() as stack:
            stack.callback(self.hush)
            for item in dissect(capture, reopen=reopen, settle=not self.follow):
                if self._meter is not None:
                    self._meter.show(*capture.progress)
                if isinstance(item, Item):
                    self.connections = max(self.connections, item.connection.number or 0)
                    yield item
                elif isinstance(item, Fault):
                    self.fault = item
                else:
                    self._finish(item)
            self.notes += capture.counts.notes()

    def hush(self) -> None:
        """Something will be written to the terminal: take the progress line away first."""
        if self._meter is not None:
            self._meter.clear()

    def _again(self) -> Iterator[CaptureEvent]:
        """The same capture from its beginning, as far as it goes by now."""
        try:
            with open_capture(self.path, keylog=self.keylog) as capture:
                yield from capture
        except CannotOpen:
            return

    def _finish(self, event: Finished) -> None:
        self.finished = True
        if event.stats.dropped:
            self.notes.append(f"records that the recorder could not write: {event.stats.dropped}")

    @property
    def packets(self) -> int:
        """Packets read by now."""
        return self._counts.packets

    def lacks(self, connection: int) -> Mistake:
        """What to say of a connection that was asked for and is not there."""
        there = count(self.connections, "WebSocket connection")
        return Mistake(f"there is no connection {connection}: the capture has {there}")

    def complain(self) -> int:
        """Say what was wrong with the capture, if anything, and return the exit code."""
        return complain(self.path, self.fault, self.packets)


def complain(path: str, fault: Fault | None, packets: int) -> int:
    """Say what was wrong with a capture, if anything, and return the exit code."""
    if fault is None:
        return 0
    words = fault_words(path, fault)
    if fault.cut:
        print(f"note: {safe(words)}", file=sys.stderr)
        return 0
    raise Mistake(words + ("; what stands before it was read" if packets else ""))


def fault_words(path: str, fault: Fault) -> str:
    """Where a capture is wrong, and what is wrong there."""
    where = "standard input" if path == "-" else path
    return f"{where}, byte {fault.offset}: {fault.words}"


def shows_progress(silent: bool) -> bool:
    """Is a progress line welcome? Not where it would run into what a pager prints.

    A command that is not `silent` while it reads has to `hush` the reading before it writes.
    """
    if not sys.stderr.isatty():
        return False
    try:
        out = sys.stdout.fileno()
        return silent or os.isatty(out) or stat.S_ISREG(os.fstat(out).st_mode)
    except (OSError, ValueError):
        return False


class Meter:
    """How far a long reading has come, on standard error; nothing for a short one."""

    def __init__(self, path: str) -> None:
        self._name = os.path.basename(path) if path != "-" else "standard input"
        self._next = time.monotonic() + BEFORE_PROGRESS
        self._shown = False

    def show(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + BETWEEN_PROGRESS
        share = f"{done / total:4.0%}" if total else ""
        text = f"reading {safe(self._name, 40)} {share} {done / 1e6:,.0f} MB"
        self._write(f"\r\x1b[K{text}")
        self._shown = True

    def clear(self) -> None:
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False
        self._next = time.monotonic() + BEFORE_PROGRESS

    @staticmethod
    def _write(text: str) -> None:
        print(text, end="", file=sys.stderr, flush=True)
