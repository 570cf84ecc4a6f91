"""One side's bytes put in order.

TCP numbers bytes, not packets, so a capture may hold them twice, overlapping, or in another order.
One rule, that of most receivers: the first bytes seen for a place in the stream are the ones that
count. What comes early is held until the hole before it is filled, or is given up as lost.

Places are counted without the wrap of TCP's 32-bit numbers, from the number of the first byte.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from inspector.files.events import Counts, Data, Ended, Gap

MODULUS = 1 << 32
HALF = 1 << 31
PIECE_COST = 128
"""What Python needs, roughly, to hold a piece beside its bytes: many tiny ones are not free."""


@dataclass(slots=True, eq=False)
class Direction:
    """The stream of one side of a connection."""

    connection_id: int
    from_client: bool
    counts: Counts
    first: int | None = None
    """Sequence number of the first byte, if the SYN told it."""
    expected: int = 0
    """Place of the next byte to deliver; meaningless until `begun`."""
    origin: int = 0
    """Place of the first byte that belongs to the stream as far as it is known."""
    begun: bool = False
    fin: int | None = None
    """Place of the end, once it was announced."""
    farewell: Ended | None = None
    """What to say when it is reached."""
    ended: bool = False
    plain: bool = False
    """Whether a segment in order can be delivered without looking at anything else (`streams`)."""
    starts: list[int] = field(default_factory=list)
    pieces: list[tuple[bytes, float]] = field(default_factory=list)
    """What is held, apart from one another and in order: places, and bytes with their times."""
    cost: int = 0
    """Memory held, in bytes, roughly."""

    def begin(self, seq: int) -> None:
        """The stream's next byte has this sequence number."""
        self.expected = self.origin = seq
        self.begun = True

    @property
    def waiting(self) -> bool:
        """Whether something has to come before what is already known can be delivered."""
        return bool(self.starts) or (self.fin is not None and not self.ended)

    def place(self, seq: int) -> int:
        """The place that a sequence number means: the one nearest to the byte expected."""
        return self.expected + (seq - self.expected + HALF) % MODULUS - HALF

    def take(self, at: int, payload: bytes, time: float) -> Iterator[Data]:
        """Bytes for the place `at`: deliver what is in order now, hold what came early."""
        if self.fin is not None:
            payload = payload[: max(0, self.fin - at)]
        if at < self.expected:
            repeated = min(self.expected - at, len(payload))
            self.counts.repeated_bytes += repeated
            payload = payload[repeated:]
            at = self.expected
        if not payload:
            return
        if at == self.expected and not self.starts:
            self.expected += len(payload)
            yield Data(self.connection_id, self.from_client, payload, time)
            return
        self._hold(at, payload, time)
        yield from self._drain(time)

    def finish(self, at: int, farewell: Ended) -> None:
        """The stream ends at the place `at`; the first such word counts."""
        if self.fin is None and at >= self.expected:
            self.fin = at
            self.farewell = farewell

    def skip_hole(self, time: float) -> Iterator[Data | Gap]:
        """Give up the bytes that are missing next, and deliver what was held behind them."""
        known = self.starts[:1] if self.fin is None else [*self.starts[:1], self.fin]
        if known and (size := min(known) - self.expected):
            self.counts.gaps += 1
            self.counts.lost_bytes += size
            self.expected += size
            noticed = self.pieces[0][1] if self.pieces else time
            yield Gap(self.connection_id, self.from_client, size, noticed)
        yield from self._drain(0.0)

    def drop(self) -> None:
        """Let go of what is held: it lies beyond the end, or nobody wants it any more."""
        self.starts.clear()
        self.pieces.clear()
        self.cost = 0

    def _hold(self, at: int, payload: bytes, time: float) -> None:
        """Keep those bytes for which none are held yet."""
        free, end = at, at + len(payload)
        index = bisect_right(self.starts, at)
        if index:
            free = max(at, self.starts[index - 1] + len(self.pieces[index - 1][0]))
        kept = 0
        while free < end:
            stop = min(end, self.starts[index]) if index < len(self.starts) else end
            if free < stop:
                self.starts.insert(index, free)
                self.pieces.insert(index, (payload[free - at : stop - at], time))
                self.cost += stop - free + PIECE_COST
                kept += stop - free
                index += 1
            if index == len(self.starts):
                break
            free = self.starts[index] + len(self.pieces[index][0])
            index += 1
        self.counts.repeated_bytes += len(payload) - kept

    def _drain(self, time: float) -> Iterator[Data]:
        """Deliver what is held and in order now: it arrives when its hole is filled, not before."""
        done = 0
        for start, (data, came) in zip(self.starts, self.pieces, strict=True):
            if start != self.expected:
                break
            self.expected += len(data)
            self.cost -= len(data) + PIECE_COST
            done += 1
            yield Data(self.connection_id, self.from_client, data, max(time, came))
        del self.starts[:done], self.pieces[:done]
