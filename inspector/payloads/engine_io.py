"""Engine.IO, the transport below Socket.IO: a digit that says what a packet is, then its content.

Versions 3 and 4 differ here in little: who sends pings, and a digit before binary packets, which
only version 3 has. The query of the request says which it is: `EIO=4`.
"""

import re
from typing import Final

from inspector.payloads.json_text import lay_out
from inspector.payloads.view import Guess, Hints, Shown, View, shown, text_of

PACKETS: Final = {
    "0": ("open", "the server's terms: session, pings, other transports"),
    "1": ("close", "the transport ends"),
    "2": ("ping", "are you there?"),
    "3": ("pong", "I am here"),
    "4": ("message", "what the application says"),
    "5": ("upgrade", "from now on over this WebSocket"),
    "6": ("noop", "nothing; ends a poll that waits"),
}
_VERSION: Final = re.compile(r"[?&]EIO=([0-9])")
_OPEN: Final = re.compile(rb'0\{"sid":')


def version(hints: Hints) -> str:
    """The version that the request's query names, or nothing."""
    found = _VERSION.search(hints.target)
    return found[1] if found else ""


def named(hints: Hints) -> bool:
    """Does the request's target say that this is Engine.IO?"""
    return bool(version(hints)) and "transport=websocket" in hints.target


def packet_facts(digit: str, hints: Hints) -> list[tuple[str, str]]:
    """The transport's own packet, in words."""
    name, words = PACKETS[digit]
    number = version(hints)
    transport = f"Engine.IO {number}" if number else "Engine.IO"
    return [(transport, f"packet {digit}, {name}: {words}")]


def _guess(data: bytes, hints: Hints) -> Guess | None:
    first = data[:1].decode("ascii", "replace")
    if hints.kind == "text" and named(hints) and first in PACKETS:
        return Guess(80, "the request's target has EIO and transport=websocket")
    if hints.kind == "text" and _OPEN.match(data):
        return Guess(70, "begins as an Engine.IO session does")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    text = text_of(data)
    if not text or text[0] not in PACKETS:
        return None
    rest = text[1:]
    layout = lay_out(rest)
    lines = layout.lines if layout else [rest] if rest else []
    what = f"Engine.IO {PACKETS[text[0]][0]}"
    return shown(what, packet_facts(text[0], hints), lines, layout.notes if layout else ())


ENGINE_IO: Final = View("Engine.IO", _guess, _view)
