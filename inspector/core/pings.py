"""Pings of one side, and the Pongs that answer them (RFC 6455 §5.5.2, §5.5.3).

A Pong repeats the payload of the Ping it answers. A peer may answer only the latest of several, so
a Pong answers every Ping before that one, too. Pings with equal payloads can not be told apart: one
Pong leaves none of them unanswered, and as many Pongs as there were Pings are no surprise.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspector.core.frames import Frame
from inspector.core.rfc import MAX_CONTROL_PAYLOAD

MAX_PINGS: Final = 1_024
"""Waiting Pings that are remembered; when there are more, the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Ping:
    """A Ping by its frame's number and offset. One that is excused may stay without a Pong."""

    number: int
    offset: int
    payload: bytes
    excused: bool


def echo(frame: Frame) -> bytes:
    """What a Pong repeats of a Ping. What no control frame may carry is not compared."""
    return frame.payload[:MAX_CONTROL_PAYLOAD]


class Pings:
    """The Pings of one side that wait for a Pong of its peer."""

    def __init__(self) -> None:
        self._waiting: deque[Ping] = deque()
        self._latest: dict[bytes, int] = {}
        """For each payload that waits, the number of the last Ping with it."""
        self._answered = 0
        """Number of the last Ping that has its answer; those before have theirs, too."""

    def add(self, ping: Ping) -> None:
        """Another Ping was sent."""
        if len(self._waiting) == MAX_PINGS:
            self._forget_oldest()
        self._waiting.append(ping)
        self._latest[ping.payload] = ping.number

    def answer(self, payload: bytes) -> None:
        """A Pong with this payload came back."""
        if payload in self._latest:
            self._answered = max(self._answered, self._latest[payload])
            while self._forget_oldest().payload != payload:
                pass

    def expects(self, payload: bytes) -> bool:
        """Is there a Ping that a Pong with this payload could answer?"""
        return payload in self._latest

    @property
    def oldest(self) -> Ping | None:
        """The first that has no answer."""
        return next(self.unanswered(), None)

    def unanswered(self) -> Iterator[Ping]:
        """Those that have no answer, in order."""
        if self._waiting and self._waiting[-1].number > self._answered:
            yield from (ping for ping in self._waiting if ping.number > self._answered)

    def _forget_oldest(self) -> Ping:
        oldest = self._waiting.popleft()
        if self._latest[oldest.payload] == oldest.number:
            del self._latest[oldest.payload]
        return oldest
