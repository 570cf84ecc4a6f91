"""One after another: pieces of several blocks come in any order, and are written block by block.

A block is what there is to show of one connection. The first that is still going on is written as
its pieces come; those of the others wait until it is over, in memory as long as they are few, then
in a temporary file. So a capture of any size takes the memory of a small one.
"""

import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final, Self

from inspector.screen.unwritable import CannotWrite

MAX_WAITING: Final = 8 * 1024 * 1024
"""Characters that wait in memory, over all blocks."""


@dataclass(slots=True)
class _Block:
    texts: list[str] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    """Where in the file what came before `texts` stands: offset and bytes."""
    over: bool = False


class InTurn:
    """Give pieces with `take`, and call `finish` when no more comes. A context manager."""

    def __init__(self, write: Callable[[str], object], most: int = MAX_WAITING) -> None:
        self._write = write
        self._most = most
        self._order: deque[_Block] = deque()
        """Blocks that are not written whole, by their first piece."""
        self._open: dict[int, _Block] = {}
        """Those of them that go on."""
        self._waiting = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def take(self, block: int, text: str, *, over: bool = False) -> None:
        """The next piece of a block; with `over` the last one. Raises `CannotWrite`."""
        one = self._open.get(block)
        if one is None:
            one = self._open[block] = _Block()
            self._order.append(one)
        if one is self._order[0]:
            self._write(text)
        else:
            one.texts.append(text)
            self._waiting += len(text)
        if over:
            one.over = True
            del self._open[block]
            self._proceed()
        if self._waiting > self._most:
            self._put_aside()

    def finish(self) -> None:
        """No more comes: write what waits."""
        for one in self._open.values():
            one.over = True
        self._open.clear()
        self._proceed()

    def _proceed(self) -> None:
        """Write what can be written now: up to the first block that goes on, and what it has."""
        while self._order and self._order[0].over:
            self._order.popleft()
            if self._order:
                self._release(self._order[0])

    def _release(self, one: _Block) -> None:
        if self._file is not None:
            for start, size in one.places:
                self._file.seek(start)
                self._write(self._file.read(size).decode())
        for text in one.texts:
            self._waiting -= len(text)
            self._write(text)
        one.places, one.texts = [], []

    def _put_aside(self) -> None:
        """All that waits in memory goes to the file."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="ws101-")  # noqa: SIM115
            end = self._file.seek(0, 2)
            for one in self._order:
                if one.texts:
                    data = "".join(one.texts).encode()
                    self._file.write(data)
                    one.places.append((end, len(data)))
                    one.texts = []
                    end += len(data)
        except OSError as error:
            words = error.strerror or str(error)
            raise CannotWrite(f"can't keep what has to wait for its turn: {words}") from None
        self._waiting = 0
