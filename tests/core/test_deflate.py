"""permessage-deflate: what any sender may write is read, with every window and in both modes."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.deflate import MAX_FINAL_BLOCKS, Inflater, deflate_message
from inspector.core.handshake import Deflate
from tests.core import strategies

WORDS = [b"the ", b"frame ", b"mask ", b"\x00" * 9, bytes(range(64))]
contents = st.lists(st.sampled_from(WORDS) | st.binary(max_size=40), max_size=30).map(b"".join)


class Bits:
    """Bits in deflate's order: numbers from the lowest bit, codes from the highest."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def number(self, value: int, width: int) -> None:
        self.bits += [value >> at & 1 for at in range(width)]

    def code(self, value: int, width: int) -> None:
        self.bits += [value >> at & 1 for at in reversed(range(width))]

    def octets(self) -> bytes:
        bits = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(sum(bits[at + i] << i for i in range(8)) for at in range(0, len(bits), 8))


def deflate_by_hand(content: bytes, window: int, before: bytes = b"") -> bytes:
    """A message in one block of fixed codes (RFC 1951 §3.2.6), looking back at most `window`.

    Every match is 3 bytes long. That is poor, and enough: zlib can not write a window of 8 bits.
    """
    data, at = before + content, len(before)
    out = Bits()
    out.number(0b010, 3)  # not the last block; fixed codes
    while at < len(data):
        found = data.rfind(data[at : at + 3], max(0, at - window), at + 2)
        if at + 3 > len(data) or found < 0:
            literal = data[at]
            if literal < 144:
                out.code(0x30 + literal, 8)
            else:
                out.code(0x190 + literal - 144, 9)
            at += 1
            continue
        out.code(257 - 256, 7)  # a length of 3
        distance = at - found
        extra = max(0, (distance - 1).bit_length() - 2)
        out.code(2 * extra + ((distance - 1) >> extra), 5)
        out.number((distance - 1) & ((1 << extra) - 1), extra)
        at += 3
    out.code(0, 7)  # end of block
    out.number(0b000, 3)  # an empty stored block, without its lengths
    return out.octets()


@pytest.mark.parametrize("bits", range(9, 16))
@pytest.mark.parametrize("takeover", [True, False])
def test_what_zlib_deflates_is_inflated(bits: int, takeover: bool) -> None:
    agreed = Deflate(takeover, bits)
    compress = strategies.compressor(agreed)
    inflater = Inflater(agreed)
    chance = random.Random(bits)
    for size in (0, 1, 5, 300, 1 << bits, 3 << bits, 100_000):
        content = b"".join(chance.choices(WORDS, k=size // 9 + 1))[:size]
        inflated = inflater.message(compress(content))
        assert (inflated.data, inflated.fault, inflated.final_block) == (content, None, False)
        assert inflated.whole


@pytest.mark.parametrize("bits", range(8, 16))
@pytest.mark.parametrize("takeover", [True, False])
def test_what_a_hand_deflates_is_inflated(bits: int, takeover: bool) -> None:
    agreed, chance, before = Deflate(takeover, bits), random.Random(bits), b""
    inflater = Inflater(agreed)
    for size in (0, 1, 5, 3000):
        content = b"".join(chance.choices(WORDS, k=size // 9 + 1))[:size]
        message = deflate_by_hand(content, 1 << bits, before)
        assert inflater.message(message).data == content
        before = (before + content)[-(1 << bits) :] if takeover else b""


def test_the_hand_agrees_with_zlib() -> None:
    content = b"".join(WORDS) * 3
    inflater = zlib.decompressobj(-8)
    assert inflater.decompress(deflate_by_hand(content, 256) + b"\0\0\xff\xff") == content


@given(st.lists(contents, max_size=5), st.booleans(), st.integers(9, 15))
def test_any_messages_go_through(messages: list[bytes], takeover: bool, bits: int) -> None:
    agreed = Deflate(takeover, bits)
    compress, inflater = strategies.compressor(agreed), Inflater(agreed)
    assert [inflater.message(compress(content)).data for content in messages] == messages


@given(contents, st.integers(9, 15))
def test_a_message_alone(content: bytes, bits: int) -> None:
    message = deflate_message(content, bits)
    assert not message.endswith(b"\0\0\xff\xff")
    assert Inflater(Deflate(False, bits)).message(message).data == content


@given(st.lists(st.binary(max_size=60), max_size=4), st.booleans(), st.integers(0, 100))
def test_any_bytes_inflate_to_something_or_to_a_fault(
    payloads: list[bytes], takeover: bool, cap: int
) -> None:
    inflater = Inflater(Deflate(takeover), cap)
    for payload in payloads:
        inflated = inflater.message(payload)
        assert len(inflated.data) <= cap
        assert (inflated.fault is None) == (inflated.words == "")


@given(contents, st.binary(min_size=1, max_size=5), st.integers(0, 200))
def test_a_spoilt_message_with_context_spoils_the_rest(
    content: bytes, other: bytes, at: int
) -> None:
    message = deflate_message(content)
    spoilt = message[:at] + other + message[at:]
    inflater = Inflater(Deflate())
    first, second = inflater.message(spoilt), inflater.message(deflate_message(b"after"))
    assert first.whole == second.whole
    if first.whole:
        assert second.data == b"after"
    else:
        assert (second.fault, second.data) == ("context-lost", b"")


@pytest.mark.parametrize("cap", [0, 1, 10, 1000, 65536])
def test_the_cap_is_exact(cap: int) -> None:
    just, more = deflate_message(bytes(cap)), deflate_message(bytes(cap + 1))
    for takeover in (True, False):
        assert Inflater(Deflate(takeover), cap).message(just).data == bytes(cap)
        bomb = Inflater(Deflate(takeover), cap).message(more)
        assert (bomb.data, bomb.fault) == (bytes(cap), "pmd-bomb")


def test_after_a_bomb_without_context_the_next_message_is_read() -> None:
    inflater = Inflater(Deflate(context_takeover=False), 10)
    assert inflater.message(deflate_message(bytes(50_000_000))).fault == "pmd-bomb"
    assert inflater.message(deflate_message(b"after")).data == b"after"


@pytest.mark.parametrize(("blocks", "fault"), [(0, None), (1, "pmd-bomb")])
def test_blocks_marked_as_the_last_are_counted(blocks: int, fault: str | None) -> None:
    inflated = Inflater(Deflate()).message(b"\x03\x00" * (MAX_FINAL_BLOCKS + blocks) + b"\x00")
    assert (inflated.fault, inflated.final_block) == (fault, True)


def test_the_window_lives_on_over_a_last_block_without_takeover() -> None:
    """Within a message; and after it nothing of it is left."""
    inflater = Inflater(Deflate(context_takeover=False))
    hello, again = bytes.fromhex("f348cdc9c90700"), bytes.fromhex("f200110000")
    assert inflater.message(hello + again).data == b"HelloHello"
    inflated = inflater.message(hello + again)
    assert (inflated.data, inflated.fault) == (b"HelloHello", None)
    assert inflater.message(again).fault == "pmd-context-takeover"


def test_a_message_back_past_everything_that_was_kept() -> None:
    inflater = Inflater(Deflate(context_takeover=False))
    assert inflater.message(deflate_message(b"ab")).data == b"ab"
    assert inflater.message(bytes.fromhex("f200110000")).fault == "pmd-bad-deflate"


def test_losing_without_takeover_loses_nothing() -> None:
    kept, lost = Inflater(Deflate(context_takeover=False)), Inflater(Deflate())
    for inflater in (kept, lost):
        assert inflater.lose("a test").fault == "not-read"
    assert kept.message(deflate_message(b"ok")).data == b"ok"
    assert lost.message(deflate_message(b"ok")).words == "its dictionary was lost: a test"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("f348cdc9c90700", "ends without the first byte"),  # §7.2.3.4 has a 00 after it
        ("", "ends without the first byte"),
        ("010100feff61", "ends without the first byte"),  # the same, stored
        ("f348cdc9c907", "ends inside a deflate block"),  # two bits short of the block's end
        ("f248cdc9c907", "ends inside a deflate block"),
    ],
)
def test_what_an_incomplete_message_lacks(payload: str, words: str) -> None:
    inflated = Inflater(Deflate()).message(bytes.fromhex(payload))
    assert inflated.fault == "pmd-incomplete"
    assert inflated.words.startswith(words)
    if words.startswith("ends without"):
        assert Inflater(Deflate()).message(bytes.fromhex(payload) + b"\0").fault is None
