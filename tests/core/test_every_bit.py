"""No bit is left out, none is told twice: for all vectors, and for whatever hypothesis makes.

The strongest proof that fields cover what they claim to is that the bytes can be made anew from the
fields alone, values and places: a gap, an overlap or a wrong value makes other bytes.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.events import Framed, Opened
from inspector.core.explain import Part, explain, frame_fields, head_fields, raw_part
from inspector.core.fields import Field
from inspector.core.frames import Frame, Raw
from inspector.core.http1 import Exchange
from inspector.core.rfc import SIDES, Side
from tests.core import strategies
from tests.core.vectors import Vector, load, play

VECTORS = load()
MOST = 400
"""Events of a vector that are looked at; some have thousands of the same."""


def assert_tiles(fields: tuple[Field, ...] | list[Field], start: int, end: int) -> None:
    """From bit `start` to bit `end` each bit is in one field, and the parts of a field tile it."""
    at = start
    for field in fields:
        assert field.bits[0] == at, f"{field.name} begins at {field.bits[0]}, not at {at}"
        assert field.bits[1] > at, f"{field.name} is empty"
        assert field.name
        assert field.words, f"{field.name} has no words"
        assert field.rfc, f"{field.name} says not where it is written"
        if field.parts:
            assert_tiles(field.parts, *field.bits)
        at = field.bits[1]
    assert at == end


def rebuilt(fields: tuple[Field, ...] | list[Field]) -> bytes:
    """The bytes that fields stand for; a Close's parts are unmasked, so a field's own value counts.

    Numbers fill their bits, hex and text stand for bytes.
    """
    bits = ""
    for field in fields:
        size = field.bits[1] - field.bits[0]
        if isinstance(field.value, int):
            bits += f"{field.value:0{size}b}"
        else:
            assert isinstance(field.value, str)
            is_hex = field.name in ("masking_key", "payload", "raw")
            data = bytes.fromhex(field.value) if is_hex else field.value.encode("iso-8859-1")
            bits += "".join(f"{octet:08b}" for octet in data)
    return int(f"1{bits}", 2).to_bytes((len(bits) + 15) // 8)[-(len(bits) // 8) :] if bits else b""


def whole(frame: Frame) -> int:
    return (frame.end - frame.offset) * 8


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_heads_and_frames_of_all_vectors(vector: Vector) -> None:
    """As they come out of a conversation, with and without what was agreed."""
    told = 0
    events = play([*vector.handshake, *vector.steps], vector.max_payload)
    for event in events[:MOST]:
        if isinstance(event, Framed):
            frame = event.frame
            for deflate in (None, True, False):
                fields = frame_fields(frame, deflate)
                assert_tiles(fields, 0, whole(frame))
            if len(frame.wire) < 70_000:
                assert rebuilt(fields) == frame.wire
            told += 1
        heads = ()
        if isinstance(event, Opened | Exchange):
            heads = (event.request, event.response)
        for head in heads:
            if head is not None:
                for request in (None, event.request):  # type: ignore[union-attr]
                    fields = head_fields(head, request if head.is_response else None)
                    assert_tiles(fields, 0, len(head.raw) * 8)
                assert rebuilt(fields) == head.raw
                told += 1
    expected = [line for line in vector.expect if line.startswith(("opened", "frame"))]
    assert bool(told) or not expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_streams_of_all_vectors_pasted(vector: Vector) -> None:
    """Each side's bytes in a row, whatever is in them."""
    steps = [step for step in [*vector.handshake, *vector.steps] if step.kind == "bytes"]
    for side in SIDES:
        data = b"".join(step.value for step in steps if step.side == side)[:6_000]
        for given_side in (None, side):
            assert_explained(data, given_side)


def assert_explained(data: bytes, side: Side | None, deflate: bool | None = None) -> list[Part]:
    parts = explain(data, side, deflate)
    at = 0
    for part in parts:
        assert_tiles(part.fields, at * 8, (at + len(part.wire)) * 8)
        assert rebuilt(part.fields) == part.wire
        at += len(part.wire)
    assert b"".join(part.wire for part in parts) == data
    return parts


lines = st.lists(
    st.sampled_from(
        [
            "Upgrade: websocket, h2c",
            "Connection: keep-alive, , Upgrade,",
            'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits;;a="b;,\\"c" d,',
            'Sec-WebSocket-Extensions: , ;=permessage-deflate; server_max_window_bits = "8", x',
            "Sec-WebSocket-Protocol: chat,  eyJhbGciOi , v12.stomp",
            "Sec-WebSocket-Key: \xe4",
            "Sec-WebSocket-Version: 8",
            "Sec-WebSocket-Accept: x",
            "Cookie: a=b; session=; =; c;;d==",
            "Set-Cookie: sid=1; HttpOnly; Path=/; SameSite=None; =",
            "Origin: null",
            "Host: [::1]:80",
            "Host:",
            "Transfer-Encoding: chunked",
            "Content-Length: 3",
            " folded",
            "no colon",
        ]
    )
    | st.text(st.characters(max_codepoint=255, exclude_characters="\n"), max_size=40),
    max_size=6,
)
start_lines = st.sampled_from(
    [
        *(
            "GET /chat?a=b&token=&=&c#d HTTP/1.1",
            "GET ? HTTP/1.1",
            "GET  /  HTTP/1.1",
            "HTTP/1.1 101",
        ),
        *(
            "HTTP/1.1 103 Early Hints",
            "HTTP/1.1 404 Not Found",
            "HTTP/1.1 999  ",
            "POST /x HTTP/1.0",
        ),
    ]
)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    end = draw(st.sampled_from(["\r\n", "\r\n", "\n"]))
    text = end.join([draw(start_lines), *draw(lines), "", ""])
    return text[: draw(st.none() | st.integers(0, len(text)))].encode("iso-8859-1")


blanks = st.sampled_from([b"\r\n", b"\n\r\n"])
pasted = st.lists(heads() | blanks | strategies.any_frames() | st.binary(max_size=30), max_size=5)


@given(pasted.map(b"".join), st.none() | strategies.sides, st.sampled_from([None, True, False]))
def test_whatever_is_pasted(data: bytes, side: Side | None, deflate: bool | None) -> None:
    assert_explained(data, side, deflate)


@given(heads(), st.none() | heads())
def test_any_head_behind_any_request(raw: bytes, request: bytes | None) -> None:
    data = (request or b"") + raw
    assert_explained(data, None)


def test_a_payload_beyond_the_cap_is_told_as_far_as_it_came() -> None:
    kept, came = b"\x03\xe8no", 10
    for opcode in (8, 2):
        head = bytes([0x80 | opcode, 10])
        frame = Frame("server", 0, head, kept, spilled=came - len(kept))
        fields = frame_fields(frame)
        assert_tiles(fields, 0, (2 + came) * 8)
        assert "10 bytes, 4 of them kept" in fields[-1].words
        assert rebuilt(fields) == frame.wire


def test_this_test_can_see() -> None:
    """A gap, an overlap, an empty field, a wrong value: each is noticed."""
    good = frame_fields(Frame("server", 0, b"\x81\x05", b"Hello"))
    assert_tiles(good, 0, 56)
    assert rebuilt(good) == b"\x81\x05Hello"
    for bad in (
        good[1:],
        good[:-1],
        [*good[:3], *good[4:]],
        [good[0], *good],
        [*good, good[-1].moved(8)],
        [*good[:-1], good[-1].moved(1)],
    ):
        with pytest.raises(AssertionError):
            assert_tiles(bad, 0, 56)
    close = frame_fields(Frame("server", 0, b"\x88\x04", b"\x03\xe8no"))
    assert [part.name for part in close[-1].parts] == ["code", "reason"]
    assert raw_part(b"ab", "why", "6455 §5.2").wire == b"ab"
    assert isinstance(Raw("server", 0, b"", ""), Raw)
