"""Entries to filter: of the vectors, and of connections made up here."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from hashlib import sha256

from inspector.core.conversation import Conversation
from inspector.core.events import Event
from inspector.core.frames import encode_frame
from inspector.core.rfc import Side
from inspector.files.dissect import Connection, Item, url_of
from inspector.files.entries import Entry, entries
from inspector.filter import Filter, parse
from tests.core import vectors
from tests.core.vectors import REQUEST, RESPONSE, Vector, play

CLIENT, SERVER = ("127.0.0.1", 50000), ("127.0.0.1", 80)


def key(opcode: int, payload: bytes) -> bytes:
    """A masking key: another one for each frame, or that would be a finding."""
    return sha256(bytes([opcode]) + payload).digest()[:4]


def entries_of(vector: Vector) -> list[Entry]:
    """What a vector's traffic is told as, on a connection of its own."""
    connection = Connection(1, CLIENT, SERVER, 0.0, number=1, url="ws://server.example.com/chat")
    told = play([*vector.handshake, *vector.steps], vector.max_payload)
    return list(entries(Item(connection, event) for event in told))


@functools.cache
def all_entries() -> list[Entry]:
    """The entries of all vectors; of the floods among them, both ends."""
    return [
        entry
        for vector in vectors.load()
        for entry in (lambda told: [*told[:30], *told[30:][-30:]])(entries_of(vector))
    ]


def talk(
    *said: tuple[Side, bytes],
    agreed: str = "",
    asked: str = "",
    target: str = "/chat",
    number: int = 1,
) -> list[Entry]:
    """A connection with a handshake; each thing is said a tenth of a second after the last."""
    line = f"Sec-WebSocket-Extensions: {agreed}\r\n" if agreed else ""
    request = REQUEST.replace("/chat", target) + line + asked
    steps: list[tuple[Side, bytes]] = [
        ("client", f"{request}\r\n".encode()),
        ("server", f"{RESPONSE}{line}\r\n".encode()),
        *said,
    ]
    connection = Connection(number, CLIENT, SERVER, 100.0, number=number)
    conversation = Conversation()

    def told() -> Iterable[Event]:
        for place, (side, data) in enumerate(steps):
            yield from conversation.receive(side, data, 100 + place / 10)
        yield from conversation.finish()

    items = [Item(connection, event) for event in told()]
    connection.url = url_of(connection, items[0].event.request)  # type: ignore[union-attr]
    return list(entries(items))


def client(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0
) -> tuple[Side, bytes]:
    return "client", encode_frame(
        opcode, payload, masking_key=key(opcode, payload), fin=fin, rsv=rsv
    )


def server(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0
) -> tuple[Side, bytes]:
    return "server", encode_frame(opcode, payload, fin=fin, rsv=rsv)


def chosen(wanted: str | Filter, among: Iterable[Entry]) -> list[int | str]:
    """Numbers of the frames that a filter wants; other entries by their type."""
    filter = parse(wanted) if isinstance(wanted, str) else wanted
    return [
        getattr(entry.event, "number", type(entry.event).__name__.lower())
        for entry in among
        if filter.matches(entry)
    ]
