"""What hypothesis makes of WebSocket: frames, lawful streams, any bytes, any segmentation."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from inspector.core.frames import encode_close, encode_frame
from inspector.core.handshake import Deflate
from inspector.core.rfc import Side

keys = st.binary(min_size=4, max_size=4)
sides: st.SearchStrategy[Side] = st.sampled_from(["client", "server"])

edges = st.sampled_from([0, 1, 2, 124, 125, 126, 127, 128, 300])
payloads = st.one_of(st.binary(max_size=40), edges.map(bytes), edges.map(lambda n: b"\xc3\xa4" * n))
large = st.sampled_from([65535, 65536]).map(bytes)

close_codes = st.one_of(
    st.sampled_from([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013]),
    st.integers(3000, 4999),
)


@st.composite
def any_frames(draw: st.DrawFn) -> bytes:
    """One frame's bytes with whatever its header can say."""
    payload = draw(payloads)
    shortest = 7 if len(payload) < 126 else 16 if len(payload) < 65536 else 64
    return encode_frame(
        draw(st.integers(0, 15)),
        payload,
        masking_key=draw(st.none() | keys),
        fin=draw(st.booleans()),
        rsv=draw(st.sampled_from([0, 0, 0, 4, 1, 2, 7])),
        length_bits=draw(st.sampled_from([bits for bits in (7, 16, 64) if bits >= shortest])),
    )


any_bytes = st.lists(any_frames() | st.binary(max_size=30), max_size=8).map(b"".join)


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data` in any portions, empty ones among them."""
    points = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *points], [*points, len(data)], strict=True)]


@dataclass(frozen=True, slots=True)
class Stream:
    """One direction's lawful bytes, and what they say."""

    side: Side
    wire: bytes
    messages: list[tuple[Literal["text", "binary"], bytes]]
    control: list[tuple[int, bytes]]
    deflate: dict[Side, Deflate] | None


Compress = Callable[[bytes], bytes]


def compressor(agreed: Deflate) -> Compress:
    """A sender's side of RFC 7692 §7.2.1, on zlib."""
    kept = zlib.compressobj(wbits=-agreed.window_bits)

    def compress(content: bytes) -> bytes:
        deflater = kept if agreed.context_takeover else zlib.compressobj(wbits=-agreed.window_bits)
        data = deflater.compress(content) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(b"\x00\x00\xff\xff")

    return compress


deflates = st.builds(Deflate, st.booleans(), st.integers(9, 15))
agreements: st.SearchStrategy[dict[Side, Deflate] | None] = st.none() | st.builds(
    lambda client, server: {"client": client, "server": server}, deflates, deflates
)


@st.composite
def streams(
    draw: st.DrawFn,
    of: st.SearchStrategy[Side] = sides,
    by: st.SearchStrategy[dict[Side, Deflate] | None] = agreements,
) -> Stream:
    """Messages whole and in fragments, control frames between them, and perhaps a Close."""
    side = draw(of)
    agreed = draw(by)
    compress = None if agreed is None else compressor(agreed[side])
    wire: list[bytes] = []
    control: list[tuple[int, bytes]] = []
    messages: list[tuple[Literal["text", "binary"], bytes]] = []

    def put(opcode: int, payload: bytes, fin: bool = True, rsv: int = 0) -> None:
        key = draw(keys) if side == "client" else None
        wire.append(encode_frame(opcode, payload, masking_key=key, fin=fin, rsv=rsv))

    def maybe_control() -> None:
        if draw(st.sampled_from([False, False, True])):
            opcode, payload = draw(st.sampled_from([9, 10])), draw(st.binary(max_size=125))
            control.append((opcode, payload))
            put(opcode, payload)

    for _ in range(draw(st.integers(0, 4))):
        maybe_control()
        text = draw(st.booleans())
        content = draw(st.text(max_size=200).map(str.encode) if text else payloads)
        messages.append(("text" if text else "binary", content))
        compressed = compress is not None and draw(st.booleans())
        payload = compress(content) if compress is not None and compressed else content
        pieces = draw(cut(payload))
        for number, piece in enumerate(pieces):
            first, last = number == 0, number == len(pieces) - 1
            opcode = 0 if not first else 1 if text else 2
            put(opcode, piece, fin=last, rsv=4 if compressed and first else 0)
            if not last:
                maybe_control()
    if draw(st.booleans()):
        reason = draw(st.text(max_size=30))
        code = draw(st.none() | close_codes)
        body = b"" if code is None else encode_close(code, reason)[2:]
        control.append((8, body))
        put(8, body)
    return Stream(side, b"".join(wire), messages, control, agreed)
