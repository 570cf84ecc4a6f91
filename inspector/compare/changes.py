"""What an intermediary did to one connection, between its two legs.

Leg A is the client's, leg B the server's. What a client sent is on A first, what a server sent on
B: *lost* is what went in and never came out, *invented* what came out and never went in.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from inspector.compare.align import WINDOW, Aligner, Leg, Pair, Unit
from inspector.compare.changed_heads import head_changes
from inspector.compare.units import Track
from inspector.core.events import Closed, Ended, Framed, Messaged, Opened
from inspector.core.frames import Raw
from inspector.core.handshake import Agreement
from inspector.core.rfc import PEER, SIDES, Side
from inspector.files.dissect import Item
from inspector.files.sketch import Spread

MOST_TOLD: Final = 20
"""Places kept of each kind of difference; of all there is the count."""
MAX_PINGS: Final = 1_024

KINDS: Final[dict[str, str]] = {
    "request-head": "the request's head changed",
    "response-head": "the response's head changed",
    "extensions": "what was agreed on changed",
    "message-lost": "messages lost",
    "message-invented": "messages invented",
    "message-changed": "messages with another content",
    "control-lost": "control frames lost",
    "control-invented": "control frames invented",
    "control-changed": "control frames with another payload",
    "close-changed": "Close frames changed",
    "answered-by-the-middle": "Pings that the intermediary answered itself",
    "order": "control frames at another place among the messages",
    "masks-changed": "messages and control frames with other masking keys",
    "masks-added": "messages and control frames masked on the way",
    "masks-removed": "messages and control frames unmasked on the way",
    "fragments-joined": "messages in fewer frames",
    "fragments-split": "messages in more frames",
    "fragments-moved": "messages in as many frames with other borders",
    "deflate-added": "messages compressed on the way",
    "deflate-removed": "messages inflated on the way",
    "deflate-changed": "messages compressed anew",
    "headers": "messages and control frames with other reserved bits or lengths in another form",
    "raw": "bytes outside of frames changed",
    "end": "ends of TCP directions changed",
}
"""Every kind of difference, in the order in which they are told."""


@dataclass(slots=True)
class Difference:
    """All differences of one kind in one direction (None: the connection's)."""

    kind: str
    side: Side | None
    count: int = 0
    places: list[tuple[int | None, int | None, str]] = field(default_factory=list)
    """The first of them: frame on leg A, on leg B, and words."""


@dataclass(slots=True)
class _LegSeen:
    """What is remembered of one leg."""

    opened: Opened | None = None
    tracks: dict[Side, Track] = field(default_factory=lambda: {side: Track() for side in SIDES})
    raw: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(SIDES, 0))
    raw_digests: dict[Side, Any] = field(
        default_factory=lambda: {side: blake2b(digest_size=16) for side in SIDES}
    )
    ends: list[tuple[Side, str | None]] = field(default_factory=list)
    over: bool = False


class Changes:
    """Compare one connection: `take` items of either leg, then `finish`."""

    def __init__(self, window: int = WINDOW) -> None:
        self.differences: dict[tuple[str, Side | None], Difference] = {}
        self.messages: dict[Side, int] = dict.fromkeys(SIDES, 0)
        """Messages that came through, changed or not."""
        self.controls: dict[Side, int] = dict.fromkeys(SIDES, 0)
        self.delays: dict[Side, Spread] = {side: Spread() for side in SIDES}
        """Seconds from the one leg to the other, of messages that came through."""
        self.backwards: dict[Side, int] = dict.fromkeys(SIDES, 0)
        """Messages that came out before they went in: the clocks don't agree."""
        self._legs = (_LegSeen(), _LegSeen())
        self._data = {side: Aligner(window) for side in SIDES}
        self._control = {side: Aligner(window) for side in SIDES}
        self._lost_pings: dict[Side, Counter[bytes]] = {side: Counter() for side in SIDES}
        self._invented_pongs: dict[Side, Counter[bytes]] = {side: Counter() for side in SIDES}
        self._finished = False

    @property
    def waiting(self) -> tuple[int, int]:
        """Units of each leg that wait for their partner."""
        rows = [aligner.waiting for aligner in (*self._data.values(), *self._control.values())]
        return sum(row[0] for row in rows), sum(row[1] for row in rows)

    @property
    def over(self) -> bool:
        """Have both legs come to their end?"""
        return all(leg.over for leg in self._legs)

    def ordered(self) -> list[Difference]:
        """The differences as they are to be told."""
        order = list(KINDS)
        sides = [None, *SIDES]
        return sorted(
            self.differences.values(),
            key=lambda one: (order.index(one.kind), sides.index(one.side)),
        )

    def take(self, number: Leg, item: Item) -> None:
        leg = self._legs[number]
        match item.event:
            case Opened() as opened:
                leg.opened = opened
            case Framed() as framed:
                side = framed.frame.side
                if (unit := leg.tracks[side].frame(framed)) is not None:
                    self._pairs(side, self._control[side].add(number, unit))
            case Messaged() as messaged:
                side = messaged.message.side
                unit = leg.tracks[side].message(messaged)
                self._pairs(side, self._data[side].add(number, unit))
            case Raw() as raw:
                leg.raw[raw.side] += len(raw.data)
                leg.raw_digests[raw.side].update(raw.data)
            case Ended() as ended:
                leg.ends.append((ended.side, ended.how))
            case Closed():
                self.end(number)

    def end(self, number: Leg) -> None:
        """No more comes of this leg."""
        leg = self._legs[number]
        if leg.over:
            return
        leg.over = True
        for side in SIDES:
            if (unit := leg.tracks[side].rest()) is not None:
                self._pairs(side, self._data[side].add(number, unit))
            self._pairs(side, self._data[side].end(number))
            self._pairs(side, self._control[side].end(number))

    def finish(self) -> None:
        """No more comes at all: compare what only the end can tell."""
        if self._finished:
            return
        self._finished = True
        self.end(0)
        self.end(1)
        one, other = self._legs
        self._heads(one.opened, other.opened)
        for side in SIDES:
            self._answered(side)
            self._settle_order(side)
            if one.raw_digests[side].digest() != other.raw_digests[side].digest():
                words = f"{one.raw[side]:,} bytes became {other.raw[side]:,}"
                self._tell("raw", side, words=words)
        for words in _end_changes(one.ends, other.ends):
            self._tell("end", None, words=words)

    def _heads(self, one: Opened | None, other: Opened | None) -> None:
        for kind, name in (("request-head", "request"), ("response-head", "response")):
            heads = [None if opened is None else getattr(opened, name) for opened in (one, other)]
            for words in head_changes(*heads):
                self._tell(kind, None, words=words)
        agreed = [None if opened is None else opened.agreement for opened in (one, other)]
        texts = [_agreement(agreement) for agreement in agreed]
        if texts[0] != texts[1]:
            self._tell("extensions", None, words=f"{texts[0]} became {texts[1]}")

    def _pairs(self, side: Side, pairs: Iterable[Pair]) -> None:
        for a, b in pairs:
            self._pair(side, a, b)

    def _pair(self, side: Side, a: Unit | None, b: Unit | None) -> None:
        """A unit on leg A, the one on leg B, or both."""
        if a is None or b is None:
            self._alone(side, a, b)
            return
        is_message = a.kind in ("text", "binary", "unfinished message")
        if is_message:
            self.messages[side] += 1
            delay = b.time - a.time if side == "client" else a.time - b.time
            self.delays[side].add(delay)
            self.backwards[side] += delay < 0
        else:
            self.controls[side] += 1
        went_in, came_out = (a, b) if side == "client" else (b, a)
        places = (a.first, b.first)
        if a.key != b.key:
            kind = "close-changed" if a.kind == "close" else "control-changed"
            words = f"{went_in.told} became {came_out.told}"
            self._tell("message-changed" if is_message else kind, side, *places, words)
        if not is_message and (a.place[1], a.after) != (b.place[1], b.after):
            words = f"{a.kind} {_moved(went_in, came_out)}"
            # Where the message before it is lost, it only seems to have moved.
            self._tell("order" if a.place[1] != b.place[1] else "seems", side, *places, words)
        if went_in.masked != came_out.masked:
            self._tell("masks-removed" if went_in.masked else "masks-added", side, *places)
        elif a.frames == b.frames and a.masks != b.masks:
            self._tell("masks-changed", side, *places)
        if a.frames != b.frames:
            less = came_out.frames < went_in.frames
            words = f"{went_in.frames:,} frames became {came_out.frames:,}"
            self._tell("fragments-joined" if less else "fragments-split", side, *places, words)
        elif a.frames > 1 and a.shape != b.shape and a.compressed == b.compressed:
            self._tell("fragments-moved", side, *places)
        if went_in.compressed != came_out.compressed:
            kind = "deflate-removed" if went_in.compressed else "deflate-added"
            self._tell(kind, side, *places, f"{went_in.size:,} bytes became {came_out.size:,}")
        elif a.compressed and a.key == b.key and a.wire != b.wire:
            words = f"{went_in.size:,} bytes became {came_out.size:,}"
            self._tell("deflate-changed", side, *places, words)
        same_shape = a.shape == b.shape and a.compressed == b.compressed
        if same_shape and a.headers != b.headers:
            self._tell("headers", side, *places)

    def _alone(self, side: Side, a: Unit | None, b: Unit | None) -> None:
        unit = a or b
        assert unit is not None
        lost = (a is not None) == (side == "client")
        what = "message" if unit.kind in ("text", "binary", "unfinished message") else "control"
        words = f"{unit.kind} {unit.told}".strip()
        first = (a.first if a else None, b.first if b else None)
        self._tell(f"{what}-{'lost' if lost else 'invented'}", side, *first, words)
        if unit.kind == "ping" and lost:
            _count(self._lost_pings[side], unit.answers)
        elif unit.kind == "pong" and not lost:
            _count(self._invented_pongs[side], unit.answers)

    def _settle_order(self, side: Side) -> None:
        """Did control frames move, or did only the messages beside them change?"""
        seems = self.differences.pop(("seems", side), None)
        names = ("message-lost", "message-invented", "message-changed")
        if seems is None or any((name, side) in self.differences for name in names):
            return
        for place in seems.places:
            self._tell("order", side, *place)
        self.differences["order", side].count += seems.count - len(seems.places)

    def _answered(self, side: Side) -> None:
        """Pings of this side that never arrived, and were answered nevertheless."""
        answered = self._lost_pings[side] & self._invented_pongs[PEER[side]]
        for _ in range(answered.total()):
            self._tell("answered-by-the-middle", side)

    def _tell(
        self, kind: str, side: Side | None, a: int | None = None, b: int | None = None,
        words: str = "",
    ) -> None:  # fmt: skip
        one = self.differences.setdefault((kind, side), Difference(kind, side))
        one.count += 1
        if len(one.places) < MOST_TOLD and (a is not None or b is not None or words):
            one.places.append((a, b, words))


def _count(counter: Counter[bytes], payload: bytes) -> None:
    if payload in counter or len(counter) < MAX_PINGS:
        counter[payload] += 1


def _moved(went_in: Unit, came_out: Unit) -> str:
    def place(unit: Unit) -> str:
        messages, amid = unit.place
        return f"{'amid' if amid else 'before'} message {messages + 1} of its side"

    return f"{place(went_in)} came out {place(came_out)}"


def _agreement(agreement: Agreement | None) -> str:
    if agreement is None:
        return "nothing"
    names = [
        extension.name + "".join(
            f"; {name}" if value is None else f"; {name}={value}"
            for name, value in extension.params
        )
        for extension in agreement.extensions
    ]  # fmt: skip
    return f"{', '.join(names) or 'no extension'}, {agreement.subprotocol or 'no subprotocol'}"


def _end_changes(
    one: list[tuple[Side, str | None]], other: list[tuple[Side, str | None]]
) -> Iterator[str]:
    """How the TCP directions ended; a manner that is not known differs from none."""
    mine, theirs = dict(one), dict(other)
    for side in SIDES:
        if (side in mine) != (side in theirs):
            where = "A" if side in mine else "B"
            yield f"the {side}'s direction ended on leg {where} only"
        elif side in mine:
            a, b = mine[side], theirs[side]
            if a is not None and b is not None and a != b:
                yield f"the {side}'s {a.upper()} became {b.upper()}"
    if len(mine) == len(theirs) == 2 and list(mine) != list(theirs):
        yield f"the {next(iter(mine))} ended first on leg A, the {next(iter(theirs))} on leg B"
