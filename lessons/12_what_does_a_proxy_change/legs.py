"""The two legs of a connection, found in the capture, and what differs between them.

A proxy passes the handshake's key on, so the two legs carry the same one. The near tap hears of a
connection before the proxy can pass it on: of two, the near leg was opened first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from inspector.core.rfc import CLOSE, Side
from lessons.course.evidence import Connection, Evidence

SIDES: Final[tuple[Side, Side]] = ("client", "server")
type Frame = dict[str, Any]
type Leg = dict[str, dict[str, Any]]
type Difference = tuple[str, str, int | str]


class Legs(NamedTuple):
    """One WebSocket on both sides of the proxy."""

    near: Connection
    far: Connection

    def sent(self, side: Side) -> Connection:
        """The leg on which what this side says is as it said it."""
        return self.near if side == "client" else self.far

    def arrived(self, side: Side) -> Connection:
        return self.far if side == "client" else self.near

    @property
    def upgraded(self) -> bool:
        return self.near.upgraded and self.far.upgraded


def by_key(evidence: Evidence, path: str) -> dict[str, list[Connection]]:
    """Connections on a path that were answered, by the key of their handshake."""
    found: defaultdict[str, list[Connection]] = defaultdict(list)
    for each in evidence.connections:
        shake = each.handshake
        if shake.request and shake.response and each.path == path and each.proof.key:
            found[each.proof.key].append(each)
    return found


def pairs(evidence: Evidence, path: str) -> list[Legs]:
    """The proxied connections on a path, in the order in which they were opened."""
    both = [sorted(c, key=lambda each: each.opened) for c in by_key(evidence, path).values()]
    return sorted((Legs(*each) for each in both if len(each) == 2), key=lambda two: two.near.opened)


def direct(evidence: Evidence, path: str) -> list[Connection]:
    """Those that came through our tap alone."""
    return [c[0] for c in by_key(evidence, path).values() if len(c) == 1 and c[0].upgraded]


def close_code(leg: Connection, side: Side) -> int | None:
    """The code in the Close of that side, 1005 where it has none; None without a Close."""
    for framed in leg.frames_from(side):
        if framed.frame.opcode == CLOSE:
            payload = framed.frame.payload
            return int.from_bytes(payload[:2]) if payload else 1005
    return None


# What the exercise is about


def plain(leg: Connection) -> Leg:
    """A leg as the exercise gets it: plain values, payloads as they are on the wire."""
    told: Leg = {}
    for side, head in zip(SIDES, (leg.request, leg.response), strict=True):
        frames = [each.frame for each in leg.frames_from(side) if each.frame.complete]
        told[side] = {
            "fields": [(each.name, each.value) for each in head.fields],
            "frames": [
                {
                    "opcode": each.opcode,
                    "fin": each.fin,
                    "key": each.masking_key,
                    "payload": each.wire_payload,
                }
                for each in frames
            ],
        }
    return told


@dataclass(slots=True)
class Unit:
    """A whole message, or a control frame; frames are counted from 1."""

    opcode: int
    first: int
    last: int = 0
    content: bytes = b""
    lengths: list[int] = field(default_factory=list)

    def add(self, number: int, payload: bytes) -> None:
        self.last = number
        self.content += payload
        self.lengths.append(len(payload))


def units(frames: list[Frame]) -> list[Unit]:
    """What one side said, without masks and cuts; a message that never ended is passed over."""
    found: list[Unit] = []
    message: Unit | None = None
    for number, frame in enumerate(frames, 1):
        payload = unmasked(frame)
        if frame["opcode"] >= 8:
            found.append(Unit(frame["opcode"], number))
            found[-1].add(number, payload)
            continue
        if frame["opcode"]:
            message = Unit(frame["opcode"], number)
        if message:
            message.add(number, payload)
            if frame["fin"]:
                found.append(message)
                message = None
    return found


def unmasked(frame: Frame) -> bytes:
    key: bytes | None = frame["key"]
    payload: bytes = frame["payload"]
    return bytes(b ^ key[n % 4] for n, b in enumerate(payload)) if key else payload


def differences(near: Leg, far: Leg) -> list[Difference]:
    """What the exercise's function has to return."""
    found: list[Difference] = []
    for side in SIDES:
        sent, arrived = (near, far) if side == "client" else (far, near)
        found += [("field", side, name) for name in fields_changed(sent[side], arrived[side])]
        found += [
            (kind, side, at) for kind, at in changes(sent[side]["frames"], arrived[side]["frames"])
        ]
    return sorted(found)


def fields_changed(sent: dict[str, Any], arrived: dict[str, Any]) -> set[str]:
    """Names (lower case) of fields that came, went, or say something else."""
    mine, theirs = ({n.lower(): v for n, v in leg["fields"]} for leg in (sent, arrived))
    return {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)}


def changes(sent: list[Frame], arrived: list[Frame]) -> Iterator[tuple[str, int]]:
    there: defaultdict[tuple[int, bytes], list[Unit]] = defaultdict(list)
    for unit in units(arrived):
        there[unit.opcode, unit.content].append(unit)
    both: list[tuple[Unit, Unit]] = []
    for unit in units(sent):
        same = there[unit.opcode, unit.content]
        if same:
            both.append((unit, same.pop(0)))
        else:
            yield "lost", unit.first
    yield from (("invented", unit.first) for left in there.values() for unit in left)
    for one, other in both:
        if one.lengths != other.lengths:
            yield "recut", one.first
        if one.opcode >= 8 and place(one, [a for a, _ in both]) != place(
            other, [b for _, b in both]
        ):
            yield "moved", one.first


def place(control: Unit, among: list[Unit]) -> tuple[int, int]:
    """How many messages had begun, and how many had ended, before a control frame."""
    messages = [unit for unit in among if unit.opcode < 8]
    return (
        sum(unit.first < control.first for unit in messages),
        sum(unit.last < control.first for unit in messages),
    )
