"""Every bit in words.

`explain` turns bytes into parts, and a part into fields: what it is called in the RFC, which bits
it covers, its value, what that means here, and where it is written. The fields of a part tile it:
no bit is left out, none is told twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from inspector.core.frames import Frame, FrameDecoder, Raw
from inspector.core.handshake import accept_for, negotiated
from inspector.core.heads import Head, head_length, parse_head
from inspector.core.rfc import CLOSE, Side, close_code_words

Kind = Literal["frame", "request", "response", "raw"]
Value = int | str | None


@dataclass(frozen=True, slots=True)
class Field:
    """Bits `bits[0]` up to, not including, `bits[1]`, counted from the first byte explained.

    `value` is a number, or hex for bytes that are no number, or text in heads.
    """

    name: str
    bits: tuple[int, int]
    value: Value
    words: str
    rfc: str

    def moved(self, bits: int) -> "Field":
        """The same field, `bits` further on."""
        return replace(self, bits=(self.bits[0] + bits, self.bits[1] + bits))


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


_LINES: Final = re.compile(rb"[^\n]*\n|[^\n]+")
_HEAD: Final = re.compile(rb"[A-Z]{3,16} +[!-~]|HTTP/")
_NEXT_HEAD: Final = re.compile(rb"(?:[A-Z]{3,16} +[!-~]+ +)?HTTP/[0-9]")
"""After a response, whose body may begin with any words."""


def explain(data: bytes, side: Side | None = None, deflate: bool | None = None) -> list[Part]:
    """Heads and frames standing in a row in `data`, explained.

    `side` is who sent the frames; where it is None the first one's mask bit tells, since clients
    mask and servers don't. `deflate` is whether permessage-deflate was agreed; where it is None a
    response in `data` may tell. Never raises; what is cut short is explained as far as it goes.
    """
    parts: list[Part] = []
    at = 0
    head_begins, refused = _HEAD, False
    while head_begins.match(data, at):
        head = parse_head(data[at : head_length(data, at + 2)])
        kind: Kind = "response" if head.is_response else "request"
        parts.append(Part(kind, _moved(head_fields(head), at * 8), head=head))
        if head.upgrades and deflate is None:
            deflate = negotiated(head).compresses
        refused = head.is_response and not head.upgrades
        head_begins = _NEXT_HEAD if refused else _HEAD
        at += len(head.raw)
    rest = data[at:]
    if rest and refused:
        why = "what follows a response that is no 101: its body, not frames"
        parts.append(_raw_part(rest, at * 8, why, "9112 §6"))
    elif rest:
        parts += _frames(rest, side or _sender(rest), deflate, at * 8)
    return parts


def _sender(data: bytes) -> Side:
    return "client" if len(data) > 1 and data[1] & 0x80 else "server"


def _frames(data: bytes, side: Side, deflate: bool | None, base: int) -> Iterator[Part]:
    decoder = FrameDecoder(side, max_payload=len(data))
    decoder.feed(data)
    while piece := decoder.next_piece():
        yield _part(piece, deflate, base)
    for piece in decoder.end():
        yield _part(piece, deflate, base)


def _part(piece: Frame | Raw, deflate: bool | None, base: int) -> Part:
    start = base + piece.offset * 8
    if isinstance(piece, Raw):
        return _raw_part(piece.data, start, piece.why, "6455 §5.2")
    return Part("frame", _moved(frame_fields(piece, deflate), start), frame=piece)


def _raw_part(data: bytes, start: int, why: str, rfc: str) -> Part:
    field = Field("raw", (start, start + len(data) * 8), data.hex(), why, rfc)
    return Part("raw", (field,), raw=data)


def _moved(fields: list[Field], bits: int) -> tuple[Field, ...]:
    return tuple(field.moved(bits) for field in fields)


# Frames


def frame_fields(frame: Frame, deflate: bool | None = None) -> list[Field]:
    """The fields of one frame (RFC 6455 §5.2), bits counted from its first byte.

    `deflate`: was permessage-deflate agreed on its connection? None where that is not known.
    """
    kind = frame.kind
    fields = [
        Field("fin", (0, 1), int(frame.fin), _fin_words(frame), "6455 §5.4"),
        Field("rsv1", (1, 2), int(frame.rsv1), _rsv1_words(frame, deflate), "7692 §6"),
        Field("rsv2", (2, 3), int(frame.rsv2), _rsv_words(frame.rsv2), "6455 §5.2"),
        Field("rsv3", (3, 4), int(frame.rsv3), _rsv_words(frame.rsv3), "6455 §5.2"),
        Field("opcode", (4, 8), frame.opcode, f"{kind.name}: {kind.words}", kind.rfc),
    ]
    code = frame.length_code
    if code is None:
        return fields
    fields.append(Field("mask", (8, 9), int(bool(frame.masked)), _mask_words(frame), "6455 §5.1"))
    fields.append(Field("length", (9, 16), code, _length_words(code), "6455 §5.2"))
    extended_end = 2 + {126: 2, 127: 8}.get(code, 0)
    extended = frame.header[2:extended_end]
    if extended:
        bits = (16, 16 + len(extended) * 8)
        value, words = int.from_bytes(extended), _extended_words(frame)
        fields.append(Field("extended_length", bits, value, words, "6455 §5.2"))
    if key := frame.header[extended_end:]:
        bits = (extended_end * 8, len(frame.header) * 8)
        words = "XORed over the payload, byte i with key byte i mod 4"
        if len(key) < 4:
            words = f"only {len(key)} of the key's 4 bytes came"
        fields.append(Field("masking_key", bits, key.hex(), words, "6455 §5.3"))
    if frame.wire_payload:
        start = len(frame.header) * 8
        bits = (start, start + len(frame.wire_payload) * 8)
        words, rfc = _payload_words(frame)
        fields.append(Field("payload", bits, frame.wire_payload.hex(), words, rfc))
    return fields


def _fin_words(frame: Frame) -> str:
    if frame.is_control:
        return "a control frame is always whole" if frame.fin else "a control frame must be whole"
    if frame.opcode == 0:
        return "last frame of its message" if frame.fin else "a fragment; more follow"
    if frame.fin:
        return "last frame of its message, here the only one"
    return "first fragment of its message; more follow"


def _rsv1_words(frame: Frame, deflate: bool | None) -> str:
    must = "has to be 0: " if frame.rsv1 else ""
    if frame.is_control:
        return f"{must}no control frame is ever compressed"
    if frame.opcode == 0:
        return f"{must}the first frame of a message says if it is compressed"
    if not frame.rsv1:
        return "not compressed"
    if deflate is None:
        return "compressed, if permessage-deflate was agreed; else it has to be 0"
    return "compressed, as was agreed" if deflate else "has to be 0: compression was not agreed"


def _rsv_words(bit: bool) -> str:
    return "has to be 0: no extension uses it" if bit else "reserved, 0"


def _mask_words(frame: Frame) -> str:
    if frame.side == "client":
        return "a client masks every frame" if frame.masked else "a client must mask every frame"
    return "a server must not mask" if frame.masked else "a server does not mask"


def _length_words(code: int) -> str:
    if code == 126:
        return "126: the length stands in the next 2 bytes"
    if code == 127:
        return "127: the length stands in the next 8 bytes"
    return f"{code} {_bytes(code)} of payload; up to 125 fit these 7 bits"


def _extended_words(frame: Frame) -> str:
    if frame.length is None:
        announced = 2 if frame.length_code == 126 else 8
        return f"cut short: only {len(frame.header) - 2} of the length's {announced} bytes came"
    least = 126 if frame.length_code == 126 else 65536
    words = f"{frame.length} {_bytes(frame.length)} of payload"
    if frame.length >> 63:
        return f"{words}: the highest bit has to be 0"
    if frame.length < least:
        return f"{words}, which would have fitted a shorter form: not allowed"
    return words


def _payload_words(frame: Frame) -> tuple[str, str]:
    size = len(frame.wire_payload)
    came = f"{size} {_bytes(size)}"
    if not frame.complete and frame.length is not None:
        came = f"{size} of {frame.length} bytes, the rest did not come"
    if frame.masked:
        came += ", masked"
    if frame.opcode == CLOSE and size >= 2:
        code = int.from_bytes(frame.payload[:2])
        reason = "and a reason" if size > 2 else "and no reason"
        return f"{came}: close code {code} ({close_code_words(code)}) {reason}", "6455 §5.5.1"
    return came, "6455 §5.3" if frame.masked else "6455 §5.2"


def _bytes(count: int) -> str:
    return "byte" if count == 1 else "bytes"


# Heads

_FIELD_WORDS: Final[dict[str, tuple[str, str]]] = {
    "host": ("which of the server's hosts is meant", "9110 §7.2"),
    "upgrade": ("may we change the protocol?", "6455 §4.1(5)"),
    "connection": ("Upgrade is meant for the next hop only", "6455 §4.1(6)"),
    "sec-websocket-key": ("16 random bytes in base64: prove that you read this", "6455 §4.1(7)"),
    "sec-websocket-version": ("the version of the protocol: 13 is RFC 6455", "6455 §4.1(9)"),
    "sec-websocket-protocol": ("subprotocol: what the messages mean", "6455 §1.9"),
    "sec-websocket-extensions": ("extensions: how frames are changed on the way", "6455 §9.1"),
    "sec-websocket-accept": ("the proof: base64(SHA-1(key + GUID))", "6455 §4.2.2(5.4)"),
    "origin": ("the page that asks; the server may refuse it", "6455 §10.2"),
    "cookie": ("what the server asked to be reminded of", "6265 §5.4"),
    "user-agent": ("the program that asks", "9110 §10.1.5"),
    "content-length": ("bytes of the body", "9110 §8.6"),
    "content-type": ("what the body is", "9110 §8.3"),
    "server": ("the program that answers", "9110 §10.2.4"),
    "date": ("when the answer was made", "9110 §6.6.1"),
}


def head_fields(head: Head) -> list[Field]:
    """The fields of a request's or response's head, bits counted from its first byte.

    Start line: its words and the spaces between them. Field lines: `name`, `colon`, `value`.
    Every line ends in a `line_end`, the head in an `empty_line`.
    """
    fields: list[Field] = []
    at = 0
    for number, line in enumerate(_LINES.findall(head.raw)):
        body = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
        for name, piece, words, rfc in _line(number, body, line[len(body) :], head):
            if piece:
                bits = (at * 8, (at + len(piece)) * 8)
                fields.append(Field(name, bits, piece.decode("iso-8859-1"), words, rfc))
                at += len(piece)
    return fields


_Piece = tuple[str, bytes, str, str]


def _line(number: int, body: bytes, ending: bytes, head: Head) -> Iterator[_Piece]:
    if number == 0:
        yield from _start_line(body, head)
    elif body:
        yield from _field_line(body)
    else:
        words = "an empty line ends the head: from the next byte on, what was agreed"
        yield "empty_line", ending, words, "9112 §2.1"
        return
    yield "line_end", ending, "CR LF" if ending == b"\r\n" else "not CR LF", "9112 §2.2"


def _start_line(body: bytes, head: Head) -> Iterator[_Piece]:
    names = ("version", "status", "reason") if head.is_response else ("method", "target", "version")
    rfc = "9112 §4" if head.is_response else "9112 §3"
    rest = body
    for name in names:
        if name != names[0]:
            # A reason may begin with blanks of its own.
            bare = rest.removeprefix(b" ") if name == "reason" else rest.lstrip(_BLANKS)
            gap, rest = rest[: len(rest) - len(bare)], bare
            yield "space", gap, "one space" if gap == b" " else "has to be one space", rfc
        word = rest if name == names[-1] else _WORD.match(rest)[0]  # type: ignore[index]
        yield name, word, *_START_WORDS[name]
        rest = rest[len(word) :]


_BLANKS: Final = b" \t\v\f\r"
_WORD: Final = re.compile(rb"[^ \t\v\f\r]*")
_START_WORDS: Final = {
    "method": ("a WebSocket's request is a GET", "6455 §4.1(2)"),
    "target": ("which resource is asked for", "6455 §4.1(3)"),
    "version": ("the HTTP version: an upgrade needs at least 1.1", "6455 §4.1(2)"),
    "status": ("101 agrees to change the protocol; all else does not", "6455 §4.2.2(5.1)"),
    "reason": ("the status in words, for people", "9112 §4"),
}


def _field_line(body: bytes) -> Iterator[_Piece]:
    name, colon, value = body.partition(b":")
    lower = name.strip().lower().decode("iso-8859-1")
    words, rfc = _FIELD_WORDS.get(lower, ("not a part of the WebSocket handshake", "9110 §5.1"))
    yield "name", name, words, rfc
    yield "colon", colon, "ends the name", "9112 §5"
    rest = value.lstrip(b" \t")
    bare = rest.rstrip(b" \t")
    space = "optional white space", "9112 §5.1"
    if lower == "sec-websocket-key":
        words = f"the server has to answer {accept_for(bare.decode('iso-8859-1'))}"
    yield "white_space", value[: len(value) - len(rest)], *space
    yield "value", bare, words, rfc
    yield "white_space", rest[len(bare) :], *space
