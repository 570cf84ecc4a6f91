"""Who sat in the chat, on which server, what they said, and what of it reached whom: all from the
capture."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Final

from inspector.core.rfc import CLOSE
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Missing

CHAT: Final = "/ws/chat"
GREETING: Final = re.compile(
    r"\* You are ([^@.]+@([A-Za-z0-9-]+))\. Here now: (.+)\. "
    r"Server [A-Za-z0-9-]+, process (\d+), (no bus|on a bus)\."
)
LINES: Final = 20
"""Lines that the script says on each server, to see in which order they arrive."""
COUNTED: Final = "how many copies?"
MISSED: Final = "did you miss this?"


@dataclass(frozen=True)
class Line:
    """Something said or heard."""

    text: str
    time: float
    frame: int


@dataclass(frozen=True)
class Seat:
    """One connection to the chat."""

    connection: Connection
    nick: str
    server: str
    here: str
    pid: int
    bus: bool
    began: float

    @cached_property
    def said(self) -> list[Line]:
        return lines(self.connection, "client")

    @cached_property
    def heard(self) -> list[Line]:
        return lines(self.connection, "server")

    @cached_property
    def close(self) -> float:
        """When the first Close frame came; infinite if there was none."""
        closes = (each.time for each in self.connection.frames if each.frame.opcode == CLOSE)
        return min(closes, default=inf)

    @cached_property
    def over(self) -> float:
        """When it ended, in whatever manner; infinite while it is open."""
        return min([self.close, *(end.time for end in self.connection.ends)])

    @property
    def cut_off(self) -> bool:
        """Did it end without a Close?"""
        return self.over < self.close

    def open_at(self, time: float) -> bool:
        return self.began <= time < self.over

    def sits_with(self, other: Seat) -> bool:
        """In one sitting? When the lesson was quit, no end of theirs may have been captured."""
        return self.connection.file == other.connection.file

    def of(self, other: Seat) -> list[Line]:
        """What it heard of what the other said."""
        start = f"{other.nick}: "
        told = (line for line in self.heard if line.text.startswith(start))
        return [line for line in told if other.began <= line.time]

    def numbers(self, *others: Seat) -> list[str]:
        """All numbers that it heard these say, in order."""
        starts = tuple(f"{other.nick}: " for other in others)
        told = (line.text for line in self.heard if line.text.startswith(starts))
        return [text for text in told if text.rpartition(": ")[2].isdecimal()]


def lines(connection: Connection, side: str) -> list[Line]:
    return [
        Line(said.text, said.time, said.frames[-1])
        for said in connection.messages
        if said.side == side and said.text is not None
    ]


def seats(evidence: Evidence) -> list[Seat]:
    """All of them, in order."""
    found = []
    for connection in evidence.connections:
        if not chats(connection):
            continue
        told = lines(connection, "server")
        if told and (greeting := GREETING.fullmatch(told[0].text)):
            nick, server, here, pid, bus = greeting.groups()
            seat = Seat(connection, nick, server, here, int(pid), bus == "on a bus", told[0].time)
            found.append(seat)
    return found


def chats(connection: Connection) -> bool:
    try:
        return connection.upgraded and connection.path == CHAT
    except Missing:
        return False


@dataclass(frozen=True)
class Meeting:
    """Two seats on two servers, open at the same time. The first was opened first."""

    one: Seat
    other: Seat

    def told(self, speaker: Seat) -> list[Line]:
        """What one of them said while the other was there, and was not cut off by the script."""
        listener = self.other if speaker is self.one else self.one
        said = (line for line in speaker.said if line.text != MISSED)
        return [line for line in said if listener.open_at(line.time)]

    @property
    def both_spoke(self) -> bool:
        return bool(self.told(self.one)) and bool(self.told(self.other))

    def arrived(self, speaker: Seat, listener: Seat) -> tuple[int, int]:
        """Of what the speaker said here: how many lines, and how often the listener heard them."""
        wanted = Counter(f"{speaker.nick}: {line.text}" for line in self.told(speaker))
        heard = Counter(line.text for line in listener.of(speaker))
        return wanted.total(), sum(heard[text] for text in wanted)


def meetings(evidence: Evidence, *, bus: bool) -> list[Meeting]:
    found = [seat for seat in seats(evidence) if seat.bus == bus]
    return [
        Meeting(one, other)
        for at, one in enumerate(found)
        for other in found[at + 1 :]
        if one.server != other.server and one.sits_with(other) and one.open_at(other.began)
    ]


def met(evidence: Evidence, *, bus: bool) -> Meeting:
    """The first two that were open on two servers at once, preferably two that both spoke."""
    found = meetings(evidence, bus=bus)
    if not found:
        raise Missing("no two connections were open on two servers at once")
    return next((each for each in found if each.both_spoke), found[-1])


def ordered(evidence: Evidence) -> Meeting:
    """Two on a bus who said many lines at once, and heard them all."""
    for meeting in reversed(meetings(evidence, bus=True)):
        one, other = meeting.one, meeting.other
        said = [sum(line.text.isdecimal() for line in meeting.told(each)) for each in (one, other)]
        heard = [len(each.numbers(one, other)) for each in (one, other)]
        if min(said) >= LINES and min(heard) >= sum(said):
            return meeting
    raise Missing(f"nobody said {LINES} lines on each server")


def spoken(evidence: Evidence, text: str) -> tuple[Seat, Line]:
    """Who said this on a bus, last."""
    for seat in reversed(seats(evidence)):
        for line in reversed(seat.said):
            if seat.bus and line.text == text:
                return seat, line
    raise Missing(f"nobody said {text!r}")


def present(evidence: Evidence, speaker: Seat, line: Line) -> list[Seat]:
    """All who were in the chat when this was said."""
    return [seat for seat in seats(evidence) if seat.sits_with(speaker) and seat.open_at(line.time)]


def gap(evidence: Evidence) -> tuple[Seat, Line, Seat]:
    """Who said what must be missed, the line, and one on another server who was told of a gap."""
    speaker, line = spoken(evidence, MISSED)
    for seat in reversed(present(evidence, speaker, line)):
        if seat.server != speaker.server and len(notices(seat, line.time)) >= 2:
            return speaker, line, seat
    raise Missing("no server has told of a gap")


def notices(seat: Seat, since: float) -> list[Line]:
    """What its server said of the other servers."""
    told = (line for line in seat.heard if line.time >= since)
    return [line for line in told if line.text.startswith("* The other servers ")]


def killed(evidence: Evidence) -> Seat:
    """The newest whose server went without a word."""
    found = [seat for seat in seats(evidence) if seat.cut_off and by_server(seat)]
    if not found:
        raise Missing("no connection was cut off")
    return max(found, key=lambda seat: seat.over)


def by_server(seat: Seat) -> bool:
    """Was it the server's end that went first?"""
    ends: dict[str, float] = {end.side: end.time for end in seat.connection.ends}
    return ends.get("server", inf) <= ends.get("client", inf)


def returned(evidence: Evidence) -> Seat:
    """Who came after that, and spoke."""
    lost = killed(evidence)
    later = (seat for seat in seats(evidence) if seat.began > lost.over and seat.said)
    if (seat := next(later, None)) is None:
        raise Missing("nobody came back and spoke")
    return seat
