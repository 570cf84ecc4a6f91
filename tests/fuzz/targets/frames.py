"""One direction's frames: first byte the side, second a cap on payloads, then the wire."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.core.frames import MAX_PAYLOAD, Frame, FrameDecoder, Raw
from inspector.core.rfc import SIDES, Side
from tests.core.vectors import load

CAPS = (MAX_PAYLOAD, 0, 1, 10, 125, 126, 1000)


def decode(side: Side, cap: int, portions: list[bytes]) -> list[Frame | Raw]:
    decoder = FrameDecoder(side, cap)
    pieces: list[Frame | Raw] = []
    for portion in portions:
        decoder.feed(portion)
        while (piece := decoder.next_piece()) is not None:
            pieces.append(piece)
    return pieces + decoder.end()


def scan(side: Side, cap: int, data: bytes) -> list[Frame | Raw]:
    decoder = FrameDecoder(side, cap)
    decoder.feed(data)
    pieces: list[Frame | Raw] = []
    while True:
        if frames := decoder.scan():
            pieces += frames
        elif (piece := decoder.next_piece()) is not None:
            pieces.append(piece)
        else:
            return pieces + decoder.end()


def check(data: bytes) -> None:
    side, cap = SIDES[(data or b"\0")[0] % 2], CAPS[(data[1:] or b"\0")[0] % len(CAPS)]
    wire = data[2:]
    pieces = decode(side, cap, [wire])
    assert scan(side, cap, wire) == pieces
    assert decode(side, cap, [wire[:1], b"", wire[1:7], wire[7:]]) == pieces
    if len(wire) < 300:
        assert decode(side, cap, [bytes([octet]) for octet in wire]) == pieces
    covered = sorted((span for piece in pieces for span in spans(piece)), key=lambda span: span[0])
    at = 0
    for offset, content in covered:
        assert offset == at
        at += len(content)
    assert b"".join(content for _, content in covered) == wire
    for piece in pieces:
        if isinstance(piece, Frame) and piece.complete:
            assert piece.length == len(piece.wire_payload) + piece.spilled
            assert len(piece.payload) <= cap


def spans(piece: Frame | Raw) -> Iterator[tuple[int, bytes]]:
    """Where its bytes were; what a frame spilled came out as raw pieces of their own."""
    content = piece.wire if isinstance(piece, Frame) else piece.data
    if content:
        yield piece.offset, content


def seeds() -> Iterator[bytes]:
    for vector in load():
        for step in vector.steps:
            if vector.handshake and step.kind == "bytes" and len(step.value) < 2000:
                yield bytes([step.side == "server", 0]) + step.value
                yield bytes([step.side == "server", 3]) + step.value
