"""One side's frames on one leg in a few letters, so that a failed check can show what it asked.

    A B( ping1 B- B) C        two messages of one frame, one in three, a Ping amid

The same letter or number is the same content, on both legs.
"""

from __future__ import annotations

from itertools import count
from string import ascii_uppercase
from typing import Final

from .legs import Frame, units

NAMES: Final = {8: "close", 9: "ping", 10: "pong"}


class Shapes:
    """What was named so far."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, bytes], str] = {}
        self._letters = (
            letter + (str(round) if round else "")
            for round in count()
            for letter in ascii_uppercase
        )
        self._numbers = count(1)

    def of(self, frames: list[Frame]) -> str:
        told = ["?"] * len(frames)
        for unit in units(frames):
            name = self._name(unit.opcode, unit.content)
            if unit.opcode >= 8 or len(unit.lengths) == 1:
                told[unit.first - 1] = name
                continue
            told[unit.first - 1], told[unit.last - 1] = f"{name}(", f"{name})"
            for at in range(unit.first, unit.last - 1):
                if frames[at]["opcode"] == 0:
                    told[at] = f"{name}-"
        return " ".join(told) or "nothing"

    def _name(self, opcode: int, content: bytes) -> str:
        if (opcode, content) not in self._names:
            kind = NAMES.get(opcode)
            name = f"{kind}{next(self._numbers)}" if kind else next(self._letters)
            self._names[opcode, content] = name
        return self._names[opcode, content]
