"""Whose packet is it? A connection has four numbers, two addresses and two ports, until they are
used again; its client is the side that sent the SYN, or else is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.files.direction import Direction
from inspector.files.packets import ACK, SYN, Segment, endpoints

REQUEST = re.compile(rb"[A-Z]{3,20} (/|\*|[!-~]+:)")
RESPONSE = re.compile(rb"HTTP/\d")


@dataclass(slots=True, eq=False)
class Connection:
    flow: bytes
    """Of what the client sends."""
    client: Direction
    server: Direction
    midstream: bool
    in_order: bool
    """Whether its packets were written in order, as our recorder writes them."""
    closed: bool = False
    last: int = 0
    """Number of its latest packet in the capture."""

    def settle(self) -> None:
        """Find out which directions are `plain` now."""
        sides = (self.client, self.server)
        waiting = any(side.waiting for side in sides)
        ready = not (waiting or self.closed) and (self.midstream or all(s.begun for s in sides))
        for side in sides:
            side.plain = ready and side.begun and not side.ended


def repeats(connection: Connection, side: Direction, first: int, flags: int) -> bool:
    """Whether a SYN is one more of the connection known, rather than the start of another.

    `first` is the sequence number that it gives to the first byte of `side`.
    """
    if side.from_client == bool(flags & ACK) or (connection.closed and side.from_client):
        return False
    if side.first is None:
        return not (side.from_client or connection.midstream or connection.closed)
    return side.first == first


def from_client(segment: Segment) -> bool:
    """Whether the client sent this first segment of a connection."""
    flow, _, _, flags, payload = segment
    if flags & SYN:
        return not flags & ACK
    if REQUEST.match(payload):
        return True
    if RESPONSE.match(payload):
        return False
    (_, source), (_, destination) = endpoints(flow)
    return source >= destination
