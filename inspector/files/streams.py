"""TCP reassembly: from the segments of all connections to the bytes that each side sent.

Bytes come out in the order of the capture, as soon as all bytes before them on their side have come
out. A hole is waited for, because segments overtake one another; it is given up, as a `Gap`, when

- the other side acknowledged bytes behind it, so that it was the capture that missed them, and a
  grace for reordering by the capture itself has passed; or
- what waits behind holes grows beyond `Limits`; or
- the connection or the capture ends; or
- the capture is one of ours, whose recorder writes in order: there a hole is a loss, at once.

Memory stays flat: bytes are forgotten when delivered, ended connections when `Limits.ended` later
ones have ended (until then a late retransmission is known for what it is), silent ones when more
than `Limits.connections` are open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import NamedTuple

from inspector.files.comments import Facts, by_proxy, facts_in, manner
from inspector.files.connection import Connection, from_client, repeats
from inspector.files.direction import MODULUS, Direction
from inspector.files.events import (
    CaptureEvent,
    Counts,
    Data,
    Ended,
    Fault,
    Forgotten,
    Manner,
    Noted,
    Opened,
)
from inspector.files.packets import (
    ACK,
    FIN,
    RST,
    SYN,
    Passed,
    Segment,
    backward,
    endpoints,
    read_segment,
)
from inspector.files.pcapng import Record

type Events = Iterator[CaptureEvent]

SPECIAL = SYN | FIN | RST
MAX_WINDOW = 1 << 30
"""The largest TCP window (RFC 7323 §2.3): no receiver takes a segment further ahead."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What keeps memory flat; bytes, counts and seconds of capture time."""

    held_by_one: int = 4 << 20
    held_by_all: int = 64 << 20
    connections: int = 32_768
    ended: int = 1_024
    grace_packets: int = 256
    grace_seconds: float = 1.0


class Doubt(NamedTuple):
    """A hole before bytes that the other side acknowledged: known since that packet and time."""

    connection: Connection
    place: int
    packet: int
    time: float


def reassemble(records: Iterable[Record], counts: Counts, limits: Limits | None = None) -> Events:
    """The events of a capture's records: a `Finished` in its place, a `Fault` after all else."""
    return Reassembler(counts, limits or Limits()).events(records)


class Reassembler:
    """All connections of one capture. `events` is for one use."""

    def __init__(self, counts: Counts, limits: Limits) -> None:
        self.counts = counts
        self.limits = limits
        self._flows: dict[bytes, tuple[Connection, Direction]] = {}
        self._closed: deque[Connection] = deque()
        self._waiting: dict[Direction, tuple[Connection, int]] = {}
        """Directions with holes, the longest waiting first, and what each holds."""
        self._doubted: dict[Direction, Doubt] = {}
        """Of these, the ones that the capture has lost, the longest known first."""
        self._held = 0
        self._opened = 0

    def place(self, segment: Segment) -> tuple[int, bool, int] | None:
        """Connection, side (from the client?) and place in its stream, from 0, of the first byte of
        a segment just read; None if it belongs to no connection."""
        known = self._flows.get(segment[0])
        if known is None or not known[1].begun:
            return None
        side, seq = known[1], segment[1] + bool(segment[3] & SYN)
        return side.connection_id, side.from_client, side.place(seq % MODULUS) - side.origin

    def events(self, records: Iterable[Record]) -> Events:
        counts, flows, doubted = self.counts, self._flows, self._doubted
        fault: Fault | None = None
        time = 0.0
        for record in records:
            if not isinstance(record, tuple):
                if isinstance(record, Fault):
                    fault = record
                else:
                    yield record
                continue
            counts.packets += 1
            link, data, time, snapped, comments = record
            segment = read_segment(link, data)
            if isinstance(segment, Passed):
                self._pass(segment, link)
                continue
            if snapped:
                counts.snapped += 1
            if doubted:
                yield from self._give_up(time)
            flow, seq, _, flags, payload = segment
            known = flows.get(flow)
            if known is not None:
                connection, direction = known
                # The usual case, and the only one that has to be quick.
                if (
                    direction.plain
                    and not flags & SPECIAL
                    and not comments
                    and direction.expected % MODULUS == seq
                ):
                    connection.last = counts.packets
                    if payload:
                        direction.expected += len(payload)
                        yield Data(direction.connection_id, direction.from_client, payload, time)
                    continue
            yield from self._segment(segment, comments, time)
        for side, (connection, _) in list(self._waiting.items()):
            yield from self._flush(connection, side, time)
        if fault is not None:
            yield fault

    def _pass(self, reason: Passed, link: int) -> None:
        match reason:
            case Passed.NOT_TCP:
                self.counts.not_tcp += 1
            case Passed.FRAGMENT:
                self.counts.fragments += 1
            case Passed.MALFORMED:
                self.counts.malformed += 1
            case Passed.UNKNOWN_LINK:
                links = self.counts.unknown_links
                links[link] = links.get(link, 0) + 1

    def _segment(self, segment: Segment, comments: tuple[str, ...], time: float) -> Events:
        flow, seq, ack, flags, payload = segment
        facts = facts_in(comments)
        if flags & SYN:
            seq = (seq + 1) % MODULUS
        known = self._flows.get(flow)
        if known is None or (flags & SYN and not repeats(known[0], known[1], seq, flags)):
            if not payload and not flags & SYN:
                # The last words of a connection from before the capture, or one forgotten.
                self.counts.stray += 1
                return
            if known is not None:
                yield from self._forget(known[0], time)
            yield from self._open(segment, facts, time)
            known = self._flows[flow]
        elif facts is not None and not flags & (FIN | RST):
            yield Noted(known[1].connection_id, known[1].from_client, facts, time)
        connection, side = known
        peer = connection.server if side.from_client else connection.client
        connection.last = self.counts.packets
        if connection.closed:
            self.counts.stray += 1
            return
        if not side.begun and (payload or flags & (SYN | FIN)):
            side.begin(seq)
        if flags & SYN:
            side.first = seq
        if flags & ACK:
            self._acknowledged(connection, peer, ack, time, syn=bool(flags & SYN))
        if flags & RST:
            yield from self._reset(connection, side, facts, time)
            return
        if side.begun and not side.ended:
            at = side.place(seq)
            if at - side.expected > MAX_WINDOW and not connection.in_order:
                self.counts.far_ahead += 1
            else:
                if flags & FIN:
                    side.finish(at + len(payload), _ended(side, facts, "fin", time))
                yield from side.take(at, payload, time)
        elif payload:
            self.counts.stray += 1
        yield from self._after(connection, side, time)

    def _acknowledged(
        self, connection: Connection, side: Direction, ack: int, time: float, *, syn: bool
    ) -> None:
        """The peer of a direction has seen its bytes up to the number `ack`."""
        if not side.begun and not connection.midstream:
            side.begin(ack)
            if syn:
                side.first = ack
        elif side.waiting and side.place(ack) > side.expected:
            doubt = self._doubted.get(side)
            if doubt is None or doubt.place != side.expected:
                self._doubted.pop(side, None)
                doubt = Doubt(connection, side.expected, self.counts.packets, time)
                self._doubted[side] = doubt

    def _after(self, connection: Connection, side: Direction, time: float) -> Events:
        """Look, after a segment of `side`, at what ended and at which holes are to be given up."""
        yield from self._book(connection, side, time)
        limits = self.limits
        if connection.in_order and side.waiting:
            yield from self._flush(connection, side, time)
        while side.cost > limits.held_by_one:
            yield from self._skip(connection, side, time)
        while self._held > limits.held_by_all:
            oldest, (its_connection, _) = next(iter(self._waiting.items()))
            yield from self._skip(its_connection, oldest, time)
        connection.settle()

    def _give_up(self, time: float) -> Events:
        """Skip holes that are known to be lost, once their grace has passed."""
        while self._doubted:
            side, doubt = next(iter(self._doubted.items()))
            waited = self.counts.packets - doubt.packet > self.limits.grace_packets
            filled = side.expected != doubt.place or not side.waiting
            if not (filled or waited or time - doubt.time > self.limits.grace_seconds):
                break
            del self._doubted[side]
            if not filled:
                yield from self._skip(doubt.connection, side, time)
                doubt.connection.settle()

    def _skip(self, connection: Connection, side: Direction, time: float) -> Events:
        """Give up the first hole of a direction."""
        yield from side.skip_hole(time)
        yield from self._book(connection, side, time)

    def _flush(self, connection: Connection, side: Direction, time: float) -> Events:
        """Give up every hole of a direction."""
        while side.waiting:
            yield from self._skip(connection, side, time)

    def _book(self, connection: Connection, side: Direction, time: float) -> Events:
        """End a direction whose end was reached, and keep account of what is held."""
        if side.fin is not None and side.expected >= side.fin and not side.ended:
            side.ended = True
            side.drop()
            if side.farewell is not None:
                yield replace(side.farewell, time=max(time, side.farewell.time))
            if connection.client.ended and connection.server.ended:
                self._close(connection)
        _, before = self._waiting.get(side, (connection, 0))
        self._held += side.cost - before
        if side.waiting:
            self._waiting[side] = (connection, side.cost)
        else:
            self._waiting.pop(side, None)

    def _reset(
        self, connection: Connection, side: Direction, facts: Facts | None, time: float
    ) -> Events:
        """A RST ends both directions, with what can still be said of them."""
        for each in (connection.client, connection.server):
            yield from self._flush(connection, each, time)
        if not connection.closed:
            yield _ended(side, facts, "rst", time)
            self._close(connection)

    def _open(self, segment: Segment, facts: Facts | None, time: float) -> Events:
        if len(self._flows) >= 2 * (self.limits.connections + self.limits.ended):
            yield from self._make_room(time)
        self._opened += 1
        flow, _, _, flags, _ = segment
        midstream = not flags & SYN
        if not from_client(segment):
            flow = backward(flow)
        client = Direction(self._opened, True, self.counts)
        server = Direction(self._opened, False, self.counts)
        connection = Connection(flow, client, server, midstream, in_order=facts is not None)
        self._flows[flow] = connection, client
        self._flows[backward(flow)] = connection, server
        # A copy of a capture says of what it knows no beginning of; its SYN is only the copy's.
        if facts is not None and facts.pop("midstream", None) is True:
            midstream = True
        yield Opened(self._opened, *endpoints(flow), time, facts, midstream)

    def _close(self, connection: Connection) -> None:
        connection.closed = True
        connection.settle()
        self._closed.append(connection)
        while len(self._closed) > self.limits.ended:
            self._remove(self._closed.popleft())

    def _make_room(self, time: float) -> Events:
        """Let go of a quarter of the open connections: those silent for longest."""
        still_open = {id(each): each for each, _ in self._flows.values() if not each.closed}
        count = max(1, len(still_open) // 4)
        for connection in nsmallest(count, still_open.values(), key=lambda each: each.last):
            self.counts.forgotten += 1
            yield from self._forget(connection, time)

    def _forget(self, connection: Connection, time: float) -> Events:
        """Remove a connection whose flow is wanted for another; an open one is flushed."""
        for side in (connection.client, connection.server):
            yield from self._flush(connection, side, time)
        if not connection.closed:
            yield Forgotten(connection.client.connection_id, time)
        self._remove(connection)

    def _remove(self, connection: Connection) -> None:
        for flow in (connection.flow, backward(connection.flow)):
            if flow in self._flows and self._flows[flow][0] is connection:
                del self._flows[flow]


def _ended(side: Direction, facts: Facts | None, seen: Manner, time: float) -> Ended:
    how = manner(facts, seen)
    return Ended(side.connection_id, side.from_client, how, time, by_proxy(facts))
