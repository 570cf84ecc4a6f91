"""The chain of a frame: each step's bytes are what the step says."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.chain import Step, chain
from inspector.core.distances import blocks_of
from inspector.core.events import Framed, Messaged
from inspector.core.explain import explain
from inspector.core.frames import Frame, encode_frame
from inspector.core.handshake import Deflate
from inspector.core.messages import Message
from inspector.core.rfc import DEFLATE_TAIL
from tests.core.vectors import Step as Seen
from tests.core.vectors import Vector, handshake, load, play


def frame_of(wire: bytes) -> Frame:
    (part,) = explain(wire)
    assert part.frame is not None
    return part.frame


def names(steps: list[Step]) -> list[str]:
    return [step.name for step in steps]


def test_the_rfcs_hello() -> None:
    steps = chain(frame_of(bytes.fromhex("818537fa213d7f9f4d5158")))
    assert names(steps) == ["wire", "unmasked", "text"]
    assert [step.data for step in steps] == [bytes.fromhex("7f9f4d5158"), b"Hello", b"Hello"]
    assert steps[-1].text == "Hello"
    assert steps[1].words == "each byte XOR a byte of the key 37 fa 21 3d"
    assert chain(frame_of(b"\x89\x00")) == []


@pytest.mark.parametrize("vector", load(), ids=lambda vector: vector.name)
def test_the_chains_of_all_vectors(vector: Vector) -> None:
    events = play([*vector.handshake, *vector.steps], vector.max_payload)[:400]
    frames = {event.number: event.frame for event in events if isinstance(event, Framed)}
    messages = [event.message for event in events if isinstance(event, Messaged)]
    of: dict[int, Message] = {number: each for each in messages for number in each.frames[:50]}
    for number, frame in frames.items():
        message = of.get(number)
        steps = chain(frame, message, 0, Deflate())
        assert all(step.words and step.rfc for step in steps)
        if not steps:
            continue
        assert (steps[0].name, steps[0].data) == ("wire", frame.wire_payload)
        assert ("unmasked" in names(steps)) == bool(frame.masking_key)
        if message is not None and message.valid is not None:
            assert steps[-1].data == message.data
            assert ("joined" in names(steps)) == (len(message.frames) > 1)
            assert ("inflated" in names(steps)) == message.compressed


def test_a_fragment_says_where_it_stands() -> None:
    first, last = encode_frame(1, b"Hel", fin=False), encode_frame(0, b"lo")
    message = Message("server", "text", (1, 2), b"Hello", b"Hello", True, frame_of(first))
    steps = chain(frame_of(last), message, 3)
    assert names(steps) == ["wire", "joined", "text"]
    assert steps[1].facts == ("this frame's part is bytes 3 to 4 of 5",)
    empty = chain(frame_of(b"\x80\x00"), message, 5)
    assert empty[1].facts == ("this frame adds nothing, at byte 5 of 5",)


STRATEGIES = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY]


@given(
    st.lists(st.binary(max_size=300) | st.binary(max_size=20).map(lambda part: part * 50)),
    st.sampled_from([0, 1, 9]),
    st.sampled_from(STRATEGIES),
)
def test_the_blocks_make_the_content(contents: list[bytes], level: int, strategy: int) -> None:
    compressor = zlib.compressobj(level, wbits=-15, strategy=strategy)
    data = b""
    for content in contents:
        data += compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)
    blocks = blocks_of(data)
    assert sum(size for _, size in blocks) == sum(map(len, contents))
    if level == 0:
        assert {kind for kind, _ in blocks} <= {0}
    elif strategy == zlib.Z_FIXED:
        assert 2 not in {kind for kind, _ in blocks}


@given(st.binary())
def test_the_blocks_of_anything_come_to_an_end(data: bytes) -> None:
    for kind, size in blocks_of(data):
        assert 0 <= kind <= 2
        assert size >= 0


def compressed(payload: bytes, content: bytes, agreed: Deflate) -> str:
    from inspector.core.deflate import Inflated

    frame = frame_of(encode_frame(2, payload, rsv=4))
    message = Message("server", "binary", (1,), payload, content, True, frame, Inflated(content))
    step = chain(frame, message, 0, agreed)[-1]
    assert (step.name, step.data) == ("inflated", content)
    return "; ".join(step.facts)


def test_the_facts_of_compressed_messages() -> None:
    content = b"".join(b"%d, " % (number * number) for number in range(2_000))
    sender = zlib.compressobj(wbits=-15)
    first, second = (
        (sender.compress(content) + sender.flush(zlib.Z_SYNC_FLUSH)).removesuffix(DEFLATE_TAIL)
        for _ in range(2)
    )
    told = compressed(first, content, Deflate(True, 12))
    assert f"{len(content):,} bytes were deflated to {len(first):,} bytes" in told
    assert "window 12 bits, 4,096 bytes; the messages before it are in it" in told
    assert "it can be read without the messages before it" in told
    assert "1 deflate block: 1 with Huffman codes of its own" in told
    told = compressed(second, content, Deflate(False, 15))
    assert "copies from messages before it" in told
    fixed = bytes.fromhex("f248cdc9c90700")  # RFC 7692 §7.2.3.1
    assert "1 deflate block: 1 with fixed Huffman codes" in compressed(fixed, b"Hello", Deflate())
    stored = zlib.compressobj(0, wbits=-15)
    plain = (stored.compress(content) + stored.flush(zlib.Z_SYNC_FLUSH)).removesuffix(DEFLATE_TAIL)
    assert "1 deflate block: 1 stored" in compressed(plain, content, Deflate())


def test_a_text_that_nobody_can_change_back_says_so() -> None:
    agreed = "x-webkit-deflate-frame"
    wire = bytes.fromhex("c107f248cdc9c90700")
    events = play([*handshake(agreed), Seen("bytes", "server", wire)])
    (frame,) = (event.frame for event in events if isinstance(event, Framed))
    (message,) = (event.message for event in events if isinstance(event, Messaged))
    steps = chain(frame, message)
    assert names(steps) == ["wire", "text"]
    assert steps[-1].words == "no UTF-8 from byte 0 on: a reserved bit says that it was changed"


def test_no_characters_have_no_size() -> None:
    events = play([*handshake("permessage-deflate"), Seen("bytes", "server", b"\xc1\x01\0")])
    (frame,) = (event.frame for event in events if isinstance(event, Framed))
    (message,) = (event.message for event in events if isinstance(event, Messaged))
    assert chain(frame, message)[-1].words == "UTF-8: 0 characters"
