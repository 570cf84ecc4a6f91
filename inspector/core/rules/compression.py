"""Rules of permessage-deflate's data (RFC 7692 §6, §7.2)."""

from inspector.core.findings import Severity
from inspector.core.frames import Frame
from inspector.core.messages import Message
from inspector.core.rfc import BINARY, CONTINUATION, TEXT
from inspector.core.rules.framing import first_byte, frame_rule
from inspector.core.rules.messages import FAIL_1007, message_rule
from inspector.core.seen import Seen


@frame_rule(
    "pmd-rsv1-on-continuation",
    None,
    "error",
    "7692 §6.1",
    "Opcode 0 and bit 0x40 of byte 0, where permessage-deflate is agreed.",
    "A message is compressed or not as a whole: its first frame says so.",
    opcodes=(CONTINUATION,),
    bits=True,
)
def rsv1_on_continuation(frame: Frame, seen: Seen) -> str | None:
    if not frame.rsv1 or not seen.agreement.deflate:
        return None
    return f"{first_byte(frame)}: RSV1 belongs on the first fragment only"


@frame_rule(
    "pmd-not-compressed",
    None,
    "info",
    "7692 §6",
    "Opcode 1 or 2 without bit 0x40 of byte 0, where permessage-deflate is agreed.",
    "Legal: what would not get smaller may go as it is.",
    "Nothing.",
    opcodes=(TEXT, BINARY),
    phase="message",
    bits=True,
)
def not_compressed(frame: Frame, seen: Seen) -> str | None:
    if frame.rsv1 or not seen.agreement.deflate:
        return None
    return f"{first_byte(frame)}: compression was agreed, and this message goes without"


def _inflating(
    id: str, severity: Severity, rfc: str, shows: str, why: str, peer: str = FAIL_1007
) -> None:
    """Register a rule that the inflater itself decides: its fault has the rule's id."""

    def check(message: Message) -> str | None:
        inflated = message.inflated
        return inflated.words if inflated is not None and inflated.fault == id else None

    message_rule(id, severity, rfc, shows, why, peer)(check)


_inflating(
    "pmd-bad-deflate",
    "error",
    "7692 §7.2.2",
    "The message, with 00 00 ff ff put back at its end, does not inflate.",
    "What does not inflate is lost, and with context takeover all that follows it.",
)
_inflating(
    "pmd-tail-not-stripped",
    "error",
    "7692 §7.2.1(3)",
    "The message ends between two blocks with 00 00 ff ff, which is cut off by rule.",
    "The receiver puts 00 00 ff ff back itself; sent as well, it stands there twice.",
)
_inflating(
    "pmd-incomplete",
    "error",
    "7692 §7.2.1(2)",
    "It inflates, but its end is inside a block, or lacks the empty block's first byte.",
    "A message ends where a block ends: otherwise its last bytes wait for the next message.",
)
_inflating(
    "pmd-context-takeover",
    "error",
    "7692 §7.1.1",
    "A message inflates only with what came before it, which was to be forgotten.",
    "A sender that agreed to forget may not refer back to what its peer has forgotten.",
)
_inflating(
    "pmd-bomb",
    "warning",
    "6455 §10.4; 7692 §8",
    "A message inflates to more than 16 MiB, or has more than 1,000 last blocks.",
    "Deflate makes up to a thousand bytes of one: a small message can fill a memory.",
    "Careful peers have a limit on the inflated size, and close with 1009.",
)


@message_rule(
    "pmd-window-exceeded",
    "error",
    "7692 §7.1.2",
    "A match looks back farther than 2 to the power of the agreed bits, in bytes.",
    "The receiver keeps no more than the window agreed: what lies farther back is gone.",
    "A receiver with a window of that size can't inflate it, and closes with 1007; others can.",
)
def window_exceeded(message: Message) -> str | None:
    return message.inflated.too_far or None if message.inflated is not None else None


@message_rule(
    "pmd-bfinal",
    "info",
    "7692 §7.2.3.4",
    "A block of a message has BFINAL, its first bit, set to 1.",
    "Legal, and many decoders break on it.",
    "Nothing.",
)
def bfinal(message: Message) -> str | None:
    if message.inflated is None or not message.inflated.final_block:
        return None
    return "a block is marked as the last one (BFINAL)"
