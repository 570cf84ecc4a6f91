"""Messages out of frames (RFC 6455 §5.4), one direction at a time.

A message is one data frame or several: the first says what it is, continuations add to it, FIN
ends it. Control frames may stand between fragments and belong to no message.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from inspector.core.deflate import Inflated, Inflater
from inspector.core.frames import MAX_PAYLOAD, Frame
from inspector.core.rfc import BINARY, CONTINUATION, TEXT, Side

MAX_FRAGMENTS: Final = 10_000
"""Fragments of one message from which on it is called a flood (RFC 6455 §10.4)."""

MAX_NUMBERS: Final = 1_000_000
"""Frames of one message whose numbers are kept."""


@dataclass(slots=True)
class Message:
    """A whole message. `frames` are the numbers of its frames, `payload` what they carried joined.

    `data` is the inflated content, `valid` whether it is whole and, for text, UTF-8. Where it was
    too large to keep, `valid` is None, `payload` and `data` are empty. `inflated` is there for a
    compressed one. `first` is its first frame.
    """

    side: Side
    kind: Literal["text", "binary"]
    frames: tuple[int, ...]
    payload: bytes
    data: bytes
    valid: bool | None
    first: Frame
    inflated: Inflated | None = None
    utf8_fault: UnicodeDecodeError | None = field(default=None, compare=False)

    @property
    def compressed(self) -> bool:
        return self.inflated is not None

    @property
    def length(self) -> int | None:
        """Bytes of its (inflated) content; None where it was too large to keep."""
        return None if self.valid is None else len(self.data)

    @property
    def text(self) -> str | None:
        return self.data.decode() if self.kind == "text" and self.valid else None


@dataclass(slots=True)
class OpenMessage:
    """A message whose last fragment has not come yet; with the numbers of its frames so far."""

    first: Frame
    numbers: list[int] = field(default_factory=list)
    count: int = 0
    content: bytearray | None = field(default_factory=bytearray)
    """The payloads joined; None once they are too large to keep."""

    def add(self, number: int, frame: Frame) -> None:
        self.count += 1
        if self.count <= MAX_NUMBERS:
            self.numbers.append(number)
        if self.content is not None:
            self.content += frame.payload
            if frame.spilled or len(self.content) > MAX_PAYLOAD:
                self.content = None


class MessageAssembler:
    """One direction's messages: `add` each frame; a message comes back with its last one."""

    def __init__(self, side: Side, inflater: Inflater | None = None) -> None:
        self.side: Side = side
        self.inflater = inflater
        self.open: OpenMessage | None = None
        self.unsure = False
        """May a message be open whose first frame was not seen?"""

    def miss(self, why: str) -> None:
        """Frames are missing: nobody knows which messages they began or ended."""
        self.open = None
        self.unsure = True
        if self.inflater is not None:
            self.inflater.forget(why)

    def add(self, number: int, frame: Frame) -> Message | None:
        """The next frame of this direction, with its number; control frames pass through."""
        if frame.opcode > BINARY or not frame.complete:
            return None
        self.unsure = self.unsure and frame.opcode == CONTINUATION and not frame.fin
        if frame.opcode != CONTINUATION:
            if frame.fin:  # a fragmented message that is open stays so: that is a finding, too
                content = None if frame.spilled else frame.payload
                return self._finish((number,), frame, content)
            self.abandon()
            self.open = OpenMessage(frame)
        if self.open is None:
            return None
        self.open.add(number, frame)
        if not frame.fin:
            return None
        whole, self.open = self.open, None
        content = None if whole.content is None else bytes(whole.content)
        return self._finish(tuple(whole.numbers), whole.first, content)

    def abandon(self) -> OpenMessage | None:
        """The open message, if there is one: it will not be finished any more."""
        left, self.open = self.open, None
        if left is not None and left.first.rsv1 and self.inflater is not None:
            self.inflater.lose("a compressed message was not finished")
        return left

    def _finish(self, numbers: tuple[int, ...], first: Frame, content: bytes | None) -> Message:
        kind: Literal["text", "binary"] = "text" if first.opcode == TEXT else "binary"
        inflater = self.inflater if first.rsv1 else None
        if content is None:
            inflated = None
            if inflater is not None:
                inflated = inflater.lose("a compressed message was too large to keep")
            return Message(self.side, kind, numbers, b"", b"", None, first, inflated)
        inflated = None if inflater is None else inflater.message(content)
        data = content if inflated is None else inflated.data
        whole = inflated is None or inflated.whole
        fault = utf8_fault(data) if kind == "text" and whole else None
        valid = whole and fault is None
        return Message(self.side, kind, numbers, content, data, valid, first, inflated, fault)


def utf8_fault(data: bytes) -> UnicodeDecodeError | None:
    """Where `data` stops being UTF-8; None where it is all UTF-8 (RFC 6455 §8.1)."""
    try:
        data.decode()
    except UnicodeDecodeError as fault:
        return fault
    return None
