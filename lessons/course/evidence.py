"""What was captured, ready to be asked: the one place where a lesson gets its numbers from.

    evidence = Evidence.read(path)
    chat = evidence.connection("/ws/chat")
    chat.status, chat.answered_in, [message.text for message in chat.said("client")]

It is built from the same events that `ws101 dump` prints (`inspector.files.dissect`), and grows
with them: `Follower` reads a capture while it is written, `Evidence.take` takes in what it has
read. A lesson that was quit and resumed has several captures; its connections are counted through.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from inspector.core.events import Closed, Ended, Event, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.handshake import AcceptProof, Agreement
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.core.messages import Message
from inspector.core.rfc import Side
from inspector.files.capture import Fault
from inspector.files.dissect import Connection as Place
from inspector.files.dissect import Item
from inspector.files.events import Address
from lessons.course.follower import Told, read_capture
from lessons.course.model import Missing
from lessons.course.traffic import Piece, Read, Traffic, traffic


@dataclass(frozen=True, slots=True)
class Said:
    """A whole message, its number, and the time of its last byte (seconds since the epoch)."""

    number: int
    message: Message
    time: float

    @property
    def side(self) -> Side:
        return self.message.side

    @property
    def kind(self) -> str:
        return self.message.kind

    @property
    def data(self) -> bytes:
        return self.message.data

    @property
    def text(self) -> str | None:
        return self.message.text

    @property
    def frames(self) -> tuple[int, ...]:
        return self.message.frames


@dataclass(slots=True, eq=False)
class Tcp:
    """The reads of a TCP connection that spoke plain HTTP, weighed when somebody asks."""

    reads: list[Read]
    exchanges: int = 0
    _told: list[Traffic] = field(default_factory=list)
    _of: int = 0

    def traffic(self) -> list[Traffic]:
        """Its exchanges, as far as they have come."""
        if self._of != len(self.reads):
            self._of = len(self.reads)
            self._told = traffic(self.reads[: self._of])
        return self._told


@dataclass(frozen=True, slots=True)
class Http:
    """A plain HTTP exchange. Times in seconds since the epoch, `responded` None without answer: it
    is when the response's head was whole; `pieces` tell when its body came."""

    client: Address
    exchange: Exchange
    file: Path
    tcp: Tcp = field(repr=False)
    place: int = 0
    """Which exchange of its TCP connection this is, counted from 0."""

    @property
    def request(self) -> Head:
        return self.exchange.request

    @property
    def response(self) -> Head | None:
        return self.exchange.response

    @property
    def path(self) -> str:
        return self.request.target.partition("?")[0]

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None

    @property
    def requested(self) -> float:
        return self.exchange.requested

    @property
    def responded(self) -> float | None:
        return self.exchange.responded

    @property
    def up(self) -> int:
        """Bytes of the request on the wire, head and body."""
        return self._traffic.up

    @property
    def down(self) -> int:
        """Bytes of the response so far: head, body, the framing of chunks."""
        return self._traffic.down

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The response's body as it came, each piece with its time, without the framing."""
        return tuple(self._traffic.pieces)

    @property
    def body(self) -> bytes:
        """The response's body so far, without the framing."""
        return self._traffic.body

    @property
    def _traffic(self) -> Traffic:
        told = self.tcp.traffic()
        return told[self.place] if self.place < len(told) else Traffic()


class Connection:
    """One WebSocket connection, or the attempt at one, as far as it has been captured.

    `number` counts through all captures of the lesson; `in_file` is what `ws101 dump` calls it in
    `file`. `client` and `server` are (host, port). Times are seconds since the epoch.
    """

    def __init__(self, number: int, file: Path | None, place: Place, reads: list[Read]) -> None:
        self.number = number
        self.file = file
        self.client = place.client
        self.server = place.server
        self.opened = place.opened
        self.items: list[Event] = []
        self.frames: list[Framed] = []
        self.messages: list[Said] = []
        self.findings: list[Finding] = []
        self.raws: list[Raw] = []
        self.closed: Closed | None = None
        self.ends: list[Ended] = []
        self.reads = reads
        self._place = place
        self._handshake: Opened | None = None

    def __repr__(self) -> str:
        return f"<connection {self.number}: {self.url}>"

    @property
    def in_file(self) -> int | None:
        return self._place.number

    @property
    def url(self) -> str | None:
        return self._place.url

    @property
    def handshake(self) -> Opened:
        if self._handshake is None:
            raise Missing(f"connection {self.number} has no handshake")
        return self._handshake

    @property
    def request(self) -> Head:
        if (head := self.handshake.request) is None:
            raise Missing(f"connection {self.number} has no request")
        return head

    @property
    def response(self) -> Head:
        if (head := self.handshake.response) is None:
            raise Missing(f"connection {self.number} was not answered")
        return head

    @property
    def path(self) -> str:
        """Of the request, without its query."""
        return self.request.target.partition("?")[0]

    @property
    def status(self) -> int | None:
        return self.response.status

    @property
    def upgraded(self) -> bool:
        return self.handshake.upgraded

    @property
    def proof(self) -> AcceptProof:
        """`Sec-WebSocket-Accept`, verified."""
        return self.handshake.proof

    @property
    def agreement(self) -> Agreement:
        return self.handshake.agreement

    @property
    def answered_at(self) -> float:
        """When the response's head was whole."""
        return self.handshake.time

    @property
    def asked_at(self) -> float:
        """When the last piece of the request came that came before the answer."""
        asked = [r.time for r in self.reads if r.side == "client" and r.time <= self.answered_at]
        return asked[-1] if asked else self.opened

    @property
    def answered_in(self) -> float:
        """Seconds from the request to its answer."""
        return self.answered_at - self.asked_at

    def frames_from(self, side: Side) -> list[Framed]:
        return [framed for framed in self.frames if framed.frame.side == side]

    def frame(self, number: int) -> Framed:
        if not 1 <= number <= len(self.frames):
            raise Missing(f"connection {self.number} has {len(self.frames)} frames, no {number}")
        return self.frames[number - 1]

    def said(self, side: Side) -> list[Said]:
        """The messages of one side."""
        return [said for said in self.messages if said.side == side]

    def ended(self, side: Side) -> Ended | None:
        """How and when this direction of TCP ended, if it has."""
        return next((end for end in self.ends if end.side == side), None)

    def bytes_from(self, side: Side) -> int:
        """All bytes of this direction of the TCP connection, heads included."""
        return sum(read.size for read in self.reads if read.side == side)

    def listed(self) -> list[Item]:
        """What happened, as the inspector's listing takes it."""
        return [Item(self._place, event) for event in self.items]

    def take(self, event: Event) -> None:
        self.items.append(event)
        match event:
            case Opened():
                self._handshake = event
            case Framed():
                self.frames.append(event)
            case Messaged():
                self.messages.append(Said(event.number, event.message, event.time))
            case Finding():
                self.findings.append(event)
            case Raw():
                self.raws.append(event)
            case Ended():
                self.ends.append(event)
            case Closed():
                self.closed = event
            case Exchange():
                pass


@dataclass(slots=True)
class Evidence:
    """All that was captured for a lesson, in the order in which it became known.

    `whose` says in words where it comes from. `faults` are captures that could not be read whole.
    """

    whose: str = "this run"
    connections: list[Connection] = field(default_factory=list)
    http: list[Http] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _known: dict[tuple[Path, int], Connection] = field(default_factory=dict)
    _tcp: dict[tuple[Path, int], Tcp] = field(default_factory=dict)

    @classmethod
    def read(cls, *paths: Path, whose: str = "this run") -> Evidence:
        """Read finished captures. One that can't be read is a fault, not an exception."""
        evidence = cls(whose)
        for path in paths:
            for told in read_capture(path):
                evidence.take(told)
        return evidence

    def take(self, told: Told) -> None:
        """Take in the next thing that a capture tells."""
        path, item, reads = told
        if isinstance(item, Fault):
            self.faults.append(f"{path.name}: {item.words}")
        elif isinstance(item, Item) and isinstance(item.event, Exchange):
            tcp = self._tcp_of(path, item, reads)
            self.http.append(Http(item.connection.client, item.event, path, tcp, tcp.exchanges))
            tcp.exchanges += 1
        elif isinstance(item, Item):
            key = path, item.connection.stream
            if key not in self._known:
                mine = reads.setdefault(item.connection.stream, [])
                connection = Connection(len(self.connections) + 1, path, item.connection, mine)
                self._known[key] = connection
                self.connections.append(connection)
            self._known[key].take(item.event)
            if isinstance(item.event, Opened) and item.event.request:  # one more of the exchanges
                self._tcp_of(path, item, reads).exchanges += 1

    def _tcp_of(self, path: Path, item: Item, reads: dict[int, list[Read]]) -> Tcp:
        stream = item.connection.stream
        return self._tcp.setdefault((path, stream), Tcp(reads.setdefault(stream, [])))

    @property
    def files(self) -> tuple[Path, ...]:
        """The captures that hold any of it."""
        files = [each.file for each in self.connections] + [each.file for each in self.http]
        return tuple(dict.fromkeys(file for file in files if file))

    def connection(self, path: str | None = None) -> Connection:
        """The newest upgraded connection (on that path), else the newest that asked for it."""
        asked = [
            connection
            for connection in self.connections
            if path is None or (connection.handshake.request and connection.path == path)
        ]
        if not asked:
            raise Missing(f"no connection{f' on {path}' if path else ''} was captured")
        return next((each for each in reversed(asked) if each.upgraded), asked[-1])

    def numbered(self, number: int) -> Connection:
        """The connection of that number."""
        if not 1 <= number <= len(self.connections):
            raise Missing(f"{len(self.connections)} connections were captured, no {number}")
        return self.connections[number - 1]


def clock(seconds: float) -> str:
    """A time of day as messages give it: `10:42:07`."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
