"""Does a compressed message look back beyond the window that was agreed (RFC 7692 §7.1.2)?

Most messages are settled without looking at their codes: nothing is farther away than all there
is, and a short message is inflated once more, with no more of the past than fits the window beside
it. The others are looked at block by block, and walked code by code where a block could hold such a
match (`distances`). Where there is very much to walk that holds for the beginning; the rest is
inflated with the window agreed, in small steps, because zlib does keep to it between calls.
"""

import zlib
from typing import Final

from inspector.core.distances import TooLong, first_beyond
from inspector.core.rfc import DEFLATE_TAIL

MAX_WALKED: Final = 512 * 1024
"""Bytes of a compressed message whose codes are looked at, one by one: about a second's work."""

STEP: Final = 32
"""Bytes of content that zlib makes in one call, and so may look back too far, beyond that."""

_PORTION: Final = 1024
_LARGEST: Final = -15


def beyond_window(payload: bytes, content: bytes, past: bytes, bits: int) -> str:
    """The first match that looks back beyond 2**`bits` bytes, in words; empty if none does.

    `payload` is one message's deflate data, which inflates to `content`, and `past` the content
    before it that it may refer to, as far as zlib looks.
    """
    window, size = 1 << bits, len(content)
    if len(past) + size <= window or _fits(payload, size, past, window):
        return ""
    try:
        match = first_beyond(payload, window, content, past, MAX_WALKED)
    except TooLong:
        at = _first_error(payload, past, bits)
        if at is None:
            return ""
        place = f"what stands near byte {at} is copied from too far before it"
        return f"{place}; the window agreed, of {bits} bits, holds {window}"
    if match is not None:
        place = f"what stands at byte {match.at} is copied from {match.distance} bytes before it"
        return f"{place}; the window agreed, of {bits} bits, holds {window}"
    return ""


def _fits(payload: bytes, size: int, past: bytes, window: int) -> bool:
    """Does it inflate with so little of the past that its end is still within the window?"""
    if size >= window:
        return False
    inflater = zlib.decompressobj(_LARGEST, zdict=past[size - window :])
    try:
        return len(inflater.decompress(payload + DEFLATE_TAIL, size + 1)) == size
    except zlib.error:
        return False


def _first_error(payload: bytes, past: bytes, bits: int) -> int | None:
    """Where zlib can't go on with this window; what is too far by less than STEP it lets pass."""
    inflater = zlib.decompressobj(-bits, zdict=past[-(1 << bits) :])
    made = 0
    for at in range(0, len(payload), _PORTION):
        portion = payload[at : at + _PORTION]
        while True:
            try:
                out = inflater.decompress(portion, STEP)
            except zlib.error:
                return made
            made += len(out)
            portion = inflater.unconsumed_tail
            if inflater.eof:
                return None  # a block marked as the last: zlib would have to begin anew
            if not portion and len(out) < STEP:
                break
    return None
