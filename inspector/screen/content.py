"""What a frame's line says of its content, in a few words."""

from functools import cache

from inspector.core.frames import Frame
from inspector.core.messages import Message
from inspector.core.rfc import CLOSE, close_code_words
from inspector.core.rules.closing import close_code, close_reason
from inspector.core.safe import safe_bytes
from inspector.screen.words import hexed, quoted


def flags(frame: Frame, deflate: bool) -> str:
    """The bits of byte 0 that are worth a word: FIN as a rule, but on control frames its lack."""
    code = close_code(frame) if frame.opcode == CLOSE and frame.complete else None
    bits = _bits(frame.header[0], deflate)
    return bits if code is None else f" {code}{bits}"


@cache
def _bits(first: int, deflate: bool) -> str:
    """The words for byte 0: there are 256 of it, and a capture may have millions of frames."""
    frame = Frame("client", 0, bytes([first]))
    words = []
    if frame.is_control:
        if not frame.fin:
            words.append("no FIN")
    elif frame.fin:
        words.append("FIN")
    if frame.rsv1:
        words.append("deflate" if deflate and not frame.is_control and frame.opcode else "RSV1")
    words += [name for name, bit in (("RSV2", frame.rsv2), ("RSV3", frame.rsv3)) if bit]
    return "".join(f" {word}" for word in words)


def cut(frame: Frame) -> str:
    """How far a frame came that was cut short."""
    if not frame.header_complete:
        return "cut short in its header"
    came = len(frame.wire_payload) + frame.spilled
    return f"cut: {came:,} of {frame.length:,} bytes came"


def close_words(frame: Frame) -> str:
    """A Close's code, what that means, and the reason given."""
    code = close_code(frame)
    if code is None:
        return "no code" if not frame.payload else "half a code"
    reason = close_reason(frame)
    words = close_code_words(code)
    return f'"{safe_bytes(reason)}" {words}' if reason else words


def message_words(message: Message, room: int) -> str:
    """A one-frame message's content; wider than `room` where it does not fit."""
    if message.valid is None:
        return "too long to keep"
    if message.inflated is not None and not message.inflated.whole:
        return "can't be inflated"
    if message.kind == "text":
        text = safe_bytes(message.data[: room * 8])
        return f'"{text}"' if message.valid else f'not UTF-8: "{text}"'
    if not message.data:
        return "(empty)"
    if message.compressed:  # the size of its content stands nowhere on the row
        return message.data[:room].hex(" ")
    return hexed(message.data, room)


def readable(data: bytes, cells: int) -> str:
    """Bytes of a Ping: as text where they are plain text, else as hex."""
    if data.isascii() and data.decode("ascii").isprintable():
        return quoted(data, max(cells, 3))
    return hexed(data, max(cells, 3))
