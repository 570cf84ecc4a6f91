"""How this lesson's connections ended: what was on the wire, and what the page said it was told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from inspector.core.events import Ended, Framed
from inspector.core.rfc import CLOSE, Side
from inspector.screen.words import quoted
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Missing

from .ways import PATH

type Step = tuple[str, str, bytes]
"""`("client", "close", b"\\x03\\xe8bye")`; what ends TCP is an `"end"` without bytes."""


@dataclass(frozen=True)
class Told:
    """What a `close` event said, and to whom: "page" or "script"."""

    code: int
    reason: str
    clean: bool
    thrown: str
    by: str

    @property
    def words(self) -> str:
        reason = f' "{self.reason}"' if self.reason else ""
        return f"{self.code}{reason}, {'clean' if self.clean else 'not clean'}"


@dataclass(frozen=True)
class End:
    """A connection of this lesson, and how it ended."""

    line: Connection
    way: str
    told: Told | None

    def close(self, side: Side) -> bytes | None:
        """What that side's Close carried; None if it sent none."""
        found = [f for f in self.line.frames_from(side) if f.frame.opcode == CLOSE]
        return found[0].frame.payload if found else None

    @property
    def first_to_end_tcp(self) -> Side | None:
        return self.line.ends[0].side if self.line.ends else None

    def on_the_wire(self, side: Side) -> str:
        payload = self.close(side)
        if payload is None:
            return "no Close" if self.line.ended(side) else "nothing"
        return close_words(payload)

    @property
    def tail(self) -> list[Step]:
        """Frames and ends of both directions, in the order in which they came."""
        told: list[Step] = []
        for event in self.line.items:
            if isinstance(event, Framed):
                told.append((event.frame.side, event.frame.name, event.frame.payload))
            elif isinstance(event, Ended):
                told.append((event.side, "end", b""))
        return told


def close_words(payload: bytes) -> str:
    """What a Close carries, as it is read."""
    if len(payload) < 2:
        return "an empty Close"
    reason = f" {quoted(payload[2:], 30)}" if payload[2:] else ""
    return f"Close {int.from_bytes(payload[:2])}{reason}"


def reports(evidence: Evidence) -> dict[str, Told]:
    """By the connection's name: what was told of its end."""
    found: dict[str, Told] = {}
    for http in evidence.http:
        if http.path != "/ended/told":
            continue
        said = query(http.request.target)
        code = said.get("code", "")
        if code.isdecimal():
            clean, reason = said.get("clean") == "true", said.get("reason", "")
            thrown, by = said.get("thrown", ""), said.get("by", "")
            found[said.get("id", "")] = Told(int(code), reason, clean, thrown, by)
    return found


def query(target: str) -> dict[str, str]:
    return dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))


def ends(evidence: Evidence) -> Iterator[End]:
    """All of this lesson's connections."""
    told = reports(evidence)
    for line in evidence.connections:
        if line.upgraded and line.handshake.request and line.path.startswith(PATH):
            said = query(line.request.target)
            yield End(line, said.get("way", ""), told.get(said.get("id", "")))


def told_of(evidence: Evidence, way: str) -> list[End]:
    """Those of that way whose end was told; the page's word comes last, as it counts more."""
    found = [end for end in ends(evidence) if end.way == way and end.told]
    return sorted(found, key=lambda end: bool(end.told and end.told.by == "page"))


def newest(evidence: Evidence, way: str) -> tuple[End, Told]:
    """The end of that way that counts."""
    for end in reversed(told_of(evidence, way)):
        if end.told:
            return end, end.told
    raise Missing(f"nobody has told yet how {way!r} ended")
