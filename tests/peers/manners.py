"""How every server here answers, told once; each library does it in its own words."""

from __future__ import annotations

from dataclasses import dataclass

from tests.peers.script import PIECES, PINGED

Data = str | bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send, in this order: a Ping, messages (a list is one in fragments), a Close."""

    ping: bytes | None = None
    messages: tuple[Data | list[str], ...] = ()
    close: tuple[int, str] | None = None


def answer(data: Data) -> Answer:
    if data == "ping":
        return Answer(PINGED, ("pinged",))
    if data == "fragments":
        return Answer(messages=(PIECES,))
    if isinstance(data, str) and data.startswith("close "):
        _, code, reason = data.split(" ", 2)
        return Answer(close=(int(code), reason))
    return Answer(messages=(data,))
