"""Inflating what permessage-deflate compressed (RFC 7692 §7.2.2).

A sender deflates a message, flushes, and cuts off the last four bytes, which are always the same;
the receiver puts them back. With context takeover the 32 KiB before a message are its dictionary,
so a message can not be read alone, and one that is broken takes all that follow with it.

An inflater never grows past its cap: a few kilobytes can stand for gigabytes.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Final

from inspector.core.handshake import DEFAULT_WINDOW_BITS, Deflate
from inspector.core.rfc import DEFLATE_TAIL
from inspector.core.window import beyond_window

MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Bytes that one message is inflated to at most."""

MAX_FINAL_BLOCKS: Final = 1_000
"""Blocks of one message that may be marked as the last: after each, zlib has to begin anew."""

WINDOW: Final = 32 * 1024
_PORTION: Final = 64 * 1024
"""Bytes given to zlib at a time: it copies what it did not use."""
_NO_LAST_BLOCK: Final = "ends without the first byte, 00, of the empty block that has to close it"
_TOO_FAR: Final = "too far back"  # zlib's words
_RAW_DEFLATE: Final = -15  # the largest window reads what any smaller one wrote


@dataclass(frozen=True, slots=True)
class Inflated:
    """A message's content; with a `fault` what could be had of it, and why.

    The fault is a rule's id, or `context-lost` after an earlier one, or `not-read` if nobody tried.
    """

    data: bytes
    fault: str | None = None
    words: str = ""
    final_block: bool = False
    too_far: str = ""
    """In words, a match that looks back beyond the window agreed; its content is there."""

    @property
    def whole(self) -> bool:
        """Is the content all there, whatever else is wrong with its deflate data?"""
        return self.fault in (None, "pmd-tail-not-stripped", "pmd-context-takeover")


class Inflater:
    """One direction's inflater: `message` for each compressed message, in order."""

    def __init__(self, agreed: Deflate, max_message: int = MAX_MESSAGE) -> None:
        self.agreed = agreed
        self.max_message = max_message
        self._history = b""
        self._lost = ""
        self._missing = ""
        self._zlib = zlib.decompressobj(_RAW_DEFLATE)

    def lose(self, why: str) -> Inflated:
        """A compressed message can not be read: with context takeover, none after it can."""
        if self.agreed.context_takeover and not self._lost:
            self._lost = why
        return Inflated(b"", "not-read", why)

    def forget(self, why: str) -> None:
        """Messages are missing before the next one: what refers back to them can not be read, and
        is no fault. The rest can, since zlib notices where a distance goes too far back."""
        if self.agreed.context_takeover:
            self._missing = why
            self._history = b""
            self._zlib = zlib.decompressobj(_RAW_DEFLATE)

    def message(self, payload: bytes) -> Inflated:
        """Inflate the joined payloads of one message's frames."""
        if self._lost:
            return Inflated(b"", "context-lost", f"its dictionary was lost: {self._lost}")
        if not self.agreed.context_takeover:
            self._zlib = zlib.decompressobj(_RAW_DEFLATE)
        result = self._inflate(payload)
        if self._missing and result.fault == "pmd-bad-deflate" and _TOO_FAR in result.words:
            self.forget(self._missing)
            return Inflated(b"", "context-lost", f"refers back to what was lost: {self._missing}")
        if result.fault == "pmd-bad-deflate" and not self.agreed.context_takeover and self._history:
            with_history = self._inflate(payload, self._history)
            if with_history.fault is None:
                words = "refers back past its own start, into messages before it"
                result = replace(with_history, fault="pmd-context-takeover", words=words)
        if result.whole and self.agreed.window_bits < DEFAULT_WINDOW_BITS:
            alone = not self.agreed.context_takeover and result.fault != "pmd-context-takeover"
            past = b"" if alone else self._history
            words = beyond_window(payload, result.data, past, self.agreed.window_bits)
            result = replace(result, too_far=words)
        if not result.whole:
            self.lose(f"an earlier message could not be inflated ({result.words})")
        self._history = (self._history + result.data[-WINDOW:])[-WINDOW:]
        return result

    def _inflate(self, payload: bytes, dictionary: bytes = b"") -> Inflated:
        if dictionary:
            self._zlib = zlib.decompressobj(_RAW_DEFLATE, zdict=dictionary)
        out = bytearray()
        finals, between_blocks, tail_left_on = 0, False, False
        try:
            finals = self._run(payload, out, dictionary)
            size = len(out)
            between_blocks = self._at_boundary()
            tail_left_on = payload.endswith(DEFLATE_TAIL) and between_blocks
            if not tail_left_on:
                finals += self._run(DEFLATE_TAIL, out, dictionary)
        except zlib.error as error:
            return Inflated(bytes(out), "pmd-bad-deflate", _reason(error), finals > 0)
        fault, words = None, ""
        if len(out) > self.max_message:
            fault = "pmd-bomb"
            words = f"inflates to more than {self.max_message} bytes from {len(payload)}"
            del out[self.max_message :]
        elif finals > MAX_FINAL_BLOCKS:
            fault, words = "pmd-bomb", f"more than {MAX_FINAL_BLOCKS} blocks marked as the last"
        elif tail_left_on:
            fault = "pmd-tail-not-stripped"
            words = "ends in 00 00 ff ff, which the sender has to cut off"
        elif len(out) > size or not self._at_boundary():  # the tail holds no data of its own
            fault = "pmd-incomplete"
            words = _NO_LAST_BLOCK if between_blocks else "ends inside a deflate block"
        return Inflated(bytes(out), fault, words, finals > 0)

    def _run(self, data: bytes, out: bytearray, dictionary: bytes) -> int:
        """Inflate `data` onto `out`; the number of blocks in it that were marked as the last."""
        finals = 0
        for at in range(0, len(data), _PORTION):
            portion = data[at : at + _PORTION]
            while portion and len(out) <= self.max_message and finals <= MAX_FINAL_BLOCKS:
                out += self._zlib.decompress(portion, self.max_message + 1 - len(out))
                portion = self._zlib.unconsumed_tail
                if self._zlib.eof:  # RFC 7692 §7.2.3.4: legal, the next block goes on after it
                    finals += 1
                    portion = self._zlib.unused_data
                    window = (self._past(dictionary) + out[-WINDOW:])[-WINDOW:]
                    self._zlib = zlib.decompressobj(_RAW_DEFLATE, zdict=window)
        return finals

    def _past(self, dictionary: bytes) -> bytes:
        return self._history if self.agreed.context_takeover else dictionary

    def _at_boundary(self) -> bool:
        """Would an empty last block be understood here? Only between blocks, on a whole byte.

        In an open block that is itself the last, the same bytes can stand for content and its end.
        """
        probe = self._zlib.copy()
        try:
            out = probe.decompress(b"\x03\x00")
        except zlib.error:
            return False
        return probe.eof and not out and not probe.unused_data


def _reason(error: zlib.error) -> str:
    return str(error).rpartition(": ")[2] or "not deflate data"


def deflate_message(content: bytes, window_bits: int = 15) -> bytes:
    """Content compressed as one message without context (RFC 7692 §7.2.1).

    `window_bits` is 9 to 15: zlib can not write raw deflate data for a window of 8.
    """
    compressor = zlib.compressobj(wbits=-window_bits)
    data = compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(DEFLATE_TAIL)
