"""From a captured packet to its TCP segment: link header, IP header, TCP header.

One rule: what can't be read is passed over with a reason, never guessed and never raised. A slice
beyond the end of a packet is short, not an error, and every length is looked at before it is used.

Checksums are not checked: packets captured on the sending machine have theirs filled in later.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum
from struct import Struct

from inspector.files.events import Address

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
RAW = 101
TCP = 6

ETHERNET_IP = {0x0800, 0x86DD}
ETHERNET_VLAN = {0x8100, 0x88A8, 0x9100}
LOOPBACK_IP = {2, 10, 24, 28, 30}
"""AF_INET, and AF_INET6 as Linux, NetBSD, FreeBSD and macOS number it."""

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
MOBILITY, HOST_IDENTITY, SHIM6 = 135, 139, 140
EXTENSIONS = {HOP_BY_HOP, ROUTING, DESTINATION, MOBILITY, HOST_IDENTITY, SHIM6}
"""IPv6 extension headers that give their length in words of 8 bytes, less one (RFC 6564)."""

NO_OPTIONS = Struct(">BxHxxHxBxxxxxxxxxxxxxxIIBB")
"""An IPv4 header without options and the start of what follows, read as TCP:
version and length, total length, fragment, protocol, seq, ack, TCP's header length, flags."""
TCP_HEADER = Struct(">xxxxIIBB")
PLAIN_IPV4 = 0x45
LAST_FRAGMENT_BITS = 0x3FFF
"""More-fragments and the offset: all zero in a packet that is whole."""


type Segment = tuple[bytes, int, int, int, bytes]
"""One TCP segment, a plain tuple for speed: flow, seq, ack, flags, payload.

The flow is source address, destination address, source port, destination port, as they stand in the
headers: 12 bytes for IPv4, 36 for IPv6; `endpoints` reads it, `backward` turns it round."""


class Passed(Enum):
    """Why a packet yields no segment."""

    NOT_TCP = "not TCP"
    FRAGMENT = "a fragment of an IP packet"
    MALFORMED = "headers cut short or inconsistent"
    UNKNOWN_LINK = "an unknown link layer"


def read_segment(link: int, packet: bytes) -> Segment | Passed:
    """The TCP segment in a packet of that link type, or why there is none."""
    if link == RAW:
        at = 0
    elif (find := LINKS.get(link)) is None:
        return Passed.UNKNOWN_LINK
    elif (ip := find(packet)) is None:
        return Passed.NOT_TCP
    else:
        at = ip
    if len(packet) - at < 40 or packet[at] != PLAIN_IPV4:
        return _any_ip(packet, at)
    _, total, fragment, protocol, seq, ack, size, flags = NO_OPTIONS.unpack_from(packet, at)
    if fragment & LAST_FRAGMENT_BITS:
        return Passed.FRAGMENT
    if protocol != TCP:
        return Passed.NOT_TCP
    header = 20 + (size >> 4) * 4
    end = at + total if total else len(packet)  # zero: a kernel's segments before they were split
    if header < 40 or at + header > end:
        return Passed.MALFORMED
    return packet[at + 12 : at + 24], seq, ack, flags, packet[at + header : end]


def _any_ip(packet: bytes, at: int) -> Segment | Passed:
    """The long way: IPv6, IPv4 with options, packets too short to be whole."""
    room = len(packet) - at
    version = packet[at] >> 4 if room > 0 else 0
    if version == 4 and room >= 20:
        return _ipv4(packet, at)
    if version == 6 and room >= 40:
        return _ipv6(packet, at)
    return Passed.MALFORMED if version in (0, 4, 6) else Passed.NOT_TCP


def _ipv4(packet: bytes, at: int) -> Segment | Passed:
    size = (packet[at] & 0x0F) * 4
    total = int.from_bytes(packet[at + 2 : at + 4])
    if int.from_bytes(packet[at + 6 : at + 8]) & LAST_FRAGMENT_BITS:
        return Passed.FRAGMENT
    if packet[at + 9] != TCP:
        return Passed.NOT_TCP
    if size < 20:
        return Passed.MALFORMED
    end = at + total if total else len(packet)
    return _tcp(packet, packet[at + 12 : at + 20], at + size, end)


def _ipv6(packet: bytes, at: int) -> Segment | Passed:
    payload_length = int.from_bytes(packet[at + 4 : at + 6])
    following = packet[at + 6]
    addresses = packet[at + 8 : at + 40]
    end = at + 40 + payload_length if payload_length else len(packet)
    at += 40
    while following != TCP:
        extension = packet[at : at + 8]
        if following == FRAGMENT and len(extension) == 8:
            if int.from_bytes(extension[2:4]) & 0xFFF9:
                return Passed.FRAGMENT
            size = 8
        elif following == AUTHENTICATION and len(extension) == 8:
            size = (extension[1] + 2) * 4
        elif following in EXTENSIONS and len(extension) == 8:
            size = (extension[1] + 1) * 8
        else:
            known = following in EXTENSIONS or following in (FRAGMENT, AUTHENTICATION)
            return Passed.MALFORMED if known else Passed.NOT_TCP
        following = extension[0]
        at += size
    return _tcp(packet, addresses, at, end)


def _tcp(packet: bytes, addresses: bytes, at: int, end: int) -> Segment | Passed:
    end = min(end, len(packet))
    if end - at < 20:
        return Passed.MALFORMED
    seq, ack, size, flags = TCP_HEADER.unpack_from(packet, at)
    start = at + (size >> 4) * 4
    if start < at + 20 or start > end:
        return Passed.MALFORMED
    return addresses + packet[at : at + 4], seq, ack, flags, packet[start:end]


def endpoints(flow: bytes) -> tuple[Address, Address]:
    """Source and destination of a segment's flow, as text and number."""
    size = (len(flow) - 4) // 2
    family = socket.AF_INET if size == 4 else socket.AF_INET6
    source, destination = flow[:size], flow[size : 2 * size]
    return (
        (socket.inet_ntop(family, source), int.from_bytes(flow[-4:-2])),
        (socket.inet_ntop(family, destination), int.from_bytes(flow[-2:])),
    )


def backward(flow: bytes) -> bytes:
    """The flow of the other direction."""
    size = (len(flow) - 4) // 2
    return flow[size : 2 * size] + flow[:size] + flow[-2:] + flow[-4:-2]


def _raw(packet: bytes) -> int | None:
    return 0


def _ethernet(packet: bytes) -> int | None:
    at = 12
    while int.from_bytes(packet[at : at + 2]) in ETHERNET_VLAN:
        at += 4
    return at + 2 if int.from_bytes(packet[at : at + 2]) in ETHERNET_IP else None


def _loopback(packet: bytes) -> int | None:
    # The family is in the byte order of the machine that captured (BSD's LOOP: always big-endian);
    # families are small numbers, so the smaller reading is the right one.
    family = min(int.from_bytes(packet[:4], "little"), int.from_bytes(packet[:4], "big"))
    return 4 if family in LOOPBACK_IP else None


def _cooked(packet: bytes) -> int | None:
    return 16 if int.from_bytes(packet[14:16]) in ETHERNET_IP else None


def _cooked_2(packet: bytes) -> int | None:
    return 20 if int.from_bytes(packet[:2]) in ETHERNET_IP else None


LINKS: dict[int, Callable[[bytes], int | None]] = {
    0: _loopback,  # NULL
    1: _ethernet,
    RAW: _raw,
    108: _loopback,  # LOOP
    113: _cooked,  # LINUX_SLL
    228: _raw,  # IPV4
    229: _raw,  # IPV6
    276: _cooked_2,  # LINUX_SLL2
}
"""Link type (https://www.iana.org/assignments/pcap) to where its IP header starts; None: no IP."""
