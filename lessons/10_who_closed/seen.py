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

from .ways import ANYBODY, ASK, ASKS, PATH, YES

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


# The ends that the lesson speaks of


def answered(end: End) -> bool:
    return [said.text for said in end.line.said("server")].count(YES) >= ASKS


def asked(end: End) -> bool:
    return [said.text for said in end.line.said("client")].count(ANYBODY) >= ASKS


def is_pages(end: End) -> bool:
    """Does a browser hold that connection, and not the script?"""
    return "Mozilla" in (end.line.request.get("user-agent") or "")


def tabs(evidence: Evidence) -> list[End]:
    """Those that were shut. One left open ends with the server, and says nothing of tabs."""
    found = [end for end in ends(evidence) if end.way == "leave" and end.line.ended("client")]
    return [end for end in found if "client" in (began(end), end.first_to_end_tcp)]


def tab(evidence: Evidence) -> End:
    if found := tabs(evidence):
        return found[-1]
    raise Missing("no tab was shut yet")


def terminated(evidence: Evidence) -> tuple[End, Told]:
    """A held connection that the server closed as it was ended."""
    for end in reversed(told_of(evidence, "hold")):
        if end.told and end.close("server") is not None:
            return end, end.told
    raise Missing("the server was not ended yet")


def killed(evidence: Evidence) -> tuple[End, Told]:
    """A held connection whose server was killed."""
    for end in reversed(told_of(evidence, "hold")):
        if end.told and end.close("server") is None and end.first_to_end_tcp == "server":
            return end, end.told
    raise Missing("the server was not killed yet")


def silent(evidence: Evidence) -> End:
    """A held connection whose server was frozen for a while; a page's, if there is one."""
    found = [end for end in ends(evidence) if end.way == "hold" and asked(end) and answered(end)]
    pages = [end for end in found if is_pages(end)]
    if both := pages or found:
        return both[-1]
    raise Missing("the server was not frozen yet")


def silence(end: End) -> tuple[float, float, int]:
    """When the first question went out, when the silence behind them was over, and how many had
    gone by then. What the server says first as it goes on may be its ping, and then the answer."""
    answer = next(s.time for s in end.line.said("server") if s.text == YES)
    asked = [s.time for s in end.line.said("client") if s.text == ANYBODY and s.time < answer]
    after = [r.time for r in end.line.reads if r.side == "server" and r.time > asked[-1]]
    return asked[0], min(after), len(asked)


def asking(end: End) -> tuple[int, int]:
    """The frames between which the freeze lies: the first question, or what brought it, and the
    last answer. A page may have held its connection open for long before."""
    said = end.line.said("server")
    brought = [each.frames[0] for each in said if each.text == ASK]
    asks = [each.frames[0] for each in end.line.said("client") if each.text == ANYBODY]
    answers = [each.frames[-1] for each in said if each.text == YES]
    return min(*brought, *asks), answers[ASKS - 1]


def signs(end: End) -> int:
    """What came from the server, and how many ends of TCP, while it was silent."""
    first, over, _ = silence(end)
    reads = [r for r in end.line.reads if r.side == "server" and first < r.time < over]
    return len(reads) + sum(each.time < over for each in end.line.ends)


def plain_ms(end: End) -> float:
    """From the first Close to the end of TCP."""
    closes = [f.time for f in end.line.frames if f.frame.name == "close"]
    return (end.line.ends[-1].time - closes[0]) * 1000 if closes and end.line.ends else 0.0


def carries(end: End, code: int) -> bool:
    return (end.close("client") or b"")[:2] == code.to_bytes(2)


def waited(end: End) -> bool:
    """Did the client stay until the server's Close had come?"""
    closes = [f.time for f in end.line.frames_from("server") if f.frame.name == "close"]
    left = end.line.ended("client")
    return bool(closes and left and closes[0] < left.time)


def tab_sends(end: End) -> str:
    payload = end.close("client")
    if payload is None:
        return "nothing"
    return "1001" if payload[:2] == b"\x03\xe9" else "other"


def began(end: End) -> str:
    """Whose Close came first."""
    return next((f.frame.side for f in end.line.frames if f.frame.name == "close"), "nobody")


def answers(end: End) -> bool:
    return end.close("client") is not None and end.close("client") == end.close("server")
