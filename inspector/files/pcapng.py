"""pcapng, the container (draft-ietf-opsawg-pcapng): blocks in, packets out.

A file is a row of blocks, each with its type and total length in front and the length once more
behind, so that a damaged one is noticed: the two lengths differ. One rule follows: the first fault
ends the reading, because after it no length can be believed. What came before it is delivered.

A file that just ends inside a block is no damage but a writer that was stopped, or is not done.

The layout, in 32-bit words of the section's byte order (packet data padded to the next word):

    section header         0A0D0D0A  total  1A2B3C4D  version  section length (2 words)
                           options  total
    interface description  00000001  total  link type  snap length  options  total
    enhanced packet        00000006  total  interface  time (2 words)  captured  original
                           data  options  total
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from struct import Struct

from inspector.files.events import Fault, Finished, Statistics
from inspector.files.source import Source

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 0x00000001
OBSOLETE_PACKET = 0x00000002
SIMPLE_PACKET = 0x00000003
INTERFACE_STATISTICS = 0x00000005
ENHANCED_PACKET = 0x00000006
BYTE_ORDER_MAGIC = 0x1A2B3C4D
OPT_END = 0
OPT_COMMENT = 1
IF_TSRESOL = 9
IF_TSOFFSET = 14
ISB_RECEIVED = 4
ISB_DROPPED = 5
ISB_DROPPED_BY_SYSTEM = 7
LINKTYPE_RAW = 101

MAX_BLOCK = 16 << 20
"""The longest block we hold in memory; a packet has at most 64 KiB, jumbo ones included."""
MAX_INTERFACES = 65_536
SMALLEST_BLOCK = 12
MINIMUM = {
    SECTION_HEADER: 28,
    INTERFACE_DESCRIPTION: 20,
    OBSOLETE_PACKET: 32,
    SIMPLE_PACKET: 16,
    INTERFACE_STATISTICS: 24,
    ENHANCED_PACKET: 32,
}
"""Total length of each kind of block when its variable parts are empty."""


type Packet = tuple[int, bytes, float, bool, tuple[str, ...]]
"""Link type, bytes from the link-layer header on, time in seconds since the epoch, whether the
capture cut it short, comments. A plain tuple, because making anything else of a million packets
costs more than reading them."""

type Raw = Callable[[bytes], object]

type Record = Packet | Finished | Fault


class Damage(Exception):
    """Bytes that can't be what the format says, `at` their place in the window.

    Becomes a `Fault` before it leaves the reader.
    """

    def __init__(self, at: int, words: str) -> None:
        super().__init__(words)
        self.at = at


class Numbers:
    """The format's compound numbers in one byte order, `<` or `>`."""

    def __init__(self, order: str) -> None:
        self.word = Struct(f"{order}I")
        self.block = Struct(f"{order}II")
        self.enhanced = Struct(f"{order}IIIII")
        self.version = Struct(f"{order}HH")
        self.half = Struct(f"{order}H")
        self.option = Struct(f"{order}HH")
        self.signed = Struct(f"{order}q")
        self.counter = Struct(f"{order}Q")


LITTLE, BIG = Numbers("<"), Numbers(">")


type Interface = tuple[int, int, int, int]
"""Link type, snap length (0: none), ticks of its clock a second (if_tsresol), and seconds to add to
every time stamp (if_tsoffset)."""


@dataclass(slots=True)
class Section:
    numbers: Numbers
    interfaces: list[Interface] = field(default_factory=list)
    time: float = 0.0
    """Of the latest packet that had one: simple packets have none of their own."""


def records(source: Source, raw: Raw | None = None) -> Iterator[Record]:
    """Every packet of a pcapng source, in the order of the file; a `Fault`, if any, comes last.

    `raw` is shown each whole block as it is in the file, before what was read in it comes out.
    """
    section: Section | None = None
    numbers = LITTLE
    window, at, final = b"", 0, False
    try:
        while True:
            if len(window) - at < SMALLEST_BLOCK:
                window, at = source.advance(at, SMALLEST_BLOCK, final=final), 0
                if source.ended and len(window) < SMALLEST_BLOCK:
                    if window or source.trouble:
                        yield cut(source, SMALLEST_BLOCK, len(window))
                    return
                continue
            kind, total = numbers.block.unpack_from(window, at)
            if kind == SECTION_HEADER:
                numbers = byte_order(window, at)
                total = numbers.word.unpack_from(window, at + 4)[0]
            elif section is None:
                raise Damage(at, "not a pcapng file: it does not begin with a section header")
            if not MINIMUM.get(kind, SMALLEST_BLOCK) <= total <= MAX_BLOCK or total % 4:
                raise Damage(at, f"a block of type 0x{kind:08x} can't be {total} bytes long")
            if len(window) - at < total:
                window, at = source.advance(at, total), 0
                if source.ended and len(window) < total:
                    yield cut(source, total, len(window))
                    return
                continue
            end = at + total - 4
            behind = numbers.word.unpack_from(window, end)[0]
            if behind != total:
                raise Damage(end, f"a block's length is {total} before it and {behind} behind it")
            if raw is not None:
                raw(window[at : at + total])
            if kind == SECTION_HEADER:
                section = read_section(numbers, window, at)
            elif section is not None and (read := READERS.get(kind)):
                record = read(section, window, at, end)
                if record is not None:
                    yield record
            final = kind == INTERFACE_STATISTICS
            at += total
    except Damage as damage:
        yield Fault(source.offset + damage.at, f"{damage}; the capture is damaged here")


def byte_order(window: bytes, at: int) -> Numbers:
    """The byte order of a section, shown by the magic number in its header."""
    for numbers in (LITTLE, BIG):
        if numbers.word.unpack_from(window, at + 8)[0] == BYTE_ORDER_MAGIC:
            return numbers
    raise Damage(at + 8, "a section header without its byte-order magic")


def cut(source: Source, whole: int, there: int) -> Fault:
    """The fault of a source that ended with `there` of the `whole` bytes of a record."""
    if source.trouble:
        return Fault(source.offset, source.trouble)
    return Fault(
        source.offset,
        f"the file ends inside a record ({there} of at least {whole} bytes): "
        f"its writer was stopped or is not done yet",
        cut=True,
    )


def read_section(numbers: Numbers, window: bytes, at: int) -> Section:
    major, minor = numbers.version.unpack_from(window, at + 12)
    if major != 1:
        raise Damage(at, f"pcapng of version {major}.{minor}, and only version 1 is known")
    return Section(numbers)


def read_interface(section: Section, window: bytes, at: int, end: int) -> None:
    if len(section.interfaces) == MAX_INTERFACES:
        raise Damage(at, f"more than {MAX_INTERFACES} interfaces in one section")
    ticks, offset = 1_000_000, 0
    for code, value in options(section.numbers, window, at + 16, end):
        if code == IF_TSRESOL and len(value) == 1:
            ticks = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
        elif code == IF_TSOFFSET and len(value) == 8:
            offset = section.numbers.signed.unpack(value)[0]
    link = section.numbers.half.unpack_from(window, at + 8)[0]
    snap_length = section.numbers.word.unpack_from(window, at + 12)[0]
    section.interfaces.append((link, snap_length, ticks, offset))


def read_enhanced(
    section: Section, window: bytes, at: int, end: int, interface: int | None = None
) -> Packet:
    numbers = section.numbers
    number, high, low, captured, original = numbers.enhanced.unpack_from(window, at + 8)
    if interface is not None:
        number = interface
    stop = at + 28 + captured
    if stop > end:
        raise Damage(at, f"a packet of {captured} bytes in a block with room for {end - at - 28}")
    try:
        link, _, ticks, offset = section.interfaces[number]
    except IndexError:
        raise undescribed(at, number) from None
    section.time = time = (high << 32 | low) / ticks + offset
    padded = stop + (-captured & 3)
    comments = () if padded >= end else comments_in(numbers, window, padded, end)
    return link, window[at + 28 : stop], time, captured < original, comments


def read_obsolete(section: Section, window: bytes, at: int, end: int) -> Packet:
    """The enhanced packet's forerunner: the same but for 16 bits of interface, 16 of drops."""
    interface = section.numbers.half.unpack_from(window, at + 8)[0]
    return read_enhanced(section, window, at, end, interface)


def read_simple(section: Section, window: bytes, at: int, end: int) -> Packet:
    if not section.interfaces:
        raise undescribed(at, 0)
    link, snap_length, _, _ = section.interfaces[0]
    original = section.numbers.word.unpack_from(window, at + 8)[0]
    captured = min(original, snap_length or original, end - at - 12)
    data = window[at + 12 : at + 12 + captured]
    return link, data, section.time, captured < original, ()


def undescribed(at: int, number: int) -> Damage:
    return Damage(at, f"a packet of interface {number}, which no block before it describes")


def read_statistics(section: Section, window: bytes, at: int, end: int) -> Finished:
    counters: dict[int, int] = {}
    for code, value in options(section.numbers, window, at + 20, end):
        if len(value) == 8:
            counters[code] = section.numbers.counter.unpack(value)[0]
    dropped = [counters[code] for code in (ISB_DROPPED, ISB_DROPPED_BY_SYSTEM) if code in counters]
    return Finished(
        Statistics(
            received=counters.get(ISB_RECEIVED),
            dropped=sum(dropped) if dropped else None,
            comments=comments_in(section.numbers, window, at + 20, end),
        )
    )


def comments_in(numbers: Numbers, window: bytes, at: int, end: int) -> tuple[str, ...]:
    return tuple(
        value.decode("utf-8", "replace")
        for code, value in options(numbers, window, at, end)
        if code == OPT_COMMENT
    )


def options(numbers: Numbers, window: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Each option's code and value, from `at` on, at most up to `end`."""
    while end - at >= 4:
        code, length = numbers.option.unpack_from(window, at)
        if code == OPT_END:
            return
        if at + 4 + length > end:
            raise Damage(at, f"an option of {length} bytes in a block with room for {end - at - 4}")
        yield code, window[at + 4 : at + 4 + length]
        at += 4 + length + (-length & 3)


READERS: dict[int, Callable[[Section, bytes, int, int], Packet | Finished | None]] = {
    ENHANCED_PACKET: read_enhanced,
    INTERFACE_DESCRIPTION: read_interface,
    INTERFACE_STATISTICS: read_statistics,
    SIMPLE_PACKET: read_simple,
    OBSOLETE_PACKET: read_obsolete,
}
"""The blocks that matter here; names, secrets, custom and unknown ones are passed over whole."""
