"""Bytes that came before their turn, kept out of memory once they are many."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Final

IN_MEMORY: Final = 1 << 20
BLOCK: Final = 64 << 10
"""Bytes: kept in memory, and handed out at a time."""


class Spill:
    """A run of bytes of one stream, from the offset `begins` up to `ends`."""

    def __init__(self, begins: int, data: bytes) -> None:
        self.begins = self.ends = begins
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed when it was read)
        self.add(data)

    def add(self, data: bytes) -> None:
        """What follows."""
        self._file.write(data)
        self.ends += len(data)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def blocks(self) -> Iterator[bytes]:
        """All of it, once."""
        with self._file:
            self._file.seek(0)
            while data := self._file.read(BLOCK):
                yield data
