"""Masking: the C routine and ours say the same, and ours needs no memory but for the result."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.speedups import apply_mask as in_c

from inspector.core.masking import PIECE, apply_mask, fastest, in_python, mask_byte
from tests.core import strategies
from tests.core.vectors import mask


@given(st.binary(max_size=300), strategies.keys)
def test_masking_is_its_own_inverse(data: bytes, key: bytes) -> None:
    masked = apply_mask(data, key)
    assert masked == mask(data, key)
    assert masked == bytes(mask_byte(i, octet, key) for i, octet in enumerate(data))
    assert apply_mask(masked, key) == data


@given(st.binary(max_size=300), strategies.keys)
def test_both_ways_are_the_same(data: bytes, key: bytes) -> None:
    assert in_python(data, key) == in_c(data, key) == mask(data, key)


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_pieces_leave_no_seam(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    assert in_python(data[:size], b"abcd") == in_c(data[:size], b"abcd")


def test_the_c_routine_is_what_is_used_here() -> None:
    assert fastest() is in_c


def test_without_it_ours_is() -> None:
    script = """
import sys
sys.modules["websockets"] = None
from inspector.core.masking import apply_mask, fastest, in_python
assert fastest() is in_python
print(apply_mask(b"Hello", bytes.fromhex("37fa213d")).hex())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "7f9f4d5158"  # RFC 6455 §5.7


def test_ours_keeps_memory_flat() -> None:
    data = bytes(8 << 20)
    tracemalloc.start()
    in_python(data, b"abcd")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.2 * len(data)  # its pieces, and the whole that they are joined to
