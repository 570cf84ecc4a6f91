"""Frames: encoded, decoded, cut anywhere, and never more of them in memory than the cap."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frames import (
    RAW_BLOCK,
    Frame,
    FrameDecoder,
    Raw,
    encode_close,
    encode_frame,
    header_length,
)
from inspector.core.rfc import OPCODES, Side
from tests.core import strategies

Piece = Frame | Raw


def decode(portions: list[bytes], side: Side = "client", max_payload: int = 1000) -> list[Piece]:
    decoder = FrameDecoder(side, max_payload)
    pieces: list[Piece] = []
    for portion in portions:
        decoder.feed(portion)
        while (piece := decoder.next_piece()) is not None:
            pieces.append(piece)
    return pieces + decoder.end()


def joined(pieces: list[Piece]) -> bytes:
    """The direction again, each piece put where it says that it stood."""
    wire = {
        piece.offset: piece.wire if isinstance(piece, Frame) else piece.data for piece in pieces
    }
    out = b""
    for offset in sorted(wire):
        assert offset == len(out)
        out += wire[offset]
    return out


@given(strategies.any_bytes, st.data())
def test_any_bytes_in_any_portions_are_the_same_pieces(data: bytes, draw: st.DataObject) -> None:
    pieces = decode([data])
    assert decode(draw.draw(strategies.cut(data))) == pieces
    assert decode([bytes([octet]) for octet in data]) == pieces
    assert joined(pieces) == data
    lost = any(isinstance(piece, Raw) for piece in pieces)
    assert lost or all(isinstance(piece, Frame) and piece.complete for piece in pieces[:-1])


def scanned(portions: list[bytes], max_payload: int = 1000) -> list[Piece]:
    """The same by scanning: frames are taken many at once, and only odd pieces one by one."""
    decoder = FrameDecoder("client", max_payload)
    pieces: list[Piece] = []
    for portion in portions:
        decoder.feed(portion)
        while True:
            if frames := decoder.scan():
                pieces += frames
                assert [frames[i] for i in range(-len(frames), 0)] == pieces[-len(frames) :]
                with pytest.raises(IndexError):
                    frames[len(frames)]
            elif (piece := decoder.next_piece()) is not None:
                pieces.append(piece)
            else:
                break
    return pieces + decoder.end()


@given(strategies.any_bytes, st.integers(0, 200), st.data())
def test_a_scan_finds_the_same_pieces(data: bytes, cap: int, draw: st.DataObject) -> None:
    pieces = decode([data], max_payload=cap)
    assert scanned([data], cap) == pieces
    assert scanned(draw.draw(strategies.cut(data)), cap) == pieces
    assert scanned([bytes([octet]) for octet in data], cap) == pieces


@given(strategies.any_bytes, strategies.any_bytes, st.integers(0, 3), st.booleans())
def test_a_caller_need_not_take_all_before_it_feeds_on(
    first: bytes, then: bytes, taken: int, looks: bool
) -> None:
    """Pieces are the same whenever they are asked for, and looking at what waits moves nothing."""
    decoder = FrameDecoder("client", 1000)
    pieces: list[Piece] = []
    for portion in (first, then):
        decoder.feed(portion)
        for _ in range(taken):
            if looks:
                assert len(decoder.peek(len(first) + len(then))) == decoder.waiting
            if (piece := decoder.next_piece()) is not None:
                pieces.append(piece)
    while (piece := decoder.next_piece()) is not None:
        pieces.append(piece)
    assert pieces + decoder.end() == decode([first, then])


@given(strategies.any_bytes, st.integers(0, 60))
def test_a_small_cap_changes_no_byte(data: bytes, cap: int) -> None:
    pieces = decode([data], max_payload=cap)
    assert decode([bytes([octet]) for octet in data], max_payload=cap) == pieces
    assert joined(pieces) == data
    for piece in pieces:
        if isinstance(piece, Frame):
            assert len(piece.wire_payload) <= cap or not piece.complete
            assert piece.end == piece.offset + len(piece.wire) + piece.spilled


@given(
    opcode=st.integers(0, 15),
    payload=strategies.payloads | strategies.large,
    key=st.none() | strategies.keys,
    fin=st.booleans(),
    rsv=st.integers(0, 7),
    longer=st.integers(0, 2),
)
def test_what_is_encoded_is_decoded(
    opcode: int, payload: bytes, key: bytes | None, fin: bool, rsv: int, longer: int
) -> None:
    forms = [bits for bits, most in ((7, 125), (16, 65535), (64, 2**63)) if len(payload) <= most]
    bits = forms[min(longer, len(forms) - 1)]
    wire = encode_frame(opcode, payload, masking_key=key, fin=fin, rsv=rsv, length_bits=bits)
    (frame,) = decode([wire], max_payload=10**6)
    assert isinstance(frame, Frame)
    assert (frame.opcode, frame.payload, frame.masking_key, frame.fin) == (
        *(opcode, payload, key, fin),
    )
    assert frame.rsv1 << 2 | frame.rsv2 << 1 | frame.rsv3 == rsv
    assert (frame.length_bits, frame.length) == (bits, len(payload))
    assert frame.wire == wire
    assert frame.complete
    assert frame.header_complete
    assert frame.kind is OPCODES[opcode]
    assert frame.name == OPCODES[opcode].name
    assert frame.is_control == (opcode >= 8) == frame.kind.is_control
    assert frame.masked == (key is not None)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_the_shortest_form_is_chosen(size: int) -> None:
    bits = 7 if size < 126 else 16 if size < 65536 else 64
    assert encode_frame(2, bytes(size)) == encode_frame(2, bytes(size), length_bits=bits)


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: encode_frame(16),
        lambda: encode_frame(-1),
        lambda: encode_frame(1, rsv=8),
        lambda: encode_frame(1, masking_key=b"abc"),
        lambda: encode_frame(1, bytes(126), length_bits=7),
        lambda: encode_frame(1, bytes(65536), length_bits=16),
        lambda: encode_frame(1, length_bits=8),
    ],
)
def test_what_no_frame_can_say_is_refused(impossible: Callable[[], bytes]) -> None:
    with pytest.raises(ValueError, match=r"fit|has"):
        impossible()


def test_a_close_frame() -> None:
    assert encode_close() == b"\x88\x00"
    assert encode_close(1001, "bye") == b"\x88\x05\x03\xe9bye"
    assert encode_close(1000, masking_key=b"\0\0\0\0") == b"\x88\x82\0\0\0\0\x03\xe8"


def test_a_frame_of_one_byte_does_not_guess() -> None:
    (frame,) = decode([b"\x81"])
    assert isinstance(frame, Frame)
    unknown = (frame.masked, frame.length_code, frame.length_bits, frame.length, frame.masking_key)
    assert unknown == (None,) * 5
    assert not frame.complete
    assert not frame.header_complete
    assert header_length(b"\x81") == header_length(b"") == 2
    assert header_length(b"\x81\xff", 1) == 2


# Nothing grows because a peer says so.


def test_a_header_that_announces_a_terabyte_makes_no_room_for_it() -> None:
    cap, portion = 1 << 20, bytes(64 * 1024)
    decoder = FrameDecoder("server", cap)
    tracemalloc.start()
    decoder.feed(b"\x82\x7f" + (1 << 40).to_bytes(8))
    came = 0
    for _ in range(512):
        decoder.feed(portion)
        while (piece := decoder.next_piece()) is not None:
            assert isinstance(piece, Raw)
            came += len(piece.data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert came == 512 * len(portion) - cap
    assert peak < 4 * cap
    (left, frame) = [*decoder.end(), None][:2] if decoder.waiting else (None, decoder.end()[-1])
    assert left is None
    assert isinstance(frame, Frame)
    assert (frame.length, frame.spilled, frame.complete) == (1 << 40, came, False)


def test_raw_bytes_do_not_pile_up() -> None:
    decoder = FrameDecoder("server")
    decoder.give_up("a test")
    tracemalloc.start()
    for _ in range(512):
        decoder.feed(bytes(64 * 1024 - 1))
        while (piece := decoder.next_piece()) is not None:
            assert isinstance(piece, Raw)
            assert len(piece.data) == RAW_BLOCK
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_payload_in_many_portions_is_put_together_once() -> None:
    """Each byte is copied a few times, however many portions it came in."""
    size, portion = 8 << 20, 1024
    wire = encode_frame(2, bytes(size))
    decoder = FrameDecoder("server")
    tracemalloc.start()
    for at in range(0, len(wire), portion):
        assert decoder.next_piece() is None
        decoder.feed(wire[at : at + portion])
    frame = decoder.next_piece()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(frame, Frame)
    assert len(frame.wire_payload) == size
    assert peak < 2.5 * size


def test_frames_that_were_read_are_let_go() -> None:
    decoder = FrameDecoder("server")
    tracemalloc.start()
    for _ in range(100):
        decoder.feed(encode_frame(2, bytes(50_000)) * 2)
        while decoder.next_piece() is not None:
            pass
    left = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert left < 50_000


def calls(work: Callable[[], object]) -> int:
    """How many Python functions this work calls: time that no machine's load can change."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_ten_times_the_frames_cost_ten_times_the_work() -> None:
    few, many = (calls(lambda n=n: decode([b"\x81\x00" * n])) for n in (500, 5_000))
    assert many < 11 * few


def test_a_hundred_thousand_frames_in_one_portion() -> None:
    assert len(decode([b"\x89\x00" * 100_000])) == 100_000


def test_what_waits_can_be_looked_at() -> None:
    decoder = FrameDecoder("server", max_payload=2)
    decoder.feed(b"\x81\x03ab")
    assert decoder.waiting == 4
    assert (decoder.peek(2), decoder.peek(9, 2)) == (b"\x81\x03", b"ab")
    assert decoder.next_piece() is None
    decoder.feed(b"c")
    assert isinstance(decoder.next_piece(), Raw)
    assert (decoder.waiting, decoder.peek(2)) == (0, b"")
    decoder.gap(5)
    (frame,) = decoder.end()
    assert isinstance(frame, Frame)
    assert (frame.spilled, frame.complete) == (1, False)
