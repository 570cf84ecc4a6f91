"""Frames without their connection: what can be said of them nevertheless.

Pasted frames have no past. They are judged by the rules that need none, joined to messages as far
as they are there, and inflated if the user says that permessage-deflate was agreed, or a response
pasted with them does. A message that may be compressed, and nobody says so, is not judged.
Heads are judged where they are a handshake's, a response only behind its request.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from inspector.core.explain import Part, agreed_in
from inspector.core.findings import Finding, Rule
from inspector.core.frames import Frame
from inspector.core.handshake import Agreement, Deflate, Extension
from inspector.core.heads import Head
from inspector.core.life import Life
from inspector.core.messages import Message
from inspector.core.rfc import DEFLATE, Side
from inspector.core.rules.framing import rules_for
from inspector.core.rules.messages import MESSAGE_RULES
from inspector.core.rules.request import request_findings
from inspector.core.rules.response import response_findings
from inspector.core.seen import Seen
from inspector.payloads.told import Beside

NEED_A_PAST: Final = frozenset({"cont-without-start", "pong-unsolicited"})
"""Rules that blame a frame for what was not there before it."""

MOST_EARLIER: Final = 64 * 1024
"""Bytes of an earlier message that are kept as a hint."""

NEED_A_HANDSHAKE: Final = frozenset({"frame-rsv1-unexpected"})


@dataclass(slots=True)
class Said:
    """What is said of one part."""

    part: Part
    number: int | None = None
    """Of a frame, counted from 1 over the frames pasted."""
    message: Message | None = None
    findings: list[Finding] = field(default_factory=list)
    beside: Beside = field(default_factory=Beside)


def judged(parts: Iterable[Part], deflate: bool) -> list[Said]:
    """Each part with its message and its findings."""
    said = [Said(part) for part in parts]
    agreement, known = _agreement(said, deflate)
    seen = Seen(agreement, Life())
    skipped = NEED_A_PAST if known else NEED_A_PAST | NEED_A_HANDSHAKE
    frames: list[Said] = []
    request: Head | None = None
    for each in said:
        if each.part.head is not None:
            each.findings += _judge_head(each.part.head, request)
            request = None if each.part.head.is_response else each.part.head
        if each.part.frame is not None:
            frames.append(each)
            each.number = len(frames)
            _judge(each, each.part.frame, frames, seen, skipped)
    _look_beside(said, Agreement(agreement.subprotocol) if deflate else agreement)
    return said


def _look_beside(said: list[Said], agreement: Agreement) -> None:
    """What is known beside each frame: its place in its message, and hints for views.

    `agreement` is what was read, not what was assumed: `--deflate` says nothing of windows.
    """
    heads = (each.part.head for each in said if each.part.head is not None)
    target = next((head.target for head in heads if not head.is_response), "")
    places: dict[int, int] = {}
    earlier: dict[Side, bytes] = {}
    for each in said:
        frame, message = each.part.frame, each.message
        if frame is None or message is None:
            continue
        at = places.get(id(message), 0)
        places[id(message)] = at + len(frame.wire_payload)
        each.beside = Beside(
            at,
            (agreement.deflate or {}).get(frame.side),
            agreement.subprotocol or "",
            target,
            earlier.get(frame.side, b""),
        )
        if message.kind == "text" and message.frames[-1] == each.number:
            earlier[frame.side] = message.data[:MOST_EARLIER]


def _judge_head(head: Head, request: Head | None) -> Iterator[Finding]:
    """What a handshake's head breaks; `request` is what a response answers, if that is known."""
    if head.is_response and request is not None and request.is_websocket:
        yield from response_findings(request, head)
    elif not head.is_response and head.is_websocket:
        yield from request_findings(head)


def _agreement(said: list[Said], deflate: bool) -> tuple[Agreement, bool]:
    """What was agreed, and whether anything is known of it."""
    if deflate:
        both = {"client": Deflate(), "server": Deflate()}
        return Agreement(None, (Extension(DEFLATE),), {**both}), True  # type: ignore[dict-item]
    heads = (each.part.head for each in said if each.part.head is not None)
    agreement = agreed_in(heads)
    return (Agreement(), False) if agreement is None else (agreement, True)


def _judge(
    each: Said, frame: Frame, frames: list[Said], seen: Seen, skipped: frozenset[str]
) -> None:
    def found(rule: Rule, words: str | None, at: Frame, number: int | None) -> None:
        if words and rule.id not in skipped:
            finding = Finding(rule, frame.side, frame.side, at.offset, words, number)
            each.findings.append(finding)

    if not frame.header_complete:
        return
    for payload in (False, True) if frame.complete else (False,):
        for frame_rule in rules_for(frame.side, frame.opcode, payload):
            found(frame_rule.rule, frame_rule.check(frame, seen), frame, each.number)
    if not frame.complete:
        return
    message = seen.of(frame.side).assembler.add(each.number or 0, frame)
    seen.take(each.number or 0, frame)
    if message is None or (message.first.rsv1 and seen.agreement.compresses is not True):
        return
    for number in message.frames:
        frames[number - 1].message = message
    for rule, check_message in MESSAGE_RULES:
        found(rule, check_message(message), message.first, message.frames[0])
