"""The bytes of a capture, read forward only, a window at a time.

One rule: what is asked for is never trusted with memory. A reader that asks for more bytes gets
what has really arrived, in steps of one mebibyte, however large a number a hostile file named; it
never seeks, so that standard input is as good as a file.

When following, the end of the file is "not yet": the source waits and looks again until the file is
marked as finished, is replaced or cut, or its caller says stop.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 20
POLL_SECONDS = 0.05


class CannotOpen(Exception):
    """The capture can't be read at all; the message says what, where and what to do."""


class Stop(Protocol):
    """A `threading.Event`, or whatever answers as one."""

    def is_set(self) -> bool: ...


class Source:
    """A forward-only window over a file, `offset` being the place in the file of its first byte.

    `wait(seconds)` is called when a followed file has nothing new. `stop`, once set, ends the
    reading at what is then the end of the file.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        path: Path | None = None,
        follow: bool = False,
        stop: Stop | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self.file = file
        self.offset = 0
        self.ended = False
        self.trouble: str | None = None
        """Why it ended earlier than at the end of the file, in words."""
        self._read: Callable[[int], bytes | None] = getattr(file, "read1", file.read)
        self._window = b""
        self._path = path
        self._follow = follow and path is not None
        self._stop = stop
        self._wait = wait

    @property
    def path(self) -> Path | None:
        """The file's, None for standard input."""
        return self._path

    @property
    def bytes_read(self) -> int:
        return self.offset + len(self._window)

    @property
    def size(self) -> int | None:
        """Bytes in the file at present, None for a pipe."""
        if self._path is None:
            return None
        return self.bytes_read if self.file.closed else os.fstat(self.file.fileno()).st_size

    def close(self) -> None:
        """Close the file; standard input is not ours to close."""
        if self._path is not None:
            self.file.close()

    def advance(self, consumed: int, need: int, *, final: bool = False) -> bytes:
        """Drop `consumed` bytes of the window and return it, grown to `need` bytes if they come.

        It can be shorter for two reasons: the file has `ended`; or, when following, it went on
        after a pause, and then the window may hold other bytes than before, to be looked at anew: a
        recorder that has no room for a whole record takes the half of it back.

        `final`: so far the file is complete, so if nothing at all follows, don't wait for more.
        """
        window = bytearray(self._window[consumed:])
        self.offset += consumed
        while len(window) < need and not self.ended:
            stopping = not self._follow or (self._stop is not None and self._stop.is_set())
            try:
                data = self._read(CHUNK)
            except OSError as error:
                self.trouble = f"reading failed: {error.strerror or error}"
                data = b""
            if data:
                window += data
            elif data is None:  # standard input that does not block
                self._wait(POLL_SECONDS)
            elif self.trouble or stopping or (final and not window) or self._replaced():
                self.ended = True
            else:
                self._wait(POLL_SECONDS)
                self.file.seek(self.offset)
                window.clear()
                need = 1
        self._window = bytes(window)
        return self._window

    def _replaced(self) -> bool:
        """Whether the file followed is no longer the one that was opened; `trouble` says how."""
        if self._path is None:
            return False
        opened = os.fstat(self.file.fileno())
        try:
            named = os.stat(self._path)
        except OSError:
            self.trouble = "it was removed while it was followed"
            return True
        if not os.path.samestat(opened, named):
            self.trouble = "another file took its place while it was followed: start again"
        elif opened.st_size < self.offset:
            self.trouble = f"it was cut to {opened.st_size} bytes while followed: start again"
        return self.trouble is not None


def open_source(
    path: str | os.PathLike[str],
    *,
    follow: bool = False,
    stop: Stop | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> Source:
    """The source at `path`, `-` being standard input. Raises `CannotOpen`, opens nothing odd."""
    path = os.fspath(path)
    if path == "-":
        if sys.stdin.isatty():
            raise CannotOpen("standard input is a terminal: pipe a capture into it, or name a file")
        return Source(sys.stdin.buffer, wait=wait)
    try:
        kind = _kind(os.stat(path))
        if kind is None:
            # Not blocking, in case a named pipe takes the file's place between the two looks.
            file = open(path, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115
            kind = _kind(os.fstat(file.fileno()))
            if kind is None:
                return Source(file, path=Path(path), follow=follow, stop=stop, wait=wait)
            file.close()
    except (OSError, ValueError) as error:
        raise CannotOpen(f"{path}: {_why(error)}") from None
    raise CannotOpen(f"{path}: {kind}")


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _kind(status: os.stat_result) -> str | None:
    """What is wrong with reading such a file, None for a regular one."""
    if stat.S_ISREG(status.st_mode):
        return None
    if stat.S_ISDIR(status.st_mode):
        return "is a folder; name a capture file in it"
    if stat.S_ISFIFO(status.st_mode):
        return "is a pipe; read it as standard input: name the file `-` and redirect the pipe to it"
    return "is a device or socket, not a file; name a capture file, or `-` for standard input"


def _why(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "no such file; check the name"
        case PermissionError():
            return "you may not read it; ask its owner, or run as the user who recorded it"
        case OSError():
            return f"can't be opened: {error.strerror or error}"
        case _:
            return "no file can have such a name"
