"""Rules that a frame's own header keeps or breaks (RFC 6455 §5.2, §5.3)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from inspector.core.findings import Phase, Rule, Severity, register
from inspector.core.frames import Frame
from inspector.core.rfc import OPCODES, Side
from inspector.core.seen import Seen

Check = Callable[[Frame, Seen], str | None]

CONTROL: Final = frozenset(range(8, 16))
"""Opcodes of control frames, the reserved ones among them."""

KEYS_IN_A_ROW: Final = 4
"""So many keys with one step between them are no accident."""


@dataclass(frozen=True, slots=True)
class FrameRule:
    """A rule for one frame, and the frames it is about: others need not be shown to it."""

    rule: Rule
    check: Check
    opcodes: frozenset[int]
    payload: bool
    """Does it read the payload? Then it is for whole frames only."""
    bits: bool
    """Do the first two bytes and the agreement decide, where they tell the length?"""


FRAME_RULES: Final[list[FrameRule]] = []


def frame_rule(
    id: str,
    side: Side | None,
    severity: Severity,
    rfc: str,
    shows: str,
    why: str,
    peer: str = "The peer has to fail the connection, mostly with Close 1002.",
    *,
    opcodes: Iterable[int] = OPCODES,
    phase: Phase = "frame",
    payload: bool = False,
    bits: bool = False,
) -> Callable[[Check], Check]:
    """Register a rule that looks at one frame; `side` None is for both.

    `bits`: where the length is told in 7 bits, nothing but a frame's first two bytes and what was
    agreed decides. Such a rule is shown the first frame that begins so, and if it is silent, no
    other (`watch`).
    """
    rule = register(id, side or "both", severity, phase, rfc, shows, why, peer)

    def file(check: Check) -> Check:
        FRAME_RULES.append(FrameRule(rule, check, frozenset(opcodes), payload, bits))
        return check

    return file


@cache
def rules_for(side: Side, opcode: int, payload: bool) -> list[FrameRule]:
    """The rules for such frames, in the order of the table: those for headers, or those for whole
    frames, which read the payload, too.
    """
    return [
        each
        for each in FRAME_RULES
        if each.rule.side in (side, "both") and opcode in each.opcodes and each.payload == payload
    ]


def first_byte(frame: Frame) -> str:
    """Byte 0 of a frame in words: `byte 0 is 0xC1: FIN, RSV1, text`."""
    bits = ("fin", "rsv1", "rsv2", "rsv3")
    flags = [name.upper() for name in bits if getattr(frame, name)]
    return f"byte 0 is 0x{frame.header[0]:02X}: {', '.join([*flags, frame.name])}"


def second_byte(frame: Frame) -> str:
    """Byte 1 of a frame in words: `byte 1 is 0x85: MASK, length 5`."""
    mask = "MASK" if frame.masked else "no MASK"
    return f"byte 1 is 0x{frame.header[1]:02X}: {mask}, length code {frame.length_code}"


@frame_rule(
    "frame-unmasked-client",
    "client",
    "error",
    "6455 §5.1, §5.3",
    "The highest bit of byte 1, MASK, is 0 in a frame of the client.",
    "Unmasked bytes chosen by a page could be taken for a request by an old proxy on the way.",
    bits=True,
)
def unmasked_client(frame: Frame, seen: Seen) -> str | None:
    if frame.masked:
        return None
    return f"{second_byte(frame)}: every frame of a client has to be masked"


@frame_rule(
    "frame-masked-server",
    "server",
    "error",
    "6455 §5.1",
    "The highest bit of byte 1, MASK, is 1 in a frame of the server.",
    "A server has no page inside it to protect others from: its frames go in clear.",
    bits=True,
)
def masked_server(frame: Frame, seen: Seen) -> str | None:
    if not frame.masked:
        return None
    return f"{second_byte(frame)}: no frame of a server may be masked"


@frame_rule(
    "frame-rsv1-unexpected",
    None,
    "error",
    "6455 §5.2",
    "Bit 0x40 of byte 0 is 1, and nothing was agreed that gives it a meaning.",
    "A reserved bit means what an extension says; without one it means nothing.",
    bits=True,
)
def rsv1_unexpected(frame: Frame, seen: Seen) -> str | None:
    if not frame.rsv1 or seen.agreement.compresses is not False:
        return None  # what another extension does with the bit, it alone knows
    return f"{first_byte(frame)}: RSV1 is set, and no extension was agreed that uses it"


@frame_rule(
    "frame-rsv2-set",
    None,
    "error",
    "6455 §5.2",
    "Bit 0x20 of byte 0 is 1, and every extension agreed is known here.",
    "No registered extension uses RSV2.",
    bits=True,
)
def rsv2_set(frame: Frame, seen: Seen) -> str | None:
    if not frame.rsv2 or seen.agreement.has_unknown:
        return None
    return f"{first_byte(frame)}: RSV2 has to be 0"


@frame_rule(
    "frame-rsv3-set",
    None,
    "error",
    "6455 §5.2",
    "Bit 0x10 of byte 0 is 1, and every extension agreed is known here.",
    "No registered extension uses RSV3.",
    bits=True,
)
def rsv3_set(frame: Frame, seen: Seen) -> str | None:
    if not frame.rsv3 or seen.agreement.has_unknown:
        return None
    return f"{first_byte(frame)}: RSV3 has to be 0"


@frame_rule(
    "frame-opcode-reserved-data",
    None,
    "error",
    "6455 §5.2, §5.6",
    "The low four bits of byte 0 are 3 to 7, and every extension agreed is known here.",
    "3 to 7 are kept for data frames to come; nobody knows yet what they mean.",
    opcodes=range(3, 8),
    bits=True,
)
def opcode_reserved_data(frame: Frame, seen: Seen) -> str | None:
    if seen.agreement.has_unknown:
        return None
    return f"{first_byte(frame)}: opcode {frame.opcode:X} is reserved"


@frame_rule(
    "frame-opcode-reserved-control",
    None,
    "error",
    "6455 §5.2, §5.5",
    "The low four bits of byte 0 are B to F, and every extension agreed is known here.",
    "B to F are kept for control frames to come; nobody knows yet what they mean.",
    opcodes=range(11, 16),
    bits=True,
)
def opcode_reserved_control(frame: Frame, seen: Seen) -> str | None:
    if seen.agreement.has_unknown:
        return None
    return f"{first_byte(frame)}: opcode {frame.opcode:X} is reserved"


@frame_rule(
    "frame-length-not-minimal",
    None,
    "error",
    "6455 §5.2",
    "16 bits tell a length below 126, or 64 bits one below 65536.",
    "One length, one spelling: two would let bytes hide from whoever reads only one.",
    bits=True,
)
def length_not_minimal(frame: Frame, seen: Seen) -> str | None:
    if frame.length is None or frame.length_bits in (None, 7):
        return None
    if frame.length >= (126 if frame.length_bits == 16 else 65536):
        return None
    told = f"{frame.length} {'byte is' if frame.length == 1 else 'bytes are'} told"
    return f"{second_byte(frame)}: {told} in {frame.length_bits} bits"


@frame_rule(
    "frame-length-msb",
    None,
    "error",
    "6455 §5.2",
    "The first of the eight length bytes is 80 or more. Framing is lost after it.",
    "The highest bit is kept 0 so that languages without unsigned numbers read it right.",
    bits=True,
)
def length_msb(frame: Frame, seen: Seen) -> str | None:
    if not (frame.length or 0) >> 63:
        return None
    return (
        f"the 64-bit length begins with 0x{frame.header[2]:02X}: its highest bit has to be 0; "
        f"framing is lost at offset {frame.offset + len(frame.header)}"
    )


@frame_rule(
    "frame-mask-zero",
    "client",
    "warning",
    "6455 §5.3",
    "A frame with a payload has the masking key 00 00 00 00.",
    "A key of zeros masks nothing: the payload goes in clear.",
    "Servers unmask it as any other; few look.",
)
def mask_zero(frame: Frame, seen: Seen) -> str | None:
    if frame.masking_key != b"\0\0\0\0" or not frame.length:
        return None
    return "the masking key is 00 00 00 00: the payload goes in clear"


@frame_rule(
    "frame-mask-reused",
    "client",
    "warning",
    "6455 §5.3, §10.3",
    "Two frames of a connection have the same key, not zero, among the last 65,536.",
    "Whoever knows the next key can choose the bytes on the wire, and masking is for nothing.",
    "Servers unmask it as any other; few look.",
)
def mask_reused(frame: Frame, seen: Seen) -> str | None:
    key = frame.masking_key
    if key is None or key == b"\0\0\0\0":
        return None
    earlier = seen.of("client").keys.frame(key)
    return None if earlier is None else f"the key {key.hex(' ')} masked frame {earlier} too"


@frame_rule(
    "frame-mask-predictable",
    "client",
    "warning",
    "6455 §5.3, §10.3",
    "Four keys or more in a row, as 32-bit numbers, differ by one and the same step.",
    "A key that can be guessed from the one before it is no key.",
    "Servers unmask it as any other; few look.",
)
def mask_predictable(frame: Frame, seen: Seen) -> str | None:
    key, keys = frame.masking_key, seen.of("client").keys
    step = 0 if key is None else keys.step_to(key)
    if step == 0 or step != keys.step or keys.row + 1 < KEYS_IN_A_ROW:
        return None
    return f"{keys.row + 1} keys in a row, each {step} more than the one before it"
