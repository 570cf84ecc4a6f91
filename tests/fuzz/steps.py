"""A connection as a row of bytes, so that a fuzzer can write one.

control byte     bit 0: the server's; bits 1 to 3: 0 to 5 bytes, 6 an end, 7 a gap
then             bytes: their number (2 bytes) and themselves; an end: how (1); a gap: size (1)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.core.vectors import Step, load

HOWS = ("fin", "rst", None)


def encoded(steps: Iterable[Step]) -> bytes:
    out = bytearray()
    for step in steps:
        control = step.side == "server"
        if step.kind == "bytes":
            for start in range(0, len(step.value) or 1, 0xFFFF):
                piece = step.value[start : start + 0xFFFF]
                out += bytes([control]) + len(piece).to_bytes(2) + piece
        elif step.kind == "end":
            out += bytes([control | 6 << 1, HOWS.index(step.value)])
        else:
            out += bytes([control | 7 << 1, min(step.value, 255)])
    return bytes(out)


def decoded(data: bytes) -> list[Step]:
    """Nothing follows the end of its side, or a reset: no reader of captures tells such a thing."""
    steps: list[Step] = []
    ended: set[str] = set()
    for step in _decoded(data):
        if step.side not in ended:
            steps.append(step)
        if step.kind == "end":
            ended |= {"client", "server"} if step.value == "rst" else {step.side}
    return steps


def _decoded(data: bytes) -> Iterator[Step]:
    at, time = 0, 0
    while at < len(data):
        side = "server" if data[at] & 1 else "client"
        kind = data[at] >> 1 & 7
        time += 1
        if kind == 6:
            yield Step("end", side, HOWS[int.from_bytes(data[at + 1 : at + 2]) % 3], time)
            at += 2
        elif kind == 7:
            yield Step("gap", side, int.from_bytes(data[at + 1 : at + 2]) or 1, time)
            at += 2
        else:
            size = int.from_bytes(data[at + 1 : at + 3])
            yield Step("bytes", side, data[at + 3 : at + 3 + size], time)
            at += 3 + size


def vectors(longest: int) -> Iterator[bytes]:
    """The vectors that are not too long for it."""
    for vector in load():
        data = encoded([*vector.handshake, *vector.steps])
        if len(data) <= longest:
            yield data
