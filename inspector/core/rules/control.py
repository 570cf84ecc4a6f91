"""Rules of control frames (RFC 6455 §5.5): Ping and Pong, and what all of them share."""

from typing import Final

from inspector.core.findings import register
from inspector.core.frames import Frame
from inspector.core.pings import echo
from inspector.core.rfc import MAX_CONTROL_PAYLOAD, PEER, PING, PONG
from inspector.core.rules.framing import CONTROL, first_byte, frame_rule, second_byte
from inspector.core.seen import Seen


@frame_rule(
    "control-fragmented",
    None,
    "error",
    "6455 §5.4, §5.5",
    "Opcode 8 to F, and the highest bit of byte 0, FIN, is 0.",
    "Control frames may stand between fragments, so they can not have fragments themselves.",
    opcodes=CONTROL,
    bits=True,
)
def fragmented(frame: Frame, seen: Seen) -> str | None:
    if frame.fin:
        return None
    return f"{first_byte(frame)}: a control frame has to have FIN set"


@frame_rule(
    "control-too-long",
    None,
    "error",
    "6455 §5.5",
    "Opcode 8 to F, and the length is told as 126 or 127.",
    "A control frame has to be handled at once, whatever else is going on: it is kept short.",
    opcodes=CONTROL,
    bits=True,
)
def too_long(frame: Frame, seen: Seen) -> str | None:
    if (frame.length or 0) <= MAX_CONTROL_PAYLOAD:
        return None
    most = MAX_CONTROL_PAYLOAD
    return f"{second_byte(frame)}: {frame.length} bytes, and a control frame carries {most} at most"


@frame_rule(
    "control-compressed",
    None,
    "error",
    "7692 §6.1",
    "Opcode 8 to F and bit 0x40 of byte 0, where permessage-deflate is agreed.",
    "Compression is for messages; control frames belong to none.",
    opcodes=CONTROL,
    bits=True,
)
def compressed(frame: Frame, seen: Seen) -> str | None:
    if not frame.rsv1 or not seen.agreement.deflate:
        return None
    return f"{first_byte(frame)}: RSV1 says compressed, and control frames never are"


@frame_rule(
    "pong-unsolicited",
    None,
    "info",
    "6455 §5.5.3",
    "A Pong while no Ping of the other side waits for one.",
    "A Pong nobody asked for is a heartbeat in one direction: legal.",
    "No answer is expected.",
    opcodes=(PONG,),
    phase="conn",
    payload=True,
)
def pong_unsolicited(frame: Frame, seen: Seen) -> str | None:
    pings = seen.peer(frame.side).pings
    if pings.oldest or pings.expects(echo(frame)) or PEER[frame.side] in seen.unread:
        return None
    return "a Pong, and no Ping is waiting for one"


@frame_rule(
    "pong-payload-mismatch",
    None,
    "warning",
    "6455 §5.5.3",
    "A Pong while Pings wait, and its payload is that of none of them.",
    "The payload says which Ping is answered.",
    "The Ping stays unanswered, and a heartbeat may give up.",
    opcodes=(PONG,),
    phase="conn",
    payload=True,
)
def pong_payload_mismatch(frame: Frame, seen: Seen) -> str | None:
    pings = seen.peer(frame.side).pings
    ping, came = pings.oldest, echo(frame)
    if ping is None or pings.expects(came) or PEER[frame.side] in seen.unread:
        return None
    return f"it carries {_hex(came)}; the Ping waiting carries {_hex(ping.payload)}"


def _hex(payload: bytes) -> str:
    return f"{payload[:16].hex(' ')}{' …' if len(payload) > 16 else ''}" or "nothing"


@frame_rule(
    "control-after-close",
    None,
    "warning",
    "6455 §5.5.1, §1.4",
    "A Ping or Pong from a side that has sent its Close.",
    "After its Close a side has nothing more to say.",
    "The peer ignores it.",
    opcodes=(PING, PONG),
    phase="conn",
)
def after_close(frame: Frame, seen: Seen) -> str | None:
    close = seen.of(frame.side).close
    return None if close is None else f"a {frame.name} after its own Close (frame {close.number})"


PING_UNANSWERED: Final = register(
    "ping-unanswered",
    "both",
    "warning",
    "conn",
    "6455 §5.5.2",
    "The connection ended, and no Pong had come for a Ping or for one after it.",
    "A Ping asks whether anyone is there; silence is an answer too.",
    "Heartbeats give up: the connection is taken for dead.",
)
