"""Classic pcap: four magics, and the few ways to be damaged."""

from __future__ import annotations

from struct import pack

import pytest

from inspector.files import pcap
from inspector.files.events import Fault
from tests.files.kit import RAW, Talk, capture, events, streams
from tests.files.kit import pcap as write

TALK = Talk()
PACKETS = [*TALK.hello(), TALK.data(True, b"hello"), TALK.data(False, b"world"), *TALK.bye()]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_all_four_kinds(order: str, nano: bool) -> None:
    read = capture(write(PACKETS, order=order, nano=nano))
    told = list(read)
    assert read.format == "pcap"
    assert streams(told) == (b"hello", b"world")
    assert [event.time for event in told if not isinstance(event, Fault)][-1] == pytest.approx(
        1.006
    )


def test_the_link_type_shares_its_word_with_checksum_bits() -> None:
    data = bytearray(write(PACKETS))
    data[20:24] = pack("<I", 0x24000000 | RAW)
    assert streams(events(bytes(data))) == (b"hello", b"world")


def test_a_packet_too_long_to_be_one_is_a_fault() -> None:
    good = write(PACKETS)
    told = events(good + pack("<IIII", 0, 0, pcap.MAX_PACKET + 1, 0))
    assert told[:-1] == events(good)
    last = told[-1]
    assert isinstance(last, Fault)
    assert (last.offset, last.cut) == (len(good), False)


def test_a_file_cut_anywhere_gives_a_prefix() -> None:
    data = write(PACKETS)
    whole = events(data)
    for size in range(len(data)):
        told = events(data[:size])
        last = told[-1] if told else None
        if isinstance(last, Fault):
            assert last.cut
            told.pop()
        assert told == whole[: len(told)]
