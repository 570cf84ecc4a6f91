"""The bits of a frame in words (RFC 6455 §5.2): the fields that tile it.

A Close's payload has parts of its own: its code, and its reason.
"""

from collections.abc import Iterator

from inspector.core.fields import Field
from inspector.core.frames import Frame
from inspector.core.messages import utf8_fault
from inspector.core.rfc import CLOSE, CLOSE_CODES, close_code_words


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
        number, words = int.from_bytes(extended), _extended_words(frame)
        fields.append(Field("extended_length", bits, number, words, "6455 §5.2"))
    if key := frame.header[extended_end:]:
        bits = (extended_end * 8, len(frame.header) * 8)
        words = "XORed over the payload, byte i with key byte i mod 4"
        if len(key) < 4:
            words = f"only {len(key)} of the key's 4 bytes came"
        fields.append(Field("masking_key", bits, key.hex(), words, "6455 §5.3"))
    if frame.wire_payload:
        start = len(frame.header) * 8
        bits = (start, (frame.end - frame.offset) * 8)
        words, rfc = _payload_words(frame)
        value, parts = frame.wire_payload.hex(), tuple(_close_parts(frame))
        fields.append(Field("payload", bits, value, words, rfc, parts))
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
    return "has to be 0: no registered extension uses it" if bit else "reserved, 0"


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
    size = len(frame.wire_payload) + frame.spilled
    came = f"{size} {_bytes(size)}"
    if not frame.complete and frame.length is not None:
        came = f"{size} of {frame.length} bytes, the rest did not come"
    if frame.spilled:
        came += f", {len(frame.wire_payload)} of them kept"
    if frame.masked:
        came += ", masked"
    if frame.opcode == CLOSE and size >= 2:
        code = int.from_bytes(frame.payload[:2])
        reason = "and a reason" if size > 2 else "and no reason"
        return f"{came}: close code {code} ({close_code_words(code)}) {reason}", "6455 §5.5.1"
    if frame.opcode == CLOSE and frame.complete:
        return f"{came}: half a close code, which takes two", "6455 §5.5.1"
    return came, "6455 §5.3" if frame.masked else "6455 §5.2"


def _close_parts(frame: Frame) -> Iterator[Field]:
    """Code and reason of a Close, at the bits where they were on the wire (RFC 6455 §5.5.1)."""
    body = frame.payload
    if frame.opcode != CLOSE or len(body) < 2:
        return
    at = len(frame.header) * 8
    code = int.from_bytes(body[:2])
    row = CLOSE_CODES.get(code)
    words = f"{body[:2].hex(' ')} = {body[0]} x 256 + {body[1]} = {code}, {close_code_words(code)}"
    if row is not None:
        words += f": {row.words}"
    yield Field("code", (at, at + 16), code, words, row.rfc if row is not None else "6455 §7.4.2")
    reason, end = body[2:], (frame.end - frame.offset) * 8
    if end > at + 16:
        fault = utf8_fault(reason)
        words = f"{len(reason)} {_bytes(len(reason))} of UTF-8"
        if fault is not None and frame.complete:
            words = f"{len(reason)} {_bytes(len(reason))}, no UTF-8 from byte {fault.start} on"
        text = reason.decode("utf-8", "backslashreplace")
        yield Field("reason", (at + 16, end), text, words, "6455 §7.1.6")


def _bytes(count: int) -> str:
    return "byte" if count == 1 else "bytes"
