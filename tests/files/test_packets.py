"""From packets of every link layer to their TCP segments."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.files.packets import (
    LINKS,
    Passed,
    Segment,
    backward,
    endpoints,
    read_segment,
)
from tests.files.kit import ACK, CLIENT, ETHERNET, PSH, RAW, SERVER, ipv4, ipv6, tcp

FLAGS = PSH | ACK
V4 = tcp(CLIENT, SERVER, 7, 8, FLAGS, b"payload")
V6 = tcp(("fe80::1", 1234), ("::1", 80), 7, 8, FLAGS, b"payload")
MACS = b"\x02" * 6 + b"\x04" * 6
SEGMENT_V4 = V4[20:]
SEGMENT_V6 = V6[40:]


def check(segment: Segment | Passed, payload: bytes = b"payload") -> Segment:
    assert isinstance(segment, tuple)
    assert segment[1:] == (7, 8, FLAGS, payload)
    return segment


FRAMES = {
    "Ethernet": (1, MACS + b"\x08\x00" + V4, V4),
    "Ethernet, padded": (1, MACS + b"\x08\x00" + V4 + b"\xee" * 9, V4),
    "Ethernet, IPv6": (1, MACS + b"\x86\xdd" + V6, V6),
    "802.1Q": (1, MACS + b"\x81\x00\x00\x05\x08\x00" + V4, V4),
    "QinQ": (1, MACS + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd" + V6, V6),
    "QinQ, old": (1, MACS + b"\x91\x00\x00\x05\x81\x00\x00\x06\x08\x00" + V4, V4),
    "raw": (101, V4, V4),
    "raw, IPv6": (101, V6, V6),
    "IPv4": (228, V4, V4),
    "IPv6": (229, V6, V6),
    "null, little": (0, b"\x02\0\0\0" + V4, V4),
    "null, big": (0, b"\0\0\0\x02" + V4, V4),
    "null, macOS IPv6": (0, b"\x1e\0\0\0" + V6, V6),
    "null, FreeBSD IPv6": (0, b"\x1c\0\0\0" + V6, V6),
    "loop": (108, b"\0\0\0\x02" + V4, V4),
    "cooked": (113, b"\0\0\x03\x04\0\6" + b"\0" * 8 + b"\x08\x00" + V4, V4),
    "cooked 2": (276, b"\x86\xdd\0\0\0\0\0\1\3\4\0\6" + b"\0" * 8 + V6, V6),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_link_layer(name: str) -> None:
    link, frame, packet = FRAMES[name]
    flow = check(read_segment(link, frame))[0]
    if packet is V4:
        assert endpoints(flow) == (CLIENT, SERVER)
    else:
        assert endpoints(flow) == (("fe80::1", 1234), ("::1", 80))
    assert endpoints(backward(flow)) == endpoints(flow)[::-1]
    assert backward(backward(flow)) == flow


def test_headers_with_options() -> None:
    with_ip_options = ipv4("10.0.0.1", "10.0.0.2", 6, SEGMENT_V4, options=b"\x01" * 12)
    assert endpoints(check(read_segment(RAW, with_ip_options))[0]) == (CLIENT, SERVER)
    check(read_segment(RAW, tcp(CLIENT, SERVER, 7, 8, FLAGS, b"payload", options=b"\x01" * 40)))


def test_a_total_length_of_zero_means_all_of_the_packet() -> None:
    check(read_segment(RAW, ipv4("10.0.0.1", "10.0.0.2", 6, SEGMENT_V4, total=0)))
    v6 = bytearray(V6)
    v6[4:6] = b"\0\0"
    check(read_segment(RAW, bytes(v6)))


def test_a_packet_cut_short_gives_the_payload_there_is() -> None:
    check(read_segment(RAW, V4[:-3]), b"payl")
    check(read_segment(RAW, V6[:-7]), b"")


EXTENSIONS = {
    "hop by hop": (0, b"\x06\x00" + bytes(6)),
    "destination, long": (60, b"\x06\x02" + bytes(22)),
    "routing": (43, b"\x06\x00" + bytes(6)),
    "authentication": (51, b"\x06\x04" + bytes(22)),
    "an only fragment": (44, b"\x06\x00\x00\x00" + bytes(4)),
}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_ipv6_extension_headers(name: str) -> None:
    kind, header = EXTENSIONS[name]
    packet = ipv6("fe80::1", "::1", kind, header + SEGMENT_V6)
    flow = check(read_segment(RAW, packet))[0]
    assert endpoints(flow) == (("fe80::1", 1234), ("::1", 80))


def test_chained_extension_headers() -> None:
    chain = b"\x3c\x00" + bytes(6) + b"\x2c\x01" + bytes(14) + b"\x06\x00\x00\x00" + bytes(4)
    check(read_segment(RAW, ipv6("fe80::1", "::1", 0, chain + SEGMENT_V6)))


PASSED = {
    "UDP": (RAW, ipv4("10.0.0.1", "10.0.0.2", 17, b"x" * 30), Passed.NOT_TCP),
    "UDP, short": (RAW, ipv4("10.0.0.1", "10.0.0.2", 17, b"x" * 8), Passed.NOT_TCP),
    "UDP, IPv6": (RAW, ipv6("::1", "::2", 17, b"x" * 8), Passed.NOT_TCP),
    "encrypted, IPv6": (RAW, ipv6("::1", "::2", 50, b"x" * 80), Passed.NOT_TCP),
    "ARP": (ETHERNET, MACS + b"\x08\x06" + bytes(46), Passed.NOT_TCP),
    "no family of IP": (0, b"\x07\0\0\0" + V4, Passed.NOT_TCP),
    "cooked ARP": (113, bytes(14) + b"\x08\x06" + V4, Passed.NOT_TCP),
    "IP version 5": (RAW, b"\x55" + V4[1:], Passed.NOT_TCP),
    "first fragment": (
        RAW,
        ipv4("10.0.0.1", "10.0.0.2", 6, SEGMENT_V4, fragment=0x2000),
        Passed.FRAGMENT,
    ),
    "later fragment": (
        RAW,
        ipv4("10.0.0.1", "10.0.0.2", 6, SEGMENT_V4, fragment=5),
        Passed.FRAGMENT,
    ),
    "fragment with options": (
        RAW,
        ipv4("10.0.0.1", "10.0.0.2", 6, SEGMENT_V4, fragment=5, options=bytes(4)),
        Passed.FRAGMENT,
    ),
    "fragment, IPv6": (
        RAW,
        ipv6("::1", "::2", 44, b"\x06\x00\x00\x01" + bytes(4) + SEGMENT_V6),
        Passed.FRAGMENT,
    ),
    "unknown link": (147, V4, Passed.UNKNOWN_LINK),
    "nothing": (RAW, b"", Passed.MALFORMED),
    "half an IP header": (RAW, V4[:12], Passed.MALFORMED),
    "half a TCP header": (RAW, V4[:30], Passed.MALFORMED),
    "half an IPv6 header": (RAW, V6[:30], Passed.MALFORMED),
    "a hop-by-hop header cut": (RAW, ipv6("::1", "::2", 0, b"\x06\x00"), Passed.MALFORMED),
    "IP header of 16 bytes": (RAW, b"\x44" + V4[1:], Passed.MALFORMED),
    "total length too small": (RAW, V4[:2] + pack(">H", 39) + V4[4:], Passed.MALFORMED),
    "TCP header of 16 bytes": (RAW, V4[:32] + b"\x40" + V4[33:], Passed.MALFORMED),
    "TCP header beyond the end": (RAW, V4[:32] + b"\xf0" + V4[33:], Passed.MALFORMED),
    "the same, IPv6": (RAW, V6[:52] + b"\xf0" + V6[53:], Passed.MALFORMED),
}


@pytest.mark.parametrize("name", PASSED)
def test_what_is_no_segment_is_passed_over(name: str) -> None:
    link, packet, reason = PASSED[name]
    assert read_segment(link, packet) is reason


@given(st.sampled_from(sorted(LINKS)), st.binary(max_size=200))
@example(1, MACS + b"\x81\x00" * 40)
def test_any_bytes_are_read_without_raising(link: int, packet: bytes) -> None:
    read_segment(link, packet)


@given(
    st.sampled_from(list(FRAMES.values())),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=6),
    st.integers(0, 120),
)
def test_any_damage_is_read_without_raising(
    frame: tuple[int, bytes, bytes], changes: list[tuple[int, int]], size: int
) -> None:
    link, packet, _ = frame
    damaged = bytearray(packet)
    for place, value in changes:
        if place < len(damaged):
            damaged[place] = value
    segment = read_segment(link, bytes(damaged[:size]))
    if isinstance(segment, tuple):
        assert segment[4] in bytes(damaged)
        endpoints(segment[0])
