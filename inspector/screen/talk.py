"""What a listing remembers of a connection, so that a line can point back to an earlier one."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from inspector.core.events import Framed
from inspector.core.rfc import CLOSE, PEER, PING, Side
from inspector.files.dissect import Connection

MAX_PINGS: Final = 256
"""Pings remembered a side; a Pong that answers an older one is not said to."""


@dataclass(slots=True)
class Talk:
    """One connection, as far as it was listed."""

    connection: Connection
    upgraded: bool = False
    deflate: bool = False
    headed: bool = False
    """Have its columns got their names?"""
    latest: int | None = None
    """Number of the frame shown last."""
    compressed: dict[Side, bool] = field(default_factory=dict)
    """Is the message that a side is sending in fragments compressed?"""
    closes: set[Side] = field(default_factory=set)
    pings: dict[Side, deque[Framed]] = field(default_factory=dict)

    def remember(self, framed: Framed) -> None:
        frame = framed.frame
        self.latest = framed.number
        if frame.opcode == PING:
            self.pings.setdefault(frame.side, deque(maxlen=MAX_PINGS)).appendleft(framed)
        elif frame.opcode == CLOSE:
            self.closes.add(frame.side)
        elif not frame.is_control and frame.opcode:
            self.compressed[frame.side] = frame.rsv1

    def asked(self, pong: Framed) -> Framed | None:
        """The Ping that a Pong answers: the latest with its payload (RFC 6455 §5.5.3)."""
        for ping in self.pings.get(PEER[pong.frame.side], ()):
            if ping.frame.payload == pong.frame.payload:
                return ping
        return None

    def is_compressed(self, framed: Framed) -> bool:
        """Is this frame's payload a part of a compressed message?"""
        frame = framed.frame
        if not self.deflate or frame.is_control:
            return False
        return frame.rsv1 if frame.opcode else self.compressed.get(frame.side, False)
