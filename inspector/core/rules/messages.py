"""Rules of fragmentation (RFC 6455 §5.4) and of text (§5.6, §8.1)."""

from collections.abc import Callable, Iterable
from typing import Final

from inspector.core.findings import Rule, Severity, checks, register
from inspector.core.frames import Frame
from inspector.core.messages import MAX_FRAGMENTS, Message
from inspector.core.rfc import BINARY, CONTINUATION, TEXT
from inspector.core.rules.framing import Check, first_byte, frame_rule
from inspector.core.seen import Seen

MessageCheck = Callable[[Message], str | None]

MESSAGE_RULES: Final[list[tuple[Rule, MessageCheck]]] = []
"""Rules for a whole message; their findings stand at its first frame."""

FAIL_1002: Final = "The peer has to fail the connection, mostly with Close 1002."
FAIL_1007: Final = "The peer has to fail the connection, mostly with Close 1007."


def _fragment_rule(
    id: str,
    opcodes: Iterable[int],
    severity: Severity,
    shows: str,
    why: str,
    peer: str = FAIL_1002,
    rfc: str = "6455 §5.4",
    bits: bool = False,
) -> Callable[[Check], Check]:
    return frame_rule(
        id, None, severity, rfc, shows, why, peer, opcodes=opcodes, phase="message", bits=bits
    )


def message_rule(
    id: str, severity: Severity, rfc: str, shows: str, why: str, peer: str = FAIL_1007
) -> Callable[[MessageCheck], MessageCheck]:
    """Register a rule of phase `message` that looks at whole messages."""
    return checks(register(id, "both", severity, "message", rfc, shows, why, peer), MESSAGE_RULES)


@_fragment_rule(
    "cont-without-start",
    (CONTINUATION,),
    "error",
    "A frame with opcode 0, and no message of that side is open.",
    "A continuation has to have something to continue.",
)
def cont_without_start(frame: Frame, seen: Seen) -> str | None:
    assembler = seen.of(frame.side).assembler
    if assembler.open is not None or assembler.unsure:
        return None
    return f"{first_byte(frame)}: no message is open in this direction"


@_fragment_rule(
    "data-inside-fragmented",
    (TEXT, BINARY),
    "error",
    "A frame with opcode 1 or 2 while a message of that side is still open.",
    "Fragments carry no message number: two messages mixed could not be told apart.",
)
def data_inside_fragmented(frame: Frame, seen: Seen) -> str | None:
    open_message = seen.of(frame.side).assembler.open
    if open_message is None:
        return None
    return (
        f"{first_byte(frame)}: the message begun with frame {open_message.numbers[0]} "
        "has not ended yet"
    )


@_fragment_rule(
    "fragment-empty",
    (CONTINUATION, TEXT, BINARY),
    "info",
    "A frame of a message, not its last, with a payload of length 0.",
    "Legal: a sender may flush before it has anything to say.",
    "Nothing.",
    bits=True,
)
def fragment_empty(frame: Frame, seen: Seen) -> str | None:
    if frame.fin or frame.length != 0:
        return None
    return "a fragment without payload, and not the last one"


@_fragment_rule(
    "fragment-flood",
    (CONTINUATION,),
    "warning",
    "A message has its 10,001st fragment.",
    "Each fragment costs its receiver more than its sender.",
    "Careful servers have a limit, and close with 1008 or 1009.",
    "6455 §10.4",
)
def fragment_flood(frame: Frame, seen: Seen) -> str | None:
    open_message = seen.of(frame.side).assembler.open
    if open_message is None or open_message.count != MAX_FRAGMENTS:
        return None
    first = open_message.numbers[0]
    return f"fragment {MAX_FRAGMENTS + 1} of one message, begun with frame {first}"


@message_rule(
    "text-invalid-utf8",
    "error",
    "6455 §5.6, §8.1",
    "A text, joined and inflated, has bytes that are no UTF-8 wherever they stand.",
    "Text that is not UTF-8 means something else to every reader.",
)
def invalid_utf8(message: Message) -> str | None:
    fault = message.utf8_fault
    if fault is None or _cut_short(message) or _changed(message):
        return None
    bad = fault.object[fault.start : fault.start + 4].hex(" ")
    return f"byte {fault.start} of the text begins {bad}: {fault.reason}"


@message_rule(
    "text-utf8-incomplete",
    "error",
    "6455 §5.6, §8.1",
    "A text, joined and inflated, ends before the last byte of a character.",
    "A character may be split between frames, not between messages.",
)
def utf8_incomplete(message: Message) -> str | None:
    fault = message.utf8_fault
    if fault is None or not _cut_short(message) or _changed(message):
        return None
    bad = fault.object[fault.start :].hex(" ")
    return f"the text ends inside a character: {bad} at byte {fault.start}"


def _changed(message: Message) -> bool:
    """Do reserved bits say that an extension changed the payload, and can't it be changed back?

    Then it is no text yet: what the bits mean, or that they mean nothing, other rules say.
    """
    first = message.first
    return message.inflated is None and (first.rsv1 or first.rsv2 or first.rsv3)


def _cut_short(message: Message) -> bool:
    fault = message.utf8_fault
    return fault is not None and fault.reason == "unexpected end of data"


MESSAGE_UNFINISHED: Final = register(
    "message-unfinished",
    "both",
    "error",
    "message",
    "6455 §5.4, §6.1(4)",
    "A side's Close or end came while a message of it was open: no frame had FIN.",
    "The last fragment never came: what was begun is of no use.",
    "The peer throws away what it has of the message.",
)
FRAME_TRUNCATED: Final = register(
    "frame-truncated",
    "both",
    "error",
    "frame",
    "6455 §6.2, §7.1.4",
    "The direction ended inside a header or a payload.",
    "The connection ended inside a frame.",
    "The peer reports 1006.",
)
FRAME_HUGE: Final = register(
    "frame-length-huge",
    "both",
    "warning",
    "frame",
    "6455 §10.4",
    "A header announces more bytes than the inspector keeps of one payload (64 MiB).",
    "A header of 14 bytes can announce 8 exabytes: never make room for what is only announced.",
    "Careful peers have a limit, and close with 1009.",
)
