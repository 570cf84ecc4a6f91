"""pcapng files made by hand: every kind of block, both byte orders, and every kind of damage."""

from __future__ import annotations

import io
import tracemalloc
from struct import pack

import pytest

from inspector.files import pcapng
from inspector.files.events import Fault, Finished, Statistics
from inspector.files.source import Source
from tests.files.kit import block, enhanced, interface, option, section, statistics

ORDERS = pytest.mark.parametrize("order", ["<", ">"])


def read(data: bytes) -> list[pcapng.Record]:
    return list(pcapng.records(Source(io.BytesIO(data))))


def fault(data: bytes) -> Fault:
    last = read(data)[-1]
    assert isinstance(last, Fault)
    return last


@ORDERS
def test_a_packet_has_link_bytes_time_and_comments(order: str) -> None:
    data = section(order) + interface(1, order)
    data += enhanced(b"abcde", 1_700_000_000.25, order, comment="first")
    data += enhanced(b"", 2.0, order, original=9)
    assert read(data) == [
        (1, b"abcde", 1_700_000_000.25, False, ("first",)),
        (1, b"", 2.0, True, ()),
    ]


@ORDERS
@pytest.mark.parametrize(
    ("resolution", "ticks", "time"),
    [
        (b"\x06", 1_500_000, 1.5),
        (b"\x09", 1_500_000_000, 1.5),
        (b"\x00", 3, 3.0),
        (b"\x81", 3, 1.5),
        (b"\x7f", 1, 1e-127),
        (b"\xff", 1 << 63, 2.0**-64),
    ],
)
def test_a_clock_has_any_resolution(order: str, resolution: bytes, ticks: int, time: float) -> None:
    clock = option(9, resolution, order) + bytes(4)
    data = section(order) + interface(1, order, options=clock)
    assert read(data + enhanced(b"", 0, order, ticks=ticks)) == [(1, b"", time, False, ())]


@ORDERS
@pytest.mark.parametrize("seconds", [0, 1_000_000, -3])
def test_a_clock_has_an_offset(order: str, seconds: int) -> None:
    clock = option(14, pack(f"{order}q", seconds), order) + bytes(4)
    data = section(order) + interface(1, order, options=clock) + enhanced(b"", 5.0, order)
    assert read(data) == [(1, b"", 5.0 + seconds, False, ())]


def test_interfaces_have_links_of_their_own_and_sections_their_own_interfaces() -> None:
    data = section("<") + interface(1) + interface(101)
    data += enhanced(b"one", number=1) + enhanced(b"two", number=0)
    data += section(">", length=1234) + interface(113, ">") + enhanced(b"three", 0, ">")
    assert [(packet[0], packet[1]) for packet in read(data) if isinstance(packet, tuple)] == [
        (101, b"one"),
        (1, b"two"),
        (113, b"three"),
    ]


@ORDERS
@pytest.mark.parametrize("snap", [0, 4, 100])
def test_a_simple_packet_is_of_the_first_interface(order: str, snap: int) -> None:
    data = section(order) + interface(1, order, snap=snap) + interface(101, order)
    data += enhanced(b"", 7.0, order)
    body = b"abcd" if snap == 4 else b"abcdef\0\0"
    data += block(3, pack(f"{order}I", 6) + body, order)
    seen = read(data)[1]
    assert seen == (1, b"abcd" if snap == 4 else b"abcdef", 7.0, snap == 4, ())


@ORDERS
def test_an_obsolete_packet_is_read(order: str) -> None:
    data = section(order) + interface(1, order) + interface(101, order)
    head = pack(f"{order}HHIIII", 1, 77, 0, 2_000_000, 3, 3)
    data += block(2, head + b"abc\0" + option(1, b"hi", order), order)
    assert read(data) == [(101, b"abc", 2.0, False, ("hi",))]


@ORDERS
def test_statistics_finish_a_capture(order: str) -> None:
    counters = b"".join(
        option(c, pack(f"{order}Q", n), order) for c, n in [(4, 10), (5, 1), (7, 2)]
    )
    told = option(1, b"fin", order) + counters + bytes(4)
    data = section(order) + interface(1, order)
    assert read(data + statistics(order, told)) == [Finished(Statistics(10, 3, ("fin",)))]
    assert read(data + statistics(order)) == [Finished(Statistics(None, None, ()))]


@pytest.mark.parametrize("kind", [4, 9, 10, 0xBAD, 0x40000BAD, 0x80000001, 0x12345678])
def test_other_blocks_are_passed_over(kind: int) -> None:
    data = section() + block(kind, b"anything") + interface(1) + block(kind, b"") + enhanced(b"x")
    assert read(data) == [(1, b"x", 0.0, False, ())]


@pytest.mark.parametrize("text", [b"\xff\xfe", "é€".encode(), b"", b"a\0b"])
def test_a_comment_may_hold_any_bytes(text: bytes) -> None:
    body = pack("<IIIII", 0, 0, 0, 0, 0) + option(1, text) + option(1, b"two")
    seen = read(section() + interface(1) + block(6, body))
    assert seen == [(1, b"", 0.0, False, (text.decode("utf-8", "replace"), "two"))]


HEAD = section() + interface(1)
DAMAGE = {
    "no section first": (interface(1), 0, "section header"),
    "no magic": (block(0x0A0D0D0A, b"?" * 16), 8, "byte-order magic"),
    "no magic later": (HEAD + block(0x0A0D0D0A, b"?" * 16), len(HEAD) + 8, "byte-order magic"),
    "version 2": (section(major=2), 0, "version 2.0"),
    "length of 0": (HEAD + pack("<III", 6, 0, 0), len(HEAD), "0 bytes long"),
    "length too small for its kind": (HEAD + block(6, b""), len(HEAD), "12 bytes long"),
    "length of no whole words": (HEAD + pack("<II", 77, 13) + b"x" * 8, len(HEAD), "13 bytes"),
    "a huge length": (HEAD + pack("<III", 6, 0xFFFFFFFC, 0), len(HEAD), "4294967292 bytes"),
    "lengths that differ": (HEAD + enhanced(b"")[:-4] + b"\1\0\0\0", len(HEAD) + 28, "behind it"),
    "an unknown interface": (HEAD + enhanced(b"", number=1), len(HEAD), "interface 1"),
    "a simple one without": (section() + block(3, bytes(4)), len(section()), "interface 0"),
    "data beyond the block": (
        HEAD + block(6, pack("<IIIII", 0, 0, 0, 5, 5) + b"abcd"),
        len(HEAD),
        "packet of 5 bytes",
    ),
    "an option beyond the block": (
        HEAD + block(6, pack("<IIIII", 0, 0, 0, 0, 0) + pack("<HH", 1, 5) + b"abcd"),
        len(HEAD) + 28,
        "option of 5 bytes",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_a_fault_with_its_place(name: str) -> None:
    data, offset, words = DAMAGE[name]
    found = fault(data)
    assert found.offset == offset
    assert words in found.words
    assert not found.cut


def test_what_comes_before_damage_is_delivered_and_nothing_after() -> None:
    good = HEAD + enhanced(b"one") + enhanced(b"two")
    seen = read(good + pack("<III", 6, 5, 0) + enhanced(b"three"))
    assert [record[1] for record in seen if isinstance(record, tuple)] == [b"one", b"two"]
    assert isinstance(seen[-1], Fault)
    assert seen[-1].offset == len(good)


def test_a_file_cut_anywhere_gives_a_prefix() -> None:
    blocks = [
        section(),
        interface(1),
        enhanced(b"one", comment="x"),
        enhanced(b"two"),
        statistics(),
    ]
    data = b"".join(blocks)
    whole = read(data)
    borders = {sum(map(len, blocks[:count])) for count in range(len(blocks) + 1)}
    for size in range(len(data)):
        seen = read(data[:size])
        if size in borders:
            assert seen == whole[: len(seen)]
        else:
            assert seen[:-1] == whole[: len(seen) - 1]
            last = seen[-1]
            assert isinstance(last, Fault)
            assert last.cut
            assert last.offset == max(border for border in borders if border < size)


def test_a_hostile_length_takes_no_memory() -> None:
    data = HEAD + pack("<II", 6, pcapng.MAX_BLOCK) + pack("<IIIII", 0, 0, 0, 0xFFFFFFFF, 0)
    tracemalloc.start()
    found = fault(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.cut
    assert peak < 1 << 20


def test_no_endless_interfaces() -> None:
    data = section() + interface(1) * (pcapng.MAX_INTERFACES + 1)
    assert "interfaces" in fault(data).words


def test_a_block_as_long_as_can_be() -> None:
    body = pcapng.MAX_BLOCK - 12
    packet = b"p" * (body - 20)
    assert read(HEAD + enhanced(packet) + enhanced(b"x"))[1] == (1, b"x", 0.0, False, ())
