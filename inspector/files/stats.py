"""What a connection was made of, in numbers: the counting behind `dump --stats`.

Each connection has its `Numbers`, and all together have theirs. A `Count` looks at a connection's
items one by one, with as much memory of the past as the numbers need (the Pings that wait, the time
of the last frame), all of it capped.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from inspector.core.events import Closed, Ended, Framed, Gap, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Frame, Raw
from inspector.core.masking import KEY_LENGTH
from inspector.core.messages import Message
from inspector.core.rfc import PEER, PING, PONG, SIDES, Side
from inspector.files.dissect import Connection, Item
from inspector.files.sketch import Pace, Spread

SILENCE: Final = 1.0
"""Seconds without a frame from which on they count as silence."""
MAX_PINGS: Final = 1_024
"""Pings of a side that wait for their Pong; the oldest is forgotten for more."""


@dataclass(slots=True)
class Voice:
    """What one side sent."""

    frames: Counter[str] = field(default_factory=Counter)
    """Frames by kind."""
    bytes: Counter[str] = field(default_factory=Counter)
    """Their bytes on the wire by kind, headers included."""
    headers: int = 0
    """Bytes of frame headers, masking keys included."""
    masks: int = 0
    """Bytes of masking keys."""
    payload: int = 0
    """Bytes of payloads, as they were on the wire."""
    heads: int = 0
    """Bytes of the handshake's heads."""
    raw: int = 0
    """Bytes that belong to no frame."""
    missing: int = 0
    """Bytes that the capture lacks."""
    messages: Counter[str] = field(default_factory=Counter)
    content: int = 0
    """Bytes of messages' contents, inflated where they were deflated."""
    sizes: Counter[int] = field(default_factory=Counter)
    """Messages by the number of bits in their content's length: 0, 1, 2 to 3, 4 to 7, ..."""
    unsized: int = 0
    """Messages too long to keep."""
    fragmented: int = 0
    """Messages of more than one frame."""
    fragments: int = 0
    """Frames of those."""
    most_fragments: int = 0
    compressed: int = 0
    deflated: int = 0
    """Payload bytes of the compressed messages that could be inflated."""
    inflated: int = 0
    """Bytes of their contents."""
    pings: int = 0
    answered: int = 0
    """Pongs that came back for them."""
    unasked: int = 0
    """Pongs it sent that answer no Ping."""
    round_trip: Spread = field(default_factory=Spread)
    """Seconds from its Ping to the peer's Pong."""

    @property
    def overhead(self) -> float | None:
        """Headers' share of all bytes of frames, 0 to 1; None without frames."""
        whole = self.headers + self.payload
        return self.headers / whole if whole else None

    @property
    def ratio(self) -> float | None:
        """Bytes of content that one deflated byte stood for; None where nothing was deflated."""
        return self.inflated / self.deflated if self.deflated else None


@dataclass(slots=True)
class Numbers:
    """What both sides did, of one connection or of all."""

    voices: dict[Side, Voice] = field(default_factory=lambda: {side: Voice() for side in SIDES})
    connections: int = 0
    opened: float | None = None
    last: float | None = None
    """When something was last seen."""
    pace: Pace | None = None
    silences: int = 0
    silent: float = 0.0
    """Seconds, all silences together."""
    longest: float = 0.0
    before: tuple[int, int] | None = None
    """Connection and frame that ended the longest silence."""
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By severity and rule."""

    @property
    def duration(self) -> float:
        """Seconds from the first packet to the last thing seen."""
        return max(0.0, (self.last or 0.0) - (self.opened or 0.0)) if self.last else 0.0

    def begin(self, time: float) -> None:
        if self.opened is None or time < self.opened:
            self.opened = time
        self.pace = self.pace or Pace(time)

    def reach(self, time: float) -> None:
        self.last = time if self.last is None else max(self.last, time)


class Count:
    """One connection being counted: `take` each of its items."""

    def __init__(self, connection: Connection, total: Numbers) -> None:
        self.connection = connection
        self.own = Numbers(connections=1)
        self.closed: Closed | None = None
        self._both = (self.own, total)
        self._pings: dict[Side, OrderedDict[bytes, float]] = {s: OrderedDict() for s in SIDES}
        self._latest: float | None = None
        total.connections += 1
        for numbers in self._both:
            numbers.begin(connection.opened)

    def take(self, item: Item) -> None:
        match item.event:
            case Framed() as framed:
                self._frame(framed)
            case Messaged() as messaged:
                for numbers in self._both:
                    _add_message(numbers.voices[messaged.message.side], messaged.message)
            case Finding() as finding:
                for numbers in self._both:
                    numbers.findings[finding.rule.severity, finding.rule.id] += 1
            case Opened() as opened:
                heads: tuple[tuple[Side, Any], ...] = (
                    ("client", opened.request), ("server", opened.response),
                )  # fmt: skip
                for numbers in self._both:
                    numbers.reach(opened.time)
                    for side, head in heads:
                        numbers.voices[side].heads += len(head.raw) if head is not None else 0
            case Raw() as raw:
                for numbers in self._both:
                    numbers.voices[raw.side].raw += len(raw.data)
            case Gap() as gap:
                for numbers in self._both:
                    numbers.voices[gap.side].missing += gap.size
            case Ended() as ended:
                for numbers in self._both:
                    numbers.reach(ended.time)
            case Closed() as closed:
                self.closed = closed

    def _frame(self, framed: Framed) -> None:
        frame, time = framed.frame, framed.time
        size = len(frame.header) + len(frame.wire_payload)
        gap = time - self._latest if self._latest is not None else 0.0
        self._latest = time
        answer = self._answer(frame, time)
        for numbers in self._both:
            numbers.reach(time)
            if numbers.pace is not None:
                numbers.pace.add(time, size)
            _add_frame(numbers.voices[frame.side], frame, size)
            if gap >= SILENCE:
                numbers.silences += 1
                numbers.silent += gap
                if gap > numbers.longest:
                    numbers.longest = gap
                    numbers.before = (self.connection.number or 0, framed.number)
            if answer is not None:
                numbers.voices[PEER[frame.side]].answered += 1
                numbers.voices[PEER[frame.side]].round_trip.add(answer)
            elif frame.opcode == PONG:
                numbers.voices[frame.side].unasked += 1

    def _answer(self, frame: Frame, time: float) -> float | None:
        """A Pong's time since the latest Ping with its payload (RFC 6455 §5.5.3)."""
        if frame.opcode == PING:
            pings = self._pings[frame.side]
            pings[frame.payload] = time
            pings.move_to_end(frame.payload)
            if len(pings) > MAX_PINGS:
                pings.popitem(last=False)
        elif frame.opcode == PONG:
            asked = self._pings[PEER[frame.side]].pop(frame.payload, None)
            return None if asked is None else time - asked
        return None


def _add_frame(voice: Voice, frame: Frame, size: int) -> None:
    name = frame.name
    voice.frames[name] += 1
    voice.bytes[name] += size
    voice.headers += len(frame.header)
    voice.payload += len(frame.wire_payload)
    if frame.masking_key is not None:
        voice.masks += KEY_LENGTH
    if frame.opcode == PING:
        voice.pings += 1


def _add_message(voice: Voice, message: Message) -> None:
    voice.messages[message.kind] += 1
    if len(message.frames) > 1:
        voice.fragmented += 1
        voice.fragments += len(message.frames)
        voice.most_fragments = max(voice.most_fragments, len(message.frames))
    if message.length is None:
        voice.unsized += 1
        return
    voice.content += message.length
    voice.sizes[message.length.bit_length()] += 1
    if message.inflated is not None:
        voice.compressed += 1
        if message.inflated.whole:
            voice.deflated += len(message.payload)
            voice.inflated += message.length


def size_range(bits: int) -> tuple[int, int]:
    """The least and the greatest length with so many bits."""
    return (1 << bits) >> 1, (1 << bits) - 1


def stats_line(numbers: Numbers, connection: Connection | None = None) -> dict[str, Any]:
    """The numbers as the JSON object of their line; of all connections where none is given."""
    pace = numbers.pace
    silence = {
        "least": SILENCE,
        "count": numbers.silences,
        "seconds": numbers.silent,
        "longest": numbers.longest,
        "before": None if numbers.before is None else list(numbers.before),
    }
    rate = None
    if pace is not None:
        used = pace.used
        rate = {
            "start": pace.start,
            "width": pace.width,
            "frames": pace.frames[:used],
            "bytes": pace.bytes[:used],
        }
    return {
        "type": "stats",
        "connection": None if connection is None else connection.number,
        "connections": numbers.connections,
        "url": None if connection is None else connection.url,
        "opened": numbers.opened,
        "duration": numbers.duration,
        **{side: _voice_line(numbers.voices[side]) for side in SIDES},
        "rate": rate,
        "silence": silence,
        "findings": {rule: count for (_, rule), count in sorted(numbers.findings.items())},
    }


def _voice_line(voice: Voice) -> dict[str, Any]:
    trip = voice.round_trip
    return {
        "frames": dict(voice.frames),
        "bytes": dict(voice.bytes),
        "headers": voice.headers,
        "masks": voice.masks,
        "payload": voice.payload,
        "overhead": voice.overhead,
        "heads": voice.heads,
        "raw": voice.raw,
        "missing": voice.missing,
        "messages": dict(voice.messages),
        "content": voice.content,
        "sizes": [[*size_range(bits), voice.sizes[bits]] for bits in sorted(voice.sizes)],
        "unsized": voice.unsized,
        "fragmented": voice.fragmented,
        "fragments": voice.fragments,
        "most_fragments": voice.most_fragments,
        "compressed": voice.compressed,
        "deflated": voice.deflated,
        "inflated": voice.inflated,
        "ratio": voice.ratio,
        "pings": voice.pings,
        "answered": voice.answered,
        "unasked_pongs": voice.unasked,
        "round_trip": None
        if not trip.count
        else {
            "count": trip.count,
            "min": trip.least,
            "median": trip.quantile(0.5),
            "p95": trip.quantile(0.95),
            "max": trip.greatest,
            "error": trip.error,
        },
    }
