"""Every bit in words.

`explain` turns bytes into parts, and a part into fields: what it is called in the RFC, which bits
it covers, its value, what that means here, and where it is written. The fields of a part tile it:
no bit is left out, none is told twice.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from inspector.core.fields import Field, moved
from inspector.core.frame_fields import frame_fields
from inspector.core.frames import Frame, FrameDecoder, Raw
from inspector.core.handshake import Agreement, negotiated
from inspector.core.head_fields import head_fields
from inspector.core.heads import Head, head_length, parse_head
from inspector.core.http1 import body_framing
from inspector.core.late_http import LateResponse, begins_http
from inspector.core.rfc import CLOSE, Side

__all__ = ["Field", "Kind", "Part", "agreed_in", "explain", "frame_fields", "head_fields"]

Kind = Literal["frame", "request", "response", "raw"]


@dataclass(frozen=True, slots=True)
class Part:
    """A frame, a head, or bytes that are neither, with its fields in order."""

    kind: Kind
    fields: tuple[Field, ...]
    frame: Frame | None = None
    head: Head | None = None
    raw: bytes = b""

    @property
    def wire(self) -> bytes:
        if self.frame is not None:
            return self.frame.wire
        return self.head.raw if self.head is not None else self.raw


_BLANK: Final = re.compile(rb"(?:\r?\n)+")
_HEAD: Final = re.compile(rb"[A-Z]{3,16} +[!-~]|HTTP/")
_NEXT_HEAD: Final = re.compile(rb"(?:[A-Z]{3,16} +[!-~]+ +)?HTTP/[0-9]")
"""After a response, whose body may begin with any words."""


def explain(data: bytes, side: Side | None = None, deflate: bool | None = None) -> list[Part]:
    """Heads and frames standing in a row in `data`, explained.

    `side` is who sent the frames; where it is None each one's mask bit tells, since clients mask
    and servers don't. `deflate` is whether permessage-deflate was agreed; where it is None a
    response in `data` may tell. Never raises; what is cut short is explained as far as it goes.
    """
    reader = _Reader(data, side, deflate)
    reader.heads()
    reader.frames()
    return reader.parts


def agreed_in(heads: Iterable[Head]) -> Agreement | None:
    """What the first 101 among heads agreed to; None where there is none."""
    return next((negotiated(head) for head in heads if head.upgrades), None)


def head_part(head: Head, request: Head | None = None, start: int = 0) -> Part:
    """A head explained; `request` is what a response answers, `start` its first bit."""
    kind: Kind = "response" if head.is_response else "request"
    return Part(kind, moved(head_fields(head, request), start), head=head)


def raw_part(data: bytes, why: str, rfc: str, start: int = 0) -> Part:
    """Bytes that are no frame and no head."""
    field = Field("raw", (start, start + len(data) * 8), data.hex(), why, rfc)
    return Part("raw", (field,), raw=data)


class _Reader:
    """Reads `data` from its beginning to its end; `parts` is what was found."""

    def __init__(self, data: bytes, side: Side | None, deflate: bool | None) -> None:
        self.data = data
        self.side = side
        self.deflate = deflate
        self.parts: list[Part] = []
        self.at = 0
        self.request: Head | None = None
        """The last one, as long as it has no answer."""

    def heads(self) -> None:
        """All heads, with their bodies, up to where frames begin."""
        begins, last = _HEAD, None
        while True:
            blank = _BLANK.match(self.data, self.at)
            if blank and begins.match(self.data, blank.end()):
                self._raw(blank.end(), "empty lines before a head: passed over", "9112 §2.2")
            if not begins.match(self.data, self.at):
                break
            last = self._head(self.data[self.at : head_length(self.data, self.at + 2)])
            begins = _HEAD
            if not last.upgrades and (last.is_response or body_framing(last)[0] != "none"):
                begins = _NEXT_HEAD
                self._body(last)
        if last is not None and last.is_response and not last.upgrades:
            self._raw(len(self.data), _BODY, "9112 §6")

    def _head(self, raw: bytes) -> Head:
        head = parse_head(raw)
        request = self.request if head.is_response else None
        self.parts.append(head_part(head, request, self.at * 8))
        self.at += len(raw)
        final = head.status is None or head.status == 101 or head.status >= 200
        if not head.is_response:
            self.request = head
        elif final:
            self.request = None
        if self.deflate is None and (agreed := agreed_in([head])) is not None:
            self.deflate = agreed.compresses
        return head

    def _body(self, head: Head) -> None:
        """Its body, if it is there whole: heads are often pasted without."""
        if _NEXT_HEAD.match(self.data, self.at):
            return
        framing, length = body_framing(head)
        end = self.at + length
        if framing == "length" and (end == len(self.data) or _NEXT_HEAD.match(self.data, end)):
            self._raw(end, _BODY if head.is_response else "the body of the request", "9112 §6.2")

    def frames(self) -> None:
        """What is left: frames, and a late HTTP response among them."""
        rest = self.data[self.at :]
        decoder = FrameDecoder(self.side or "client", max_payload=len(rest))
        decoder.feed(rest)
        closing = False
        while True:
            if closing and begins_http(decoder) and (late := _late(decoder)) is not None:
                self._late(late)
                continue
            piece = decoder.next_piece()
            if piece is None:
                break
            self._piece(piece)
            closing = closing or (isinstance(piece, Frame) and piece.opcode == CLOSE)
        for piece in decoder.end():
            self._piece(piece)

    def _piece(self, piece: Frame | Raw) -> None:
        start = self.at * 8
        if isinstance(piece, Raw):
            self.parts.append(raw_part(piece.data, piece.why, "6455 §5.2", start))
            self.at += len(piece.data)
            return
        side: Side = self.side or ("client" if piece.masked else "server")
        frame = piece if piece.side == side else piece._replace(side=side)
        fields = moved(frame_fields(frame, self.deflate), start)
        self.parts.append(Part("frame", fields, frame=frame))
        self.at += len(frame.wire)

    def _late(self, data: bytes) -> None:
        """An HTTP response after a Close: its head in words, its body as it is."""
        size = head_length(data) or len(data)
        self._head(data[:size])
        if len(data) > size:
            self._raw(self.at + len(data) - size, _BODY, "9112 §6")

    def _raw(self, end: int, why: str, rfc: str) -> None:
        if end > self.at:
            self.parts.append(raw_part(self.data[self.at : end], why, rfc, self.at * 8))
            self.at = end


_BODY: Final = "what follows a response that is no 101: its body, not frames"


def _late(decoder: FrameDecoder) -> bytes | None:
    """The bytes of a late response, taken from the decoder; None if it is none, or has no end."""
    late = LateResponse()
    late.read(decoder)
    return decoder.skip(late.size, "").data if late.size else None
