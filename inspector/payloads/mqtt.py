"""MQTT over WebSocket: packets in binary messages, whose limits need not be those of messages."""

from collections.abc import Iterator
from typing import Final

from inspector.payloads.view import Guess, Hints, Shown, View, shown

PACKETS: Final = (
    *("reserved", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP"),
    *("SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP"),
    *("DISCONNECT", "AUTH"),
)
LEVELS: Final = {3: "3.1", 4: "3.1.1", 5: "5.0"}
MOST: Final = 50
"""Packets of one message that are told."""


def _guess(data: bytes, hints: Hints) -> Guess | None:
    if hints.kind == "binary" and data and "mqtt" in hints.subprotocol.lower():
        return Guess(90, f"the subprotocol is {hints.subprotocol}")
    return None


def _packets(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """First byte, content, and how many bytes of it are missing, packet after packet."""
    at = 0
    while at < len(data):
        first, length, shift = data[at], 0, 0
        at += 1
        while shift < 28 and at < len(data):
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                break
        body = data[at : at + length]
        yield first, body, length - len(body)
        at += length


def _view(data: bytes, hints: Hints) -> Shown | None:
    facts, names = [], []
    for number, (first, body, missing) in enumerate(_packets(data), 1):
        name = PACKETS[first >> 4]
        names.append(name)
        if number <= MOST:
            words = f"{name}{_words(name, first, body)}, {len(body)} bytes"
            if missing:
                words += f"; {missing} more stand in the next message"
            facts.append((f"packet {number}", words))
    notes = []
    if "reserved" in names:
        notes.append("a packet may have begun in the message before: then all this is wrong")
    what = f"MQTT {names[0]}" if len(names) == 1 else f"MQTT, {len(names)} packets"
    return shown(what, facts, notes=notes)


def _words(name: str, first: int, body: bytes) -> str:
    if name == "CONNECT":
        protocol, rest = _text(body)
        level = LEVELS.get(rest[0], str(rest[0])) if rest else "?"
        client, _ = _text(rest[4:])
        return f": {protocol} {level}, client {client!r}"
    if name == "PUBLISH":
        topic, rest = _text(body)
        quality = first >> 1 & 3
        kept = ", retained" if first & 1 else ""
        return f": topic {topic!r}, quality of service {quality}{kept}, then {rest[:32]!r}"
    if name in ("SUBSCRIBE", "UNSUBSCRIBE"):
        return f": number {int.from_bytes(body[:2])}"
    return ""


def _text(body: bytes) -> tuple[str, bytes]:
    """A text with its length before it, and what follows."""
    size = int.from_bytes(body[:2])
    return body[2 : 2 + size].decode("utf-8", "backslashreplace"), body[2 + size :]


MQTT: Final = View("MQTT", _guess, _view)
