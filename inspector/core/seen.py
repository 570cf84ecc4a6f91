"""What has been seen of a connection so far: all that a rule may ask about besides the frame.

Rules look at a frame before it is taken in here, so "before" in a rule's words means before.
Everything that could grow with the length of a connection has a cap.
"""

from dataclasses import dataclass, field
from typing import Final

from inspector.core.deflate import Inflater
from inspector.core.frames import Frame
from inspector.core.handshake import Agreement, Deflate
from inspector.core.life import Life
from inspector.core.messages import MessageAssembler
from inspector.core.pings import Ping, Pings, echo
from inspector.core.rfc import CLOSE, PEER, PING, PONG, SIDES, Side

MAX_KEYS: Final = 65_536
"""Masking keys remembered a direction, at least; at most it is twice as many."""


@dataclass(slots=True)
class Keys:
    """The masking keys of one side: which were used, and whether they are counted up."""

    frames: dict[bytes, int] = field(default_factory=dict)
    """Keys, each with the number of the frame that used it last: up to MAX_KEYS of them."""
    earlier: dict[bytes, int] = field(default_factory=dict)
    """As many before those."""
    last: int | None = None
    """The last frame's key as a 32-bit number; None where it had none."""
    step: int = 0
    row: int = 0
    """Keys in a row of which each is `step` more than the one before it."""

    def step_to(self, key: bytes) -> int:
        """From the last key to this one, modulo 2 to the power of 32; 0 where there was none."""
        return 0 if self.last is None else (int.from_bytes(key) - self.last) % 2**32

    def take(self, number: int, key: bytes | None) -> None:
        """Frame `number` was masked with `key`, or not masked."""
        if key is None:
            self.last, self.step, self.row = None, 0, 0
            return
        step = self.step_to(key)
        self.row = self.row + 1 if step == self.step and self.row > 1 else min(self.row, 1) + 1
        self.step = step
        self.last = int.from_bytes(key)
        self.frames[key] = number
        if len(self.frames) == MAX_KEYS:
            self.frames, self.earlier = {}, self.frames

    def frame(self, key: bytes) -> int | None:
        """Number of the last frame that was masked with this key, as far as it is remembered."""
        return self.frames.get(key) or self.earlier.get(key)


@dataclass(frozen=True, slots=True)
class NumberedFrame:
    number: int
    frame: Frame


@dataclass(slots=True)
class Direction:
    """What one side has sent."""

    side: Side
    assembler: MessageAssembler
    close: NumberedFrame | None = None
    """Its first Close."""
    pings: Pings = field(default_factory=Pings)
    keys: Keys = field(default_factory=Keys)


class Seen:
    """Both directions, what was agreed, and the life of the connection."""

    def __init__(self, agreement: Agreement, life: Life) -> None:
        self.agreement = agreement
        self.life = life
        self.closing = False
        """Has either side sent a Close?"""
        self.unread: set[Side] = set()
        """Sides of which bytes were not read: what they did not send, nobody knows."""
        self._directions = {side: self._direction(side) for side in SIDES}

    def _direction(self, side: Side) -> Direction:
        agreed = self.agreement.deflate
        return Direction(side, MessageAssembler(side, Inflater(agreed[side]) if agreed else None))

    def miss(self, side: Side, why: str) -> None:
        """Bytes of this side were not read as frames: what they did is not known."""
        self.unread.add(side)
        assembler = self.of(side).assembler
        if not self.agreement.known and assembler.inflater is None:
            assembler.inflater = Inflater(Deflate())
        assembler.miss(why)

    def of(self, side: Side) -> Direction:
        return self._directions[side]

    def peer(self, side: Side) -> Direction:
        return self._directions[PEER[side]]

    def take(self, number: int, frame: Frame) -> None:
        """The rules have looked at this whole frame: it belongs to the past now."""
        own, peer = self.of(frame.side), self.peer(frame.side)
        if frame.side == "client":
            own.keys.take(number, frame.masking_key)
        if frame.opcode == CLOSE:
            own.close = own.close or NumberedFrame(number, frame)
            self.closing = True
            self.life.step(frame.side, "close")
        elif frame.opcode == PING:
            excused = own.close is not None or peer.close is not None  # RFC 6455 §5.5.2
            own.pings.add(Ping(number, frame.offset, echo(frame), excused))
        elif frame.opcode == PONG:
            peer.pings.answer(echo(frame))
