"""A connection whose beginning is not in the capture: is it a WebSocket?

Its bytes are kept until that is known, of both sides and in their order, and are then read anew as
what they are. Frames show it by themselves (`resync`); a head of HTTP, or TLS, shows that it is
none, or none yet. After `MAX_KEPT` bytes without either, it is taken for something else.

Who is the client was a guess of whoever read the packets: masks know better.
"""

import re
from typing import Final, Literal, NamedTuple

from inspector.core.events import How
from inspector.core.resync import WANTED, WANTED_UNKNOWN, Search
from inspector.core.rfc import PEER, SIDES, Side

MAX_KEPT: Final = 256 * 1024
"""Bytes of both sides together."""

_HEAD: Final = re.compile(rb"HTTP/1\.[01](?: \d\d\d|\r?\n)")
_HEAD_LENGTH: Final = 12
_NO_FRAMES: Final = re.compile(rb"[A-Z]{3,20} (?:/|\*|http)|[\x14-\x17]\x03[\x00-\x04]")
"""What the first bytes of a side show not to be frames: a request, a record of TLS."""
_LONGEST_START: Final = 25

Verdict = Literal["frames", "other"]


class Kept(NamedTuple):
    """A step of the connection: `value` is its bytes, the size of a gap, or how a side ended."""

    kind: Literal["bytes", "gap", "end"]
    side: Side
    value: bytes | int | How
    time: float


class _Evidence:
    """What one side's bytes say, since the last gap in them."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.levels = {True: 0, False: 0}
        """By whether it masks: 0 nothing, 1 enough if the other side says the same, 2 enough."""
        self._searches: list[tuple[bool, int, Search]] = []
        self.restart()

    def restart(self) -> None:
        """What comes next does not go on where the last byte stood."""
        self.data.clear()
        self._searches = [
            (masked, level, Search(masked, wanted))
            for masked in (True, False)
            for level, wanted in ((1, WANTED), (2, WANTED_UNKNOWN[masked]))
        ]

    def look(self, *, final: bool = False) -> None:
        for masked, level, search in self._searches:
            if level > self.levels[masked] and search.look(self.data, final=final):
                self.levels[masked] = level


class Midstream:
    """Keep what comes until there is a `verdict`; then `kept` is to be read anew."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.verdict: Verdict | None = None
        self.swapped = False
        """Does the server, as was guessed, mask its frames? Then it is the client."""
        self._size = 0
        self._ended: set[Side] = set()
        self._evidence: dict[Side, _Evidence] = {side: _Evidence() for side in SIDES}
        self._begun: set[Side] = set()
        """Sides whose first bytes may still show that they are no frames: not any more."""

    def take(self, step: Kept) -> None:
        """The next step of the connection."""
        self.kept.append(step)
        evidence = self._evidence[step.side]
        if isinstance(step.value, bytes):
            data = step.value[: MAX_KEPT - self._size]
            self._size += len(data)
            self._receive(step.side, evidence, data)
            full = self._size == MAX_KEPT
        else:
            evidence.look(final=True)
            self._weigh()
            evidence.restart()
            self._begun.add(step.side)
            if step.kind == "end":
                self._ended.add(step.side)
            full = len(self._ended) == 2 or step.value == "rst"
        if full and self.verdict is None:
            self.verdict = "other"

    def finish(self) -> None:
        """No more comes."""
        for evidence in self._evidence.values():
            evidence.look(final=True)
        self._weigh()
        self.verdict = self.verdict or "other"

    def _receive(self, side: Side, evidence: _Evidence, data: bytes) -> None:
        before = len(evidence.data)
        evidence.data += data
        if side not in self._begun:
            if _NO_FRAMES.match(evidence.data):
                self.verdict = "other"
                return
            if len(evidence.data) >= _LONGEST_START:
                self._begun.add(side)
        if _HEAD.search(evidence.data, max(0, before - _HEAD_LENGTH)) is None:
            evidence.look()
            self._weigh()
            return
        del evidence.data[before:]  # what came first, the head or enough frames?
        for octet in data:
            evidence.data.append(octet)
            evidence.look()
            self._weigh()
            start = max(0, len(evidence.data) - _HEAD_LENGTH - 1)
            if self.verdict is None and _HEAD.search(evidence.data, start):
                self.verdict = "other"
            if self.verdict is not None:
                return

    def _weigh(self) -> None:
        """Is it enough? The client is the side that masks."""
        for client in SIDES:
            levels = self._evidence[client].levels[True], self._evidence[PEER[client]].levels[False]
            if max(levels) == 2 or min(levels) == 1:
                self.verdict, self.swapped = "frames", client == "server"
                return
