"""From a capture's TCP streams to the WebSocket connections in them.

Each TCP connection gets a `Conversation`; this room only knows which bytes belong to which, gives
the connections their numbers, and keeps what is told in order.

A connection's number counts those that turn out to be WebSocket, in order of their first packet.
An older TCP connection may still become one after a younger one has: then, and only then, the
capture is read ahead once to see. What can not be read twice is numbered in order of upgrading.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from inspector.core.conversation import Conversation
from inspector.core.events import Closed, Event, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.heads import Head
from inspector.core.rfc import SIDES, Side
from inspector.core.rules.cross import Across, Asker
from inspector.files import events as tcp
from inspector.files.events import Address, Fault, Finished
from inspector.files.rebuilt import proves

MAX_HELD_ITEMS: Final = 20_000
"""Items that wait for the number of a fragment's message, before they are told without it."""
MAX_JOINING: Final = 256
"""Connections of which it is not known yet what they are: the oldest has to decide."""
MAX_HELD_BYTES: Final = 32 * 1024 * 1024
"""Bytes in such items."""


@dataclass(slots=True)
class Connection:
    """A TCP connection. `stream` counts them all, `number` the WebSockets among them, once known.

    `facts` is what the capture says beyond the bytes (our own captures only); `opened` is the time
    of its first packet in seconds since the epoch.
    """

    stream: int
    client: Address
    server: Address
    opened: float
    facts: dict[str, object] = field(default_factory=dict)
    midstream: bool = False
    number: int | None = None
    url: str | None = None
    begins: dict[Side, tuple[bool, int]] = field(default_factory=dict)
    """Of each side: is it the one that was taken for the client at first, and where is its offset
    0, counted from the first byte of its TCP stream? Of the latest handshake."""


class Item(NamedTuple):
    """One event of one connection. A tuple, as there may be millions of them."""

    connection: Connection
    event: Event


Reopen = Callable[[], Iterable[tcp.CaptureEvent]]


def dissect(
    events: Iterable[tcp.CaptureEvent], *, reopen: Reopen | None = None, settle: bool = True
) -> Iterator[Item | Fault | Finished]:
    """The connections of a capture, item by item, in capture order.

    `reopen` reads the same capture from its beginning again. With `settle`, fragments are held back
    until the number of their message is known (bounded: MAX_HELD_ITEMS, MAX_HELD_BYTES); a live
    view does without.
    """
    held = _Held()
    dissector = _Dissector(reopen)
    for item in chain(chain.from_iterable(map(dissector.take, events)), dissector.finish()):
        waiting = settle and bool(dissector.waiting)
        if waiting or held.items:
            yield from held.put(item, waiting)
        else:
            yield item
    yield from held.release()


class _Held:
    """Items that wait until every fragment among them knows its message."""

    def __init__(self) -> None:
        self.items: list[Item | Fault | Finished] = []
        self.bytes = 0

    def put(self, item: Item | Fault | Finished, unsettled: bool) -> list[Item | Fault | Finished]:
        self.items.append(item)
        if isinstance(item, Item):
            self.bytes += size_of(item.event)
        full = len(self.items) > MAX_HELD_ITEMS or self.bytes > MAX_HELD_BYTES
        if unsettled and not full:
            return []
        return self.release()

    def release(self) -> list[Item | Fault | Finished]:
        items, self.items, self.bytes = self.items, [], 0
        return items


class _Dissector:
    def __init__(self, reopen: Reopen | None) -> None:
        self.reopen = reopen
        self.streams: dict[int, tuple[Connection, Conversation]] = {}
        self.undecided: set[int] = set()
        self.waiting: set[int] = set()
        """Streams with a fragment whose message has no number yet."""
        self.joining: dict[int, None] = {}
        """Streams that keep bytes until it is known what they are, the oldest first."""
        self.numbers: dict[int, int] | None = None
        self.over: dict[int, set[bool]] = {}
        """Which directions of a stream can bring nothing more (is it the client's?), whoever ended
        them."""
        self.count = 0
        self.now = 0.0
        """Time of the latest event."""
        self.across = Across()
        self.asking: dict[int, tuple[Head, Asker, list[Finding]]] = {}
        """What each stream asks for, and what that breaks together with the others."""

    def take(self, event: tcp.CaptureEvent) -> Iterator[Item | Fault | Finished]:
        if isinstance(event, Fault | Finished):
            yield event
            return
        if isinstance(event, tcp.Opened):
            self._open(event)
            return
        stream = self.streams.get(event.connection_id)
        if stream is None:
            return
        connection, conversation = stream
        if isinstance(event, tcp.Data):
            self.now = max(self.now, event.time)
            side: Side = "client" if event.from_client else "server"
            told = conversation.receive(side, event.data, event.time)
            yield from self._told(connection, conversation, told)
        elif isinstance(event, tcp.Ended):
            over = self.over.setdefault(connection.stream, set())
            over.add(event.from_client)
            if not event.by_proxy:  # where the recording proxy went away, neither peer ended
                self.now = max(self.now, event.time)
                ended: Side = "client" if event.from_client else "server"
                told = conversation.end(ended, event.how, event.time)
                yield from self._told(connection, conversation, told)
            if conversation.ended:
                self.forget(connection.stream)
            elif len(over) == 2:
                yield from self._told(connection, conversation, conversation.finish(self.now))
                self.forget(connection.stream)
        elif isinstance(event, tcp.Gap):
            missed: Side = "client" if event.from_client else "server"
            told = iter(conversation.gap(missed, event.size, event.time))
            yield from self._told(connection, conversation, told)
        elif isinstance(event, tcp.Noted):
            connection.facts |= event.facts
        else:  # Forgotten: nothing more will come, and nobody saw it end
            yield from self._told(connection, conversation, conversation.finish(self.now))
            self.forget(connection.stream)

    def _open(self, event: tcp.Opened) -> None:
        connection = Connection(
            event.connection_id,
            event.client,
            event.server,
            event.time,
            dict(event.facts or {}),
            event.midstream,
        )
        self.streams[connection.stream] = connection, Conversation(midstream=event.midstream)
        self.undecided.add(connection.stream)

    def finish(self) -> Iterator[Item]:
        for connection, conversation in list(self.streams.values()):
            told = conversation.finish(self.now)
            yield from self._told(connection, conversation, told)

    def _told(
        self, connection: Connection, conversation: Conversation, events: Iterator[Event]
    ) -> Iterator[Item]:
        for event in events:
            if isinstance(event, Opened):
                if event.midstream:
                    connection.facts["handshake"] = "not captured"
                    if conversation.swapped:
                        ends = connection.server, connection.client
                        connection.client, connection.server = ends
                connection.begins = {
                    side: (
                        (side == "client") is not conversation.swapped,
                        conversation.begins(side),
                    )
                    for side in SIDES
                }
                self._number(connection)
                connection.url = url_of(connection, event.request)
            if conversation.unsettled:
                self.waiting.add(connection.stream)
            elif self.waiting:
                self.waiting.discard(connection.stream)
            if not isinstance(event, Finding) or proves(connection.facts, event.rule.id):
                yield Item(connection, event)
            if isinstance(event, Opened):
                yield from self._answered(connection, event.request)
            if isinstance(event, Closed):
                self.forget(connection.stream)
        if conversation.joining:
            self.joining[connection.stream] = None
            if len(self.joining) > MAX_JOINING:
                oldest, its = self.streams[next(iter(self.joining))]
                yield from self._told(oldest, its, its.decide())
        else:
            self.joining.pop(connection.stream, None)
        if conversation.stage == "opaque":
            self.forget(connection.stream)
        elif (exchange := conversation.asking) is not None:
            self._asks(connection, exchange.request)

    def _asks(self, connection: Connection, request: Head) -> None:
        """A request for a WebSocket waits for its answer, perhaps since just now."""
        known = self.asking.get(connection.stream)
        if known is None or known[0] is not request:
            server = str(connection.facts.get("server") or address_text(connection.server))
            asker = Asker(connection.stream, *connection.client, server)
            self.asking[connection.stream] = request, asker, self.across.asks(asker, request)

    def _answered(self, connection: Connection, request: Head | None) -> Iterator[Item]:
        """Its answer is there, or will never be: what is wrong with it beside other requests."""
        if request is None or not request.complete:
            return
        self._asks(connection, request)
        _, asker, findings = self.asking.pop(connection.stream)
        self.across.waits_no_more(asker)
        for finding in findings:
            if proves(connection.facts, finding.rule.id):
                yield Item(connection, finding)

    def forget(self, stream: int) -> None:
        """Nothing more of this TCP connection is wanted."""
        self.streams.pop(stream, None)
        self.undecided.discard(stream)
        self.waiting.discard(stream)
        self.over.pop(stream, None)
        if stream in self.asking:
            self.across.waits_no_more(self.asking.pop(stream)[1])
        self.joining.pop(stream, None)

    def _number(self, connection: Connection) -> None:
        if connection.number is not None:
            return
        self.undecided.discard(connection.stream)
        older = any(stream < connection.stream for stream in self.undecided)
        if older and self.numbers is None and self.reopen is not None:
            self.numbers = _numbers(self.reopen())
        if self.numbers is not None:
            connection.number = self.numbers.get(connection.stream)
        if connection.number is None:
            self.count = max(self.count, len(self.numbers or ())) + 1
            connection.number = self.count


def size_of(event: Event) -> int:
    """Bytes that an event keeps in memory, heads aside."""
    match event:
        case Framed():
            return len(event.frame.wire_payload)
        case Messaged():
            return len(event.message.payload) + len(event.message.data)
        case Raw():
            return len(event.data)
        case _:
            return 0


def _numbers(events: Iterable[tcp.CaptureEvent]) -> dict[int, int]:
    """Numbers of all WebSocket connections of a capture, by their TCP connection."""
    found: set[int] = set()
    ahead = _Dissector(None)

    def look(items: Iterable[Item | Fault | Finished]) -> None:
        for item in items:
            if isinstance(item, Item) and isinstance(item.event, Opened):
                found.add(item.connection.stream)
                ahead.forget(item.connection.stream)  # that is all there is to know of it
                return

    for event in events:
        look(ahead.take(event))
    for connection, conversation in list(ahead.streams.values()):
        look(Item(connection, event) for event in conversation.finish())
    return {stream: number for number, stream in enumerate(sorted(found), 1)}


def url_of(connection: Connection, request: Head | None) -> str | None:
    """`ws://host/path` as the client asked for it; None where there was no request."""
    if request is None or not request.target:
        return None
    scheme = "wss" if connection.facts.get("tls") else "ws"
    if request.target.startswith(("http://", "https://", "ws://", "wss://")):
        return f"{scheme}://{request.target.partition('://')[2]}"
    host = request.get("host") or address_text(connection.server)
    return f"{scheme}://{host}{request.target}"


def address_text(address: Address) -> str:
    """`127.0.0.1:8101` or `[::1]:8101`."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
