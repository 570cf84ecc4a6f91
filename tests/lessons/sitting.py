"""A learner at a real terminal of 80x24: a pty, a process at it, and what is on its screen.

The screen understands what the course writes (clear, erase a line, colours, scrolling) and
complains about everything else, so that a test sees what a person would see and nothing slips by
unseen.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds, for what must happen anyway

_TOKEN = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|([\r\n\b])|([^\x1b\r\n\b]+)|(\x1b.?)", re.DOTALL)


class Screen:
    """Rows of cells. One character is one cell: the course writes no wide ones."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.strange: list[str] = []
        """Escape sequences that this screen does not know."""
        self.wrapped: list[str] = []
        """Rows that ran over the right edge."""
        self.colours = 0

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self.cells).rstrip()

    def write(self, text: str) -> None:
        for found in _TOKEN.finditer(text):
            numbers, command, control, plain, strange = found.groups()
            if plain:
                for character in plain:
                    self._put(character)
            elif control:
                self._control(control)
            elif command:
                self._command(numbers, command)
            else:
                self.strange.append(strange)

    def _put(self, character: str) -> None:
        if self.column >= self.columns:
            self.wrapped.append("".join(self.cells[self.row]))
            self._control("\r")
            self._control("\n")
        self.cells[self.row][self.column] = character
        self.column += 1

    def _control(self, control: str) -> None:
        if control == "\r":
            self.column = 0
        elif control == "\b":
            self.column = max(0, self.column - 1)
        elif self.row + 1 < self.rows:
            self.row += 1
        else:
            self.cells = [*self.cells[1:], [" "] * self.columns]

    def _command(self, numbers: str, command: str) -> None:
        if command == "m":
            self.colours += 1
        elif (numbers, command) == ("", "H"):
            self.row = self.column = 0
        elif (numbers, command) == ("2", "J"):
            self.cells = [[" "] * self.columns for _ in range(self.rows)]
        elif (numbers, command) == ("", "K"):
            self.cells[self.row][self.column :] = [" "] * (self.columns - self.column)
        else:
            self.strange.append(f"\x1b[{numbers}{command}")


class Sitting:
    """`ws101 ARGUMENTS` at a terminal. A context manager: what is left of it is ended."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
        term: str = "xterm-256color",
    ) -> None:
        self.screen = Screen(rows, columns)
        self.said = ""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self._terminal = ours
        self._theirs = theirs
        gone = ("COLUMNS", "LINES", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
        usual = {key: value for key, value in os.environ.items() if key not in gone}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lessons.cli", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**usual, "PYTHONPATH": str(ROOT), "TERM": term, **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def __enter__(self) -> Sitting:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._terminal)
        os.close(self._theirs)

    # What is seen

    def look(self, seconds: float = 0.0) -> str:
        """Everything that has been written by now, on the screen."""
        while select.select([self._terminal], [], [], seconds)[0]:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:
                break
            if not data:
                break
            text = data.decode("utf-8", "replace")
            self.said += text
            self.screen.write(text)
        return self.screen.text

    def until(self, true: Callable[[str], object], what: str) -> str:
        """Wait, bounded, until the screen is as wished."""
        give_up = time.monotonic() + PATIENCE
        while not true(self.look(0.02)):
            assert time.monotonic() < give_up, f"never seen: {what}\n{self.screen.text}"
            if self.process.poll() is not None and not true(self.look(0.2)):
                raise AssertionError(f"it ended before: {what}\n{self.screen.text}")
        return self.screen.text

    def sees(self, words: str) -> str:
        """Wait until these words stand on the screen, wrapped or not."""
        return self.until(lambda text: words in " ".join(text.split()), words)

    # What is done

    def press(self, *keys: str) -> None:
        """Once it asks for a key: those that come before there is something to read are dropped."""
        self.until(self._asks, "a line that says which keys there are")
        self.press_unasked(*keys)

    @staticmethod
    def _asks(text: str) -> bool:
        lines = [line for line in text.splitlines() if line.strip()]
        return bool(re.search(r"\[[^\]]+\] |-- more|waiting for", " ".join(lines[-2:])))

    def press_unasked(self, *keys: str) -> None:
        for key in keys:
            os.write(self._terminal, {"enter": b"\r"}.get(key, key.encode()))

    def ends(self) -> int:
        """Wait for the end of the process; its exit code."""
        give_up = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.look(0.02)
            assert time.monotonic() < give_up, f"it never ended\n{self.screen.text}"
        self.look(0.05)
        return self.process.returncode

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)

    @property
    def manners(self) -> bool:
        """Does the terminal behave as it did before?"""
        return termios.tcgetattr(self._theirs)[3] == self.before[3]
