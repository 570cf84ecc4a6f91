"""What a filter remembers of the entries before this one.

A frame's entry says nothing of its connection's handshake, a Pong's nothing of the Ping, a
fragment's nothing of how its message began. So a filter that asks for such a thing is shown every
entry, in order; all that it keeps of a connection is capped, and goes when the connection closes.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from inspector.core.events import Closed, Framed, Opened
from inspector.core.frames import Frame
from inspector.core.heads import Head
from inspector.core.pings import echo
from inspector.core.rfc import BINARY, CONTINUATION, PEER, PING, PONG, Side
from inspector.files.dissect import Connection
from inspector.files.entries import Entry

MAX_CONNECTIONS: Final = 10_000
"""Connections remembered at a time; beyond that the one longest known is forgotten."""
MAX_LINES: Final = 256
"""Header fields remembered."""
MAX_PINGS: Final = 1_024
"""Pings remembered a side; a Pong that answers an older one has no round trip."""


@dataclass(slots=True)
class Known:
    """What is known of one connection."""

    connection: Connection
    opened: Opened | None = None
    first: dict[Side, Frame] = field(default_factory=dict)
    """The first frame of the message that a side is sending, or has sent last."""
    pings: dict[Side, OrderedDict[bytes, float]] = field(default_factory=dict)
    """When the last Ping with each payload was sent, by its side."""


class Past:
    """All connections that are open. `take` an entry before asking of it, `leave` it after."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._lines: dict[tuple[int, str], tuple[Head, list[str]]] = {}

    def take(self, entry: Entry) -> None:
        event = entry.event
        if isinstance(event, Framed):
            frame = event.frame
            opcode = frame.opcode
            if opcode == PING:
                self._ping(entry.connection, event)
            elif CONTINUATION < opcode <= BINARY:
                self._of(entry.connection).first[frame.side] = frame
        elif isinstance(event, Opened):
            self._of(entry.connection).opened = event

    def leave(self, entry: Entry) -> None:
        """Nothing of a connection comes after it was told how it closed."""
        if isinstance(entry.event, Closed):
            self._known.pop(id(entry.connection), None)

    def opened(self, entry: Entry) -> Opened | None:
        """The handshake of the entry's connection."""
        known = self._known.get(id(entry.connection))
        return None if known is None else known.opened

    def first(self, entry: Entry) -> Frame | None:
        """The first frame of the message that the entry's frame is a part of."""
        event = entry.event
        if not isinstance(event, Framed) or event.frame.opcode > BINARY:
            return None
        if event.frame.opcode != CONTINUATION:
            return event.frame
        known = self._known.get(id(entry.connection))
        return None if known is None else known.first.get(event.frame.side)

    def round_trip(self, entry: Entry) -> float | None:
        """Seconds from a Ping to this Pong: the latest with its payload (RFC 6455 §5.5.3)."""
        event = entry.event
        if not isinstance(event, Framed) or event.frame.opcode != PONG:
            return None
        known = self._known.get(id(entry.connection))
        pings = known and known.pings.get(PEER[event.frame.side])
        asked = pings.get(echo(event.frame)) if pings else None
        return None if asked is None else event.time - asked

    def lines(self, head: Head | None, key: str) -> list[str]:
        """The values of a header field; looked up once a head, and not for each of its frames."""
        if head is None:
            return []
        found = self._lines.get((id(head), key))
        if found is None:
            if len(self._lines) >= MAX_LINES:
                self._lines.clear()
            # The head is held, too, so that no other can get its id.
            found = head, [line.value for line in head.all(key)]
            self._lines[id(head), key] = found
        return found[1]

    def _ping(self, connection: Connection, event: Framed) -> None:
        pings = self._of(connection).pings.setdefault(event.frame.side, OrderedDict())
        payload = echo(event.frame)
        pings[payload] = event.time
        pings.move_to_end(payload)
        if len(pings) > MAX_PINGS:
            pings.popitem(last=False)

    def _of(self, connection: Connection) -> Known:
        # The connection is held, too, so that no other can get its id.
        known = self._known.get(id(connection))
        if known is None:
            known = self._known[id(connection)] = Known(connection)
            if len(self._known) > MAX_CONNECTIONS:
                self._known.popitem(last=False)
        return known
