"""A whole packet, where only its payload was meant: Wireshark and tcpdump copy headers, too.

One rule: only where every length fits to the last byte. A frame that looks like a packet by chance
has reserved bits or opcodes all through.
"""

from typing import Final, NamedTuple

from inspector.files.packets import LINKS, Passed, read_segment

_LINKS: Final = {101: "IP", 1: "Ethernet, IP", 113: "Linux cooked, IP", 276: "Linux cooked, IP"}
_LOOPBACK: Final = {0: "loopback, IP"}
LEAST_ETHERNET: Final = 60
"""Bytes that an Ethernet frame is filled up to."""


class Peeled(NamedTuple):
    """What a TCP packet carries, and which headers were passed over: `Ethernet, IP and TCP`."""

    payload: bytes
    headers: str


def peel(data: bytes) -> Peeled | None:
    """The payload of a packet; None where it is none."""
    for link, name in (_LINKS | _LOOPBACK).items():
        at = LINKS[link](data)
        if at is None or not _fits(data, at):
            continue
        segment = read_segment(link, data)
        if not isinstance(segment, Passed):
            return Peeled(bytes(segment[4]), f"{name} and TCP")
    return None


def _fits(data: bytes, at: int) -> bool:
    """Does the IP header at `at` announce just as many bytes as there are?"""
    if len(data) - at < 40:
        return False
    version = data[at] >> 4
    if version == 4:
        size = int.from_bytes(data[at + 2 : at + 4])
    elif version == 6:
        size = 40 + int.from_bytes(data[at + 4 : at + 6])
    else:
        return False
    return at + size == len(data) or (at == 14 and at + size < len(data) <= LEAST_ETHERNET)
