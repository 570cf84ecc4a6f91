"""Socket.IO in Engine.IO's messages: `42/admin,7["say","hi"]` is an event with an acknowledgement.

    4       Engine.IO: a message            2       Socket.IO: an event
    /admin, its namespace, if it has one    7       the number to acknowledge it by
    [...]   its name and its arguments

Protocol 4 (Socket.IO 2) and 5 (Socket.IO 3 and 4) differ in what a 4 is. A binary event says how
many binary messages follow; they are its attachments.
"""

import re
from typing import Final

from inspector.payloads.engine_io import named, packet_facts, version
from inspector.payloads.json_text import lay_out, parsed
from inspector.payloads.view import Guess, Hints, Shown, View, shown, text_of

PACKETS: Final = {
    "0": ("connect", "to a namespace"),
    "1": ("disconnect", "from a namespace"),
    "2": ("event", "something happened"),
    "3": ("acknowledgement", "of an event"),
    "4": ("error", "the namespace is not to be had"),
    "5": ("binary event", "binary messages follow, which belong to it"),
    "6": ("binary acknowledgement", "binary messages follow, which belong to it"),
}
_PACKET: Final = re.compile(
    r"4([0-6])(?:(?<=[56])([0-9]{1,9})-)?(?:(/[^,]*+),?)?([0-9]{1,19})?(.*)", re.DOTALL
)
_LIKELY: Final = re.compile(rb'4(?:[0-4]|[56][0-9]+-)(?:/[^,\[{"]*,)?[0-9]*(?:[\[{"]|\Z)')


def _guess(data: bytes, hints: Hints) -> Guess | None:
    if hints.kind == "text" and _LIKELY.match(data):
        if named(hints):
            return Guess(95, "the request's target has EIO, and a Socket.IO packet follows the 4")
        if len(data) > 2:
            return Guess(60, "begins with 4, a packet's type, and JSON")
    if hints.kind == "binary" and named(hints):
        return Guess(60, "binary, on a connection whose target has EIO and transport=websocket")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    if hints.kind == "binary":
        return _attachment(data, hints)
    text = text_of(data)
    packet = _PACKET.fullmatch(text) if text is not None else None
    if packet is None:
        return None
    kind, attachments, namespace, number, content = packet.groups()
    layout = lay_out(content) if content else None
    if content and layout is None:
        return None
    name, words = PACKETS[kind]
    facts = [*packet_facts("4", hints), ("Socket.IO", f"packet {kind}, {name}: {words}")]
    facts.append(("namespace", namespace or "/ (the main one)"))
    if number is not None:
        asks = "has to be acknowledged by this number" if kind in "25" else "this number's event"
        facts.append(("number", f"{number}: {asks}"))
    event = _event(content) if kind in "25" else None
    if event is not None:
        facts.append(("event", f'"{event}"'))
    if attachments is not None:
        facts.append(("attachments", f"{attachments} binary messages follow"))
    what = f"Socket.IO {name}" + (f' "{event}"' if event is not None else "")
    notes = layout.notes if layout else []
    return shown(what, facts, layout.lines if layout else (), notes)


def _event(content: str) -> str | None:
    """The name of an event: the first item of its array."""
    value = parsed(content)
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, str) else None


def _attachment(data: bytes, hints: Hints) -> Shown | None:
    """A binary message: which event announced it, as far as the last text message tells."""
    facts = []
    if version(hints) == "3":
        if data[:1] != b"\x04":
            return None
        facts.append(("Engine.IO 3", "packet 4, message: the first byte"))
    text = text_of(hints.earlier) or ""
    packet = _PACKET.fullmatch(text)
    if packet is None or packet[2] is None:
        return None
    event = _event(packet[5])
    facts.append(("attachment", f"one of {packet[2]} that the text message before announced"))
    if event is not None:
        facts.append(("event", f'"{event}"'))
    return shown(f"Socket.IO attachment, {len(data)} bytes", facts)


SOCKET_IO: Final = View("Socket.IO", _guess, _view)
