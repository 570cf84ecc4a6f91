"""The ladder: what was said is seen, however many pings came before and after."""

from __future__ import annotations

from dataclasses import replace

from inspector.core.events import Framed
from inspector.core.frames import encode_frame
from inspector.core.rfc import PING
from lessons.course.course import Course
from lessons.course.evidence import Connection, Evidence
from lessons.course.show import LADDER_ROWS, ladder


def chat() -> Connection:
    return Evidence.read(Course().find("3").folder / "sample.pcapng").connections[0]


def ladder_with(pings: int) -> list[str]:
    """The chat of lesson 3's sample, with so many pings before its hello, and after it."""
    seen = chat()
    at = next(n for n, item in enumerate(seen.items) if isinstance(item, Framed) and n > 1)
    greeting = seen.frames[0]
    frame = greeting.frame._replace(header=encode_frame(PING, b""), wire_payload=b"")
    ping = replace(greeting, number=0, frame=frame, message=None)
    said = seen.items[at : at + 4]
    seen.items[at:] = [ping] * pings + said + [ping] * pings
    return [line.plain for line in ladder(seen)]


def test_pings_give_way_to_what_was_said() -> None:
    text = "\n".join(ladder_with(20))
    assert text.count("... 20 pings and pongs ...") == 2
    assert '"hello"' in text
    assert '"Otter: hello"' in text


def test_pings_stay_where_there_is_room() -> None:
    assert "pings and pongs" not in "\n".join(ladder_with(2))
    assert len(ladder_with(500)) <= LADDER_ROWS + 2
