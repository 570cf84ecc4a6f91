"""Rules of the closing handshake (RFC 6455 §5.5.1, §7): what a Close says, and what comes after."""

from typing import Final

from inspector.core.findings import register
from inspector.core.frames import Frame
from inspector.core.messages import utf8_fault
from inspector.core.rfc import BINARY, CLOSE, CLOSE_CODES, CONTINUATION, TEXT, close_code_words
from inspector.core.rules.framing import frame_rule
from inspector.core.seen import Seen


def close_code(frame: Frame) -> int | None:
    """The status code of a Close frame; None for other frames, or a body too short for one."""
    body = frame.payload if frame.opcode == CLOSE else b""
    return int.from_bytes(body[:2]) if len(body) >= 2 else None


def close_reason(frame: Frame) -> bytes:
    """The bytes after the code."""
    return frame.payload[2:] if frame.opcode == CLOSE else b""


@frame_rule(
    "close-body-1-byte",
    None,
    "error",
    "6455 §5.5.1",
    "A Close whose payload has length 1.",
    "A body begins with a code of two bytes, or there is no body.",
    opcodes=(CLOSE,),
    payload=True,
)
def body_1_byte(frame: Frame, seen: Seen) -> str | None:
    if frame.length != 1:
        return None
    return f"the body is one byte, 0x{frame.payload.hex()}: half a close code"


@frame_rule(
    "close-code-out-of-range",
    None,
    "error",
    "6455 §7.4.2",
    "The first two bytes of a Close's payload are 0 to 999, or 5000 and more.",
    "Codes run from 1000 to 4999.",
    opcodes=(CLOSE,),
    payload=True,
)
def code_out_of_range(frame: Frame, seen: Seen) -> str | None:
    code = close_code(frame)
    return None if code is None or 1000 <= code < 5000 else f"close code {code}"


@frame_rule(
    "close-code-local-only",
    None,
    "error",
    "6455 §7.4.1",
    "The code of a Close is 1005, 1006 or 1015.",
    "1005, 1006 and 1015 tell an application what happened; on the wire they would be a lie.",
    opcodes=(CLOSE,),
    payload=True,
)
def code_local_only(frame: Frame, seen: Seen) -> str | None:
    row = CLOSE_CODES.get(close_code(frame) or 0)
    if row is None or row.on_wire:
        return None
    return f"close code {row.code} ({row.name}) is for APIs, never for the wire"


@frame_rule(
    "close-code-undefined",
    None,
    "error",
    "6455 §7.4.1, §7.4.2, IANA",
    "The code of a Close is 1004, or one from 1016 to 2999.",
    "Codes below 3000 mean what the RFC or its registry says; these mean nothing yet.",
    opcodes=(CLOSE,),
    payload=True,
)
def code_undefined(frame: Frame, seen: Seen) -> str | None:
    code = close_code(frame) or 0
    if not 1000 <= code < 3000 or code in CLOSE_CODES:
        return None
    return f"close code {code} is {close_code_words(code)}"


@frame_rule(
    "close-code-wrong-side",
    None,
    "info",
    "6455 §7.4.1",
    "The first Close has code 1010 and is the server's, or 1011 and is the client's.",
    "1010 is written for clients, 1011 for servers (an erratum is milder on 1011).",
    "The peer closes as with any code.",
    opcodes=(CLOSE,),
    payload=True,
)
def code_wrong_side(frame: Frame, seen: Seen) -> str | None:
    belongs = {1010: "client", 1011: "server"}.get(close_code(frame) or 0)
    peer = seen.peer(frame.side)
    if belongs in (None, frame.side) or peer.close or peer.side in seen.unread:
        return None  # it repeats the code of the peer's Close, or may do so
    return f"close code {close_code(frame)} from the {frame.side} is meant for a {belongs}"


@frame_rule(
    "close-reason-invalid-utf8",
    None,
    "error",
    "6455 §5.5.1, §8.1",
    "What follows the code in a Close is not UTF-8.",
    "The reason is text for a log, so it is UTF-8.",
    opcodes=(CLOSE,),
    payload=True,
)
def reason_invalid_utf8(frame: Frame, seen: Seen) -> str | None:
    fault = utf8_fault(close_reason(frame))
    if fault is None:
        return None
    return f"byte {fault.start + 2} of the body, 0x{fault.object[fault.start]:02x}: not UTF-8"


@frame_rule(
    "close-code-not-echoed",
    None,
    "info",
    "6455 §5.5.1",
    "The second side's Close has another code than the first one's.",
    "An answering Close typically repeats the code, so that both sides report the same.",
    "Each side reports the code it received.",
    opcodes=(CLOSE,),
    phase="conn",
    payload=True,
)
def code_not_echoed(frame: Frame, seen: Seen) -> str | None:
    first = seen.peer(frame.side).close
    if first is None or seen.of(frame.side).close:
        return None
    asked, answered = close_code(first.frame), close_code(frame)
    if asked == answered:
        return None
    return f"it answers {_code_words(asked)} with {_code_words(answered)}"


def _code_words(code: int | None) -> str:
    return "a Close without a code" if code is None else f"code {code}"


@frame_rule(
    "close-duplicate",
    None,
    "error",
    "6455 §5.5.1, §7.1.2",
    "A Close from a side that has sent one already.",
    "A side closes once; after that it is silent.",
    "The peer ignores it.",
    opcodes=(CLOSE,),
    phase="conn",
)
def duplicate(frame: Frame, seen: Seen) -> str | None:
    close = seen.of(frame.side).close
    if close is None:
        return None
    return f"a second Close of the same side (the first was frame {close.number})"


@frame_rule(
    "data-after-close",
    None,
    "error",
    "6455 §5.5.1",
    "A frame with opcode 0, 1 or 2 from a side that has sent its Close.",
    "A Close is a promise that nothing more comes: what follows may never be read.",
    "The peer ignores it.",
    opcodes=(CONTINUATION, TEXT, BINARY),
    phase="conn",
)
def data_after_close(frame: Frame, seen: Seen) -> str | None:
    close = seen.of(frame.side).close
    if close is None:
        return None
    return f"a {frame.name} frame after its own Close (frame {close.number})"


CLOSE_UNANSWERED: Final = register(
    "close-unanswered",
    "both",
    "error",
    "conn",
    "6455 §5.5.1",
    "The connection ended; a side had received a Close and had sent none.",
    "Both have to say that they are done: otherwise nobody knows what was still read.",
    "The side that closed reports 1006 or its own code after a time.",
)
CLOSE_MISSING: Final = register(
    "close-missing",
    "both",
    "warning",
    "conn",
    "6455 §7.1.5 (1006), §7.3",
    "The connection ended without any Close; charged to the side that ended first.",
    "TCP alone can not say whether the end was meant.",
    "The page sees close code 1006, which is never on the wire.",
)
HTTP_AFTER_CLOSE: Final = register(
    "http-response-after-close",
    "server",
    "warning",
    "conn",
    "6455 §5.5.1, §7.1.1",
    "HTTP/1. where a frame of the server should begin, after a Close of either side.",
    "The web server believes that a request is still waiting, and answers it into the frames.",
    "Chromium reports an error and 1006, not clean; Firefox 1000 and clean.",
)
GARBAGE_AFTER_CLOSE: Final = register(
    "garbage-after-close",
    "both",
    "warning",
    "conn",
    "6455 §7.1.1",
    "After a side's Close, bytes that are neither a whole frame nor an HTTP response.",
    "After its Close a side sends nothing but the end of TCP.",
    "The peer ignores it.",
)
TCP_NOT_CLOSED: Final = register(
    "tcp-not-closed",
    "server",
    "warning",
    "conn",
    "6455 §5.5.1, §7.1.1",
    "Both sides had sent Close, and for 10 s no FIN or RST of the server was seen.",
    "Once both have said Close, it is for the server to end TCP, and at once.",
    "The client waits, gives up after a time of its own, and has to end TCP itself.",
)
CLOSING_TIME: Final = 10.0
"""Seconds that a server gets to end TCP, once both sides have sent Close."""

CLIENT_CLOSED_FIRST: Final = register(
    "client-closed-first",
    "client",
    "info",
    "conn",
    "6455 §7.1.1",
    "After both had sent Close, the client's FIN came before the server's.",
    "The server should end TCP first: whoever does keeps the port busy for a while after.",
    "Nothing: it is a question of whose sockets wait.",
)
