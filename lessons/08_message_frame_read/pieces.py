"""What this lesson's server sends in pieces: four trials, each known by the word that asks for it.

A page (or the script) says `frames`, and the server answers with that trial. For each `message`
event the receiver says `heard: ` and the text, so that what its script was told is on the wire too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.core.frames import encode_frame
from inspector.core.rfc import CONTINUATION, TEXT
from lessons.demo.polite import PoliteServer

PATH: Final = "/ws/pieces"
HEARD: Final = "heard: "
LONG: Final = 300_000
"""Letters of the page's own long message."""
PATIENCE: Final = 10.0
"""Seconds that the server waits for a Pong before it goes on with its message."""

TEXTS: Final = {
    "frames": ("One message, in three frames",),
    "letter": ("A café",),
    "writes": ("One frame, in three writes",),
    "together": ("one", "two", "three"),
}
"""The messages of each trial."""


def text(data: str | bytes, opcode: int = TEXT, *, fin: bool = True) -> bytes:
    payload = data.encode() if isinstance(data, str) else data
    return encode_frame(opcode, payload, fin=fin)


def frames(ws: PoliteServer, pause: Callable[[float], object]) -> None:
    """A message in three frames, a Ping after the first; on with it when the Pong is here."""
    ws.write(text("One message, ", fin=False))
    ws.ping(b"still there?", PATIENCE)
    ws.write(text("in three ", CONTINUATION, fin=False) + text("frames", CONTINUATION))


def letter(ws: PoliteServer, pause: Callable[[float], object]) -> None:
    """A message in two frames, cut between the two bytes of its last letter."""
    data = TEXTS["letter"][0].encode()
    ws.write(text(data[:-1], fin=False) + text(data[-1:], CONTINUATION))


def writes(ws: PoliteServer, pause: Callable[[float], object]) -> None:
    """A frame in three writes: the first ends within the header."""
    data = text(TEXTS["writes"][0])
    for start, end in ((0, 1), (1, 12), (12, len(data))):
        ws.write(data[start:end])
        pause(0.08)  # else TCP would bring them together, which it may


def together(ws: PoliteServer, pause: Callable[[float], object]) -> None:
    """Three messages, a frame each, in one write."""
    ws.write(b"".join(map(text, TEXTS["together"])))


TRIALS: Final = {"frames": frames, "letter": letter, "writes": writes, "together": together}
