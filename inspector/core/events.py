"""What a conversation tells, in the order in which it became known."""

from dataclasses import dataclass
from typing import Literal

from inspector.core.findings import Finding
from inspector.core.frames import Frame, Raw
from inspector.core.handshake import AcceptProof, Agreement
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.core.messages import Message
from inspector.core.rfc import Side

How = Literal["fin", "rst"] | None
"""How a TCP direction ended; None where that is not known."""


@dataclass(slots=True)
class Opened:
    """A handshake, answered or not, and the time at which that was known; `requested` is when the
    last byte of its request came.

    Comes before everything else of its connection. One that was refused may be followed by another.
    The request is None where only its 101 was captured. `midstream`: neither was, and the frames
    alone show that this is a WebSocket.
    """

    request: Head | None
    response: Head | None
    time: float
    proof: AcceptProof
    agreement: Agreement
    requested: float | None = None
    early: int = 0
    """Bytes that the client sent after its request before the 101 had come whole."""
    midstream: bool = False

    @property
    def upgraded(self) -> bool:
        return self.midstream or (self.response is not None and self.response.upgrades)


@dataclass(slots=True)
class Framed:
    """A frame, its number in its connection, and the time of its last byte.

    `message` is the number of the message it belongs to; for a fragment it becomes known with the
    last one, and is filled in then.
    """

    number: int
    frame: Frame
    time: float
    message: int | None = None


@dataclass(slots=True)
class Messaged:
    """A whole message, after its last frame; its time is that frame's."""

    number: int
    message: Message
    time: float


@dataclass(frozen=True, slots=True)
class Gap:
    """`size` bytes of a direction are not in the capture, from `offset` on; noticed at `time`."""

    side: Side
    offset: int
    size: int
    time: float


@dataclass(slots=True)
class Ended:
    """One direction of TCP came to its end."""

    side: Side
    how: How
    time: float


@dataclass(slots=True)
class Closed:
    """How it all ended. Nothing of its connection comes after it."""

    closed_by: Side | None
    code: int | None
    reason: str | None
    clean: bool


Event = Opened | Framed | Messaged | Finding | Raw | Gap | Ended | Closed | Exchange
