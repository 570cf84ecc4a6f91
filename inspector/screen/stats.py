"""Statistics as lines: tables, and bars that have their numbers beside them.

Every figure has its unit, in its row's or its column's name. Colour and bars add nothing that the
numbers don't say, so the same page serves a screen reader.
"""

from collections.abc import Callable, Iterator
from typing import Final

from inspector.core.rfc import OPCODES, SIDES, Side
from inspector.files.dissect import Connection
from inspector.files.sketch import ERROR, Spread
from inspector.files.stats import SILENCE, Count, Numbers, Voice, size_range
from inspector.screen.bars import bar, percent
from inspector.screen.lines import Line, wrap
from inspector.screen.opening import title
from inspector.screen.theme import SIGNS, kind_style
from inspector.screen.words import count, lapse, moment, stretch

NAME: Final = 24
COLUMN: Final = 14
"""Cells of a row's name and of one side's figure."""
NARROW_NAME: Final = 18
NARROW_COLUMN: Final = 10
ROOM: Final = 60
MOST_SLICES: Final = 16
MOST_RULES: Final = 40

Figure = tuple[str, Callable[[Voice], str]]


def _of(part: Callable[[Voice], int]) -> Callable[[Voice], str]:
    return lambda voice: f"{part(voice):,}"


BYTES: Final[tuple[Figure, ...]] = (
    ("handshake heads", _of(lambda voice: voice.heads)),
    ("frame headers", _of(lambda voice: voice.headers)),
    ("  of them masking keys", _of(lambda voice: voice.masks)),
    ("payloads", _of(lambda voice: voice.payload)),
    ("in no frame", _of(lambda voice: voice.raw)),
    ("not in the capture", _of(lambda voice: voice.missing)),
    (
        "overhead of frames",
        lambda voice: percent(voice.headers, voice.headers + voice.payload),
    ),
)

MESSAGES: Final[tuple[Figure, ...]] = (
    ("text", _of(lambda voice: voice.messages["text"])),
    ("binary", _of(lambda voice: voice.messages["binary"])),
    ("content, bytes", _of(lambda voice: voice.content)),
    ("in several frames", _of(lambda voice: voice.fragmented)),
    ("  frames of those", _of(lambda voice: voice.fragments)),
    ("  most of one message", _of(lambda voice: voice.most_fragments)),
    ("too long to keep", _of(lambda voice: voice.unsized)),
)

COMPRESSION: Final[tuple[Figure, ...]] = (
    ("messages compressed", _of(lambda voice: voice.compressed)),
    ("  with, bytes", _of(lambda voice: voice.deflated)),
    ("  without, bytes", _of(lambda voice: voice.inflated)),
    ("  with, of without", lambda voice: percent(voice.deflated, voice.inflated)),
    ("not compressed", _of(lambda voice: sum(voice.messages.values()) - voice.compressed)),
)

PINGS: Final[tuple[Figure, ...]] = (
    ("pings sent", _of(lambda voice: voice.pings)),
    ("  answered", _of(lambda voice: voice.answered)),
    ("  least", lambda voice: _time(voice.round_trip, 0.0)),
    ("  median", lambda voice: _time(voice.round_trip, 0.5)),
    ("  95 % within", lambda voice: _time(voice.round_trip, 0.95)),
    ("  greatest", lambda voice: _time(voice.round_trip, 1.0)),
    ("pongs that no ping asked", _of(lambda voice: voice.unasked)),
)
ALWAYS: Final = {
    "handshake heads", "frame headers", "payloads", "overhead of frames", "messages compressed",
    "text", "binary", "content, bytes", "in several frames", "pings sent", "  answered",
}  # fmt: skip
"""Rows that are there even where both sides have nothing in them."""


def _time(trips: Spread, share: float) -> str:
    if not trips.count:
        return "-"
    exact = {0.0: trips.least, 1.0: trips.greatest}
    return lapse(exact[share] if share in exact else trips.quantile(share))


def connection_stats(counted: Count, width: int) -> Iterator[Line]:
    """One connection's numbers."""
    yield from title(counted.connection, width)
    yield from _numbers(counted.own, width, counted.connection)


def total_stats(total: Numbers, width: int) -> Iterator[Line]:
    """The numbers of all connections together."""
    yield Line(f"all {count(total.connections, 'connection')}", "title")
    yield from _numbers(total, width, None)


def _numbers(numbers: Numbers, width: int, connection: Connection | None) -> Iterator[Line]:
    voices = numbers.voices
    frames = sum(sum(voice.frames.values()) for voice in voices.values())
    messages = sum(sum(voice.messages.values()) for voice in voices.values())
    said = f"{count(frames, 'frame')} in {stretch(numbers.duration)}, {count(messages, 'message')}"
    if numbers.opened is not None:
        said += f", from {moment(numbers.opened)}"
    yield from _wrapped(said, width)
    yield from _frames(voices, width)
    yield from _table("bytes", BYTES, voices, width)
    yield from _table("messages", MESSAGES, voices, width)
    yield from _sizes(voices, width)
    if any(voice.compressed for voice in voices.values()):
        yield from _table("compression (payload bytes)", COMPRESSION, voices, width)
    yield from _pings(voices, width)
    yield from _rate(numbers, width)
    yield from _silence(numbers, width, connection)
    yield from _findings(numbers, width)


def _wrapped(words: str, width: int, style: str = "") -> Iterator[Line]:
    for text in wrap(words, width - 2):
        yield Line("  ").add(text, style)


def _columns(width: int) -> tuple[int, int]:
    return (NAME, COLUMN) if width >= ROOM else (NARROW_NAME, NARROW_COLUMN)


def _heading(name: str, width: int) -> Iterator[Line]:
    """A table's name, and whose its columns are."""
    yield Line()
    first, column = _columns(width)
    line = Line("  ").add(name, "title")
    if line.width > first + 2 + column - len("client") - 1:
        yield line
        line = Line()
    for number, side in enumerate(SIDES, 1):
        line.to(2 + first + column * number - len(side)).add(side, side)
    yield line


def _row(name: str, figures: list[str], width: int, style: str = "") -> Iterator[Line]:
    """A name and a figure for each side, which stand below it where they are too long."""
    first, column = _columns(width)
    line = Line("    ").add(name, style)
    for number, figure in enumerate(figures, 1):
        line.to(2 + first + column * number - len(figure)).add(figure)
    if line.width <= width:
        yield line
        return
    yield Line("    ").add(name, style)
    for side, figure in zip(SIDES, figures, strict=True):
        yield Line("      ").add(side, side).add(f" {figure}")


def _table(
    name: str, rows: tuple[Figure, ...], voices: dict[Side, Voice], width: int
) -> Iterator[Line]:
    yield from _heading(name, width)
    for words, figure in rows:
        figures = [figure(voices[side]) for side in SIDES]
        if words in ALWAYS or any(text not in ("0", "-") for text in figures):
            yield from _row(words if width >= ROOM else words.replace("  ", " "), figures, width)


def _frames(voices: dict[Side, Voice], width: int) -> Iterator[Line]:
    """Frames and their bytes by kind."""
    names = [kind.name for kind in OPCODES.values()]
    kinds = [name for name in names if any(voices[side].frames[name] for side in SIDES)]
    tables = (
        ("frames", {side: voices[side].frames for side in SIDES}),
        ("their bytes on the wire", {side: voices[side].bytes for side in SIDES}),
    )
    for name, by_kind in tables:
        yield from _heading(name, width)
        for kind in kinds:
            figures = [f"{by_kind[side][kind]:,}" for side in SIDES]
            yield from _row(kind, figures, width, kind_style(kind))
        yield from _row("all", [f"{by_kind[side].total():,}" for side in SIDES], width)


def _sizes(voices: dict[Side, Voice], width: int) -> Iterator[Line]:
    """A histogram of message sizes: buckets of powers of two, both sides beside each other."""
    used = {bits for voice in voices.values() for bits in voice.sizes}
    if not used:
        return
    first, column = _columns(width)
    room = (width - 2 - first - 2 * column - 3) // 2
    bars_at = 2 + first + 2 * column + 2
    *above, line = _heading("message sizes, bytes", width)
    yield from above
    if room >= len("client"):
        line.to(bars_at).add("client", "client").to(bars_at + room + 1).add("server", "server")
    yield line
    most = max(max(voice.sizes.values(), default=0) for voice in voices.values())
    for bits in range(min(used), max(used) + 1):
        least, greatest = size_range(bits)
        name = f"{_size(least)} to {_size(greatest)}" if least < greatest else f"{least}"
        counts = [voices[side].sizes[bits] for side in SIDES]
        *above, line = _row(name, [f"{number:,}" for number in counts], width)
        yield from above
        if room >= len("client"):
            for number, side in enumerate(SIDES):
                line.to(bars_at + number * (room + 1), gap=0)
                line.add(bar(counts[number], most, room), side)
        yield line


def _size(number: int) -> str:
    """`1,023`, but `4 KiB` for what is a power of two or just below one."""
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= unit:
            return f"{-(-number // unit):,} {name}"
    return f"{number:,}"


def _pings(voices: dict[Side, Voice], width: int) -> Iterator[Line]:
    if not any(voice.pings or voice.unasked for voice in voices.values()):
        return
    yield from _table("pings, round trip", PINGS, voices, width)
    if any(voice.round_trip.error for voice in voices.values()):
        words = f"median and 95 % are of {ERROR:.0%} wide buckets: off by {ERROR:.0%} at most"
        yield from _wrapped(f"  {words}", width, "quiet")


def _rate(numbers: Numbers, width: int) -> Iterator[Line]:
    """Frames and bytes over time."""
    pace = numbers.pace
    if pace is None or not pace.used:
        return
    slice_width, frames, sizes = pace.folded(MOST_SLICES)
    yield Line()
    peak = max(frames)
    line = Line("  ").add("over time", "title")
    yield line
    said = (
        f"a row is {slice_width:g} s; at most {count(peak, 'frame')} in one "
        f"({peak / slice_width:,.1f} a second), {count(max(sizes), 'byte')} "
        f"({max(sizes) / slice_width:,.0f} a second)"
    )
    yield from (Line("    ").add(text, "quiet") for text in wrap(said, width - 4))
    number_width = max(6, len(f"{max(frames):,}"))
    bytes_width = max(6, len(f"{max(sizes):,}"))
    line = Line("from s".rjust(14), "quiet").add("frames".rjust(number_width + 2), "quiet")
    room = (width - 14 - number_width - bytes_width - 8) // 2
    bars = room >= 4
    bytes_at = 14 + number_width + 2 + (room + 2 if bars else 0)
    yield line.to(bytes_at + bytes_width - 3).add("bytes", "quiet")
    for number, (some, size) in enumerate(zip(frames, sizes, strict=True)):
        since = pace.start - (numbers.opened or pace.start) + number * slice_width
        moment_of = f"{since:14,.3f}" if abs(since) < 1e8 else f"{since:14.4g}"
        line = Line(moment_of, "number").add(f"{some:>{number_width + 2},}")
        if bars:
            line.add("  ").add(bar(some, peak, room), "text")
        line.to(bytes_at, gap=0).add(f"{size:>{bytes_width + 2},}")
        if bars:
            line.add("  ").add(bar(size, max(sizes), room), "binary")
        yield line


def _silence(numbers: Numbers, width: int, connection: Connection | None) -> Iterator[Line]:
    yield Line()
    line = Line("  ").add("silence", "title")
    yield line
    if not numbers.silences:
        words = f"never {SILENCE:g} s or more between two frames of a connection"
    else:
        number, frame = numbers.before or (0, 0)
        words = (
            f"{count(numbers.silences, 'time')} {SILENCE:g} s or more between two frames of a "
            f"connection, {stretch(numbers.silent)} in all; the longest "
            f"{stretch(numbers.longest)}, before frame {frame}"
        )
        if connection is None:
            words += f" of connection {number}"
    yield from (Line("    ").add(text) for text in wrap(words, width - 4))


def _findings(numbers: Numbers, width: int) -> Iterator[Line]:
    """How often each rule was broken, the worst first."""
    yield Line()
    yield Line("  ").add("findings", "title")
    if not numbers.findings:
        yield Line("    none")
        return
    order = list(SIGNS)
    ranked = sorted(
        numbers.findings.items(), key=lambda entry: (order.index(entry[0][0]), -entry[1], entry[0])
    )
    for (severity, rule), number in ranked[:MOST_RULES]:
        line = Line("    ").add(SIGNS[severity], severity).add(" ").add(severity, severity)
        line.to(15).add(f"{number:>7,}").add("  ")
        if line.width + len(rule) > width:
            yield line
            line = Line().to(7)
        yield line.add(rule)
    if len(ranked) > MOST_RULES:
        yield Line(f"    and {count(len(ranked) - MOST_RULES, 'more rule')}")
