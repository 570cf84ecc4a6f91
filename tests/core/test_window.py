"""How far back a message looks: exact to the byte, whatever the window, and with zlib as oracle."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import distances, window
from inspector.core.deflate import Inflater, deflate_message
from inspector.core.distances import Match, first_beyond
from inspector.core.handshake import Deflate
from tests.core.test_deflate import WORDS, Bits, contents
from tests.core.test_frames import calls

TAIL = b"\0\0\xff\xff"


def stored(content: bytes) -> bytes:
    """Content in a block without compression (RFC 1951 §3.2.4)."""
    size = len(content)
    return b"\0" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + content


def match(distance: int) -> bytes:
    """The end of a message: three bytes from `distance` before, in a block of fixed codes."""
    out = Bits()
    out.number(0b010, 3)
    out.code(257 - 256, 7)
    extra = max(0, (distance - 1).bit_length() - 2)
    out.code(2 * extra + ((distance - 1) >> extra), 5)
    out.number((distance - 1) & ((1 << extra) - 1), extra)
    out.code(0, 7)
    out.number(0b000, 3)
    return out.octets()


@pytest.mark.parametrize("bits", range(8, 15))
@pytest.mark.parametrize("takeover", [True, False])
def test_the_window_is_exact(bits: int, takeover: bool) -> None:
    far = 1 << bits
    content = random.Random(bits).randbytes(far + 1)
    agreed = Deflate(takeover, bits)
    just, beyond = (
        Inflater(agreed).message(stored(content) + match(far + more)) for more in (0, 1)
    )
    assert (just.data, just.fault, just.too_far) == (content + content[1:4], None, "")
    assert (beyond.data, beyond.fault) == (content + content[:3], None)
    assert beyond.too_far == (
        f"what stands at byte {far + 1} is copied from {far + 1} bytes before it; "
        f"the window agreed, of {bits} bits, holds {far}"
    )


@pytest.mark.parametrize("bits", range(8, 15))
@pytest.mark.parametrize("size", [0, 1, 100])
def test_the_window_is_exact_over_messages(bits: int, size: int) -> None:
    """The match is in the second message, and looks back into the first."""
    far = 1 << bits
    content = random.Random(bits).randbytes(far + 1)
    between = stored(b"x" * size)
    for more in (0, 1):
        inflater = Inflater(Deflate(True, bits))
        assert inflater.message(stored(content) + b"\0").too_far == ""
        second = inflater.message(between + match(far + more))
        assert second.data == b"x" * size + (content + b"x" * size)[-far - more :][:3]
        assert second.too_far.startswith(f"what stands at byte {size} is") == bool(more)
        assert inflater.message(deflate_message(b"and on it goes")).data == b"and on it goes"


def test_a_larger_window_is_not_asked_for_a_smaller_one() -> None:
    content = random.Random(0).randbytes(32768)
    inflated = Inflater(Deflate(True, 15)).message(stored(content) + match(32768))
    assert (inflated.fault, inflated.too_far) == (None, "")


def test_what_was_forgotten_may_be_too_far_as_well() -> None:
    inflater = Inflater(Deflate(False, 8))
    inflater.message(stored(bytes(300)) + b"\0")
    second = inflater.message(match(257))
    assert (second.fault, second.too_far != "") == ("pmd-context-takeover", True)
    third = inflater.message(match(3))
    assert (third.fault, third.too_far) == ("pmd-context-takeover", "")


TEXT = b"".join(random.Random(7).choices([*WORDS, b"%d ", b"abcdefgh"], k=40)).join(
    random.Random(8).randbytes(n) for n in range(2000, 2020)
)


def real(bits: int, content: bytes = TEXT) -> bytes:
    """A message as zlib writes it, with that window."""
    return deflate_message(content, bits)


@pytest.mark.parametrize("agreed", range(9, 15))
def test_zlib_with_a_wider_window_than_agreed(agreed: int) -> None:
    repeats = random.Random(agreed).randbytes((1 << agreed) + 100) * 2
    for used in range(9, 16):
        inflated = Inflater(Deflate(False, agreed)).message(real(used, repeats))
        assert (inflated.data, inflated.fault) == (repeats, None)
        assert (inflated.too_far != "") == (used > agreed)


def test_eight_bits_agreed_and_nine_used_is_what_zlib_does_and_no_fault() -> None:
    """Asked for 8, zlib takes 9; and it never looks back more than 512 - 262 bytes."""
    repeats = random.Random(8).randbytes(240) * 20
    assert len(real(9, repeats)) < 400
    assert Inflater(Deflate(True, 8)).message(real(9, repeats)).too_far == ""
    repeats = random.Random(8).randbytes(300) * 20
    assert "300 bytes before" in Inflater(Deflate(True, 8)).message(real(10, repeats)).too_far


def oracle(data: bytes, bits: int, past: bytes = b"") -> int | None:
    """zlib keeps to its window between calls, so it does if it makes one byte a call."""
    inflater = zlib.decompressobj(-bits, zdict=past)
    made = 0
    for octet in data + TAIL:
        portion = bytes([octet])
        try:
            while out := inflater.decompress(portion, 1):
                made += len(out)
                portion = inflater.unconsumed_tail
        except zlib.error:
            return made
    return None


@pytest.mark.parametrize("used", range(9, 16))
def test_the_place_is_where_zlib_stops(used: int) -> None:
    for level in (1, 9):
        for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED):
            compressor = zlib.compressobj(level, zlib.DEFLATED, -used, strategy=strategy)
            data = compressor.compress(TEXT) + compressor.flush(zlib.Z_SYNC_FLUSH)
            for bits in range(8, 16):
                found = first_beyond(data, 1 << bits)
                assert (found and found.at) == oracle(data, bits)


@given(st.lists(contents, max_size=12), st.integers(9, 15), st.integers(8, 14))
def test_any_messages_are_judged_as_zlib_judges_them(
    messages: list[bytes], used: int, bits: int
) -> None:
    compressor = zlib.compressobj(wbits=-used)
    inflater, past = Inflater(Deflate(True, bits)), b""
    for content in [*messages, random.Random(used).randbytes(600), *messages]:
        data = compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)
        inflated = inflater.message(data.removesuffix(TAIL))
        assert inflated.data == content
        at = oracle(data, bits, past)
        assert (inflated.too_far != "") == (at is not None)
        if at is not None:
            assert inflated.too_far.startswith(f"what stands at byte {at} is copied from ")
        past += content


@given(st.binary(max_size=400), st.sampled_from([1, 2, 256, 32768]))
def test_any_bytes_end_the_walk(data: bytes, far: int) -> None:
    for start in (b"", b"\x05", b"\x04\xc0", b"\x02"):
        found = first_beyond(start + data, far)
        assert found is None or far < found.distance <= 32768


@given(st.integers(0, 3000), st.integers(9, 15))
def test_the_beginning_of_a_message_says_nothing_that_the_whole_does_not(
    cut: int, bits: int
) -> None:
    data = real(15, TEXT[:8000])
    found = first_beyond(data, 1 << bits)
    assert first_beyond(data[:cut], 1 << bits) in (None, found)


def test_a_block_marked_as_the_last_is_walked_over() -> None:
    first, second = stored(bytes(300)), match(300)
    last = bytes([first[0] | 1]) + first[1:]
    assert first_beyond(last + second, 256) == Match(300, 300)
    assert "300 bytes before" in Inflater(Deflate(True, 8)).message(last + second).too_far


def test_a_very_long_message_is_looked_at_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is walked, what is too far by a step is found, and nothing else is."""
    monkeypatch.setattr(window, "MAX_WALKED", 1000)
    content = random.Random(1).randbytes(5000)
    for far, found in ((4096, False), (4096 + window.STEP, True), (5000, True)):
        for past in (b"", content):
            inflater = Inflater(Deflate(True, 12))
            if past:
                inflater.message(stored(past) + b"\0")
            inflated = inflater.message(stored(content) + match(far))
            assert inflated.data[:5000] == content
            assert inflated.too_far.startswith("what stands near byte 4") == found
            assert (inflated.too_far == "") == (not found)
    repeats = content * 30
    for used in range(9, 16):
        inflated = Inflater(Deflate(False, 12)).message(real(used, repeats))
        assert (inflated.too_far != "") == (used > 12)


def test_ten_times_the_data_costs_ten_times_the_work() -> None:
    short, long = real(12, TEXT[:4000]), real(12, TEXT)
    few, many = (calls(lambda data=data: first_beyond(data, 4096)) for data in (short, long))
    assert many / few < 1.5 * len(long) / len(short)
    assert calls(lambda: first_beyond(real(12, bytes(1 << 20)), 4096)) < 1000


@given(
    st.lists(st.tuples(contents, st.integers(0, 40)), min_size=1, max_size=6),
    st.integers(9, 15),
    st.integers(8, 14),
    st.integers(1, 9),
    st.sampled_from([zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_FINISH]),
)
def test_blocks_that_are_passed_over_change_no_verdict(
    pieces: list[tuple[bytes, int]], used: int, bits: int, memory: int, flush: int
) -> None:
    """Little memory makes short blocks, so that there are many of them, ending at any bit."""
    data, content = b"", b""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -used, memory)
    for piece, start in pieces:
        piece = TEXT[500 * start : 500 * start + 3000] + piece
        data += compressor.compress(piece) + compressor.flush(flush)
        if flush == zlib.Z_FINISH:
            compressor = zlib.compressobj(6, zlib.DEFLATED, -used, memory)
        content += piece
    walked = first_beyond(data, 1 << bits)
    assert first_beyond(data, 1 << bits, content) == walked


def test_what_keeps_to_its_window_costs_little() -> None:
    """Bits that are walked are what costs: of such data nearly none are."""
    walk, codes = distances._Walk, 0

    class Counting(walk):  # type: ignore[misc, valid-type]
        def _compressed(self, *tables: distances._Codes) -> None:
            nonlocal codes
            before = self.bits_read
            super()._compressed(*tables)
            codes += self.bits_read - before

    content = random.Random(3).choices(WORDS, k=40_000)
    data = real(12, b" ".join(content))
    assert len(data) > 20_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distances, "_Walk", Counting)
        inflated = Inflater(Deflate(True, 12)).message(data)
    assert (inflated.fault, inflated.too_far) == (None, "")
    assert codes < len(data) // 100
