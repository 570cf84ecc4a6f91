"""Compressed messages of one direction: first byte what was agreed, then each with its length."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from inspector.core.deflate import Inflater, deflate_message
from inspector.core.handshake import Deflate
from inspector.core.rfc import DEFLATE_TAIL

CAP = 100_000


def check(data: bytes) -> None:
    first = (data or b"\0")[0]
    agreed = Deflate(bool(first & 8), 8 + (first & 7))
    inflater = Inflater(agreed, CAP)
    content = bytearray()
    lost = False
    for number, payload in enumerate(messages(data[1:])):
        told = inflater.message(payload)
        assert len(told.data) <= CAP
        assert told.whole or told.words
        if agreed.context_takeover and lost:
            assert told.fault == "context-lost"
        lost = lost or not told.whole
        if number == 0 and told.fault is None and not told.final_block:
            assert told.data == by_zlib(payload)
        content += told.data


def messages(data: bytes) -> Iterator[bytes]:
    while data:
        size = int.from_bytes(data[:2])
        yield data[2 : 2 + size]
        data = data[2 + size :]


def by_zlib(payload: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(payload + DEFLATE_TAIL)


def seeds() -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=-15)
    shared = b""
    for content in (b"Hello", b"Hello", bytes(40), b"ab" * 3000, b""):
        alone = deflate_message(content)
        data = compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)
        shared += len(data[:-4]).to_bytes(2) + data[:-4]
        for bits in (0, 7, 8 | 7):
            yield bytes([bits]) + len(alone).to_bytes(2) + alone
        stored = b"\x00" + len(content).to_bytes(2, "little")
        stored += (len(content) ^ 0xFFFF).to_bytes(2, "little") + content
        yield bytes([8 | 7]) + len(stored).to_bytes(2) + stored
    for bits in (8, 8 | 7, 7):
        yield bytes([bits]) + shared
    final = zlib.compressobj(wbits=-15)
    whole = final.compress(b"Hello, and that was the last block") + final.flush()
    yield bytes([8 | 7]) + (2 * len(whole)).to_bytes(2) + whole * 2
