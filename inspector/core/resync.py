"""Where frames begin, in bytes of which the beginning was not seen.

A capture may begin inside a connection, or miss some of its bytes. Frames have no mark to look for
(RFC 6455 §5.2), but their headers leave little to chance: thirteen first bytes of 256 are in use, a
side masks all its frames or none, a length is told in its shortest form, a Close begins with a
code, text is UTF-8, fragments come in order. And each header says where the next one stands. So a
place is credible when a chain of headers that begins there has told enough, counted in bits: n bits
are what random bytes have by chance once in 2**n places.

Two rules. What is not random has to be refused, too: headers that zeros, text or a repeated byte
can have count for little or nothing. And the answer is a matter of the bytes alone: it is found in
the order of places, each looked at as far as `WINDOW`, so that portions leave no trace in it.
"""

import codecs
import re
from collections import deque
from operator import eq
from typing import Final

from inspector.core.frame import Raw
from inspector.core.frames import RAW_BLOCK, FrameDecoder
from inspector.core.masking import apply_mask
from inspector.core.rfc import BINARY, CLOSE, CONTINUATION, TEXT, Side
from inspector.core.scan import declared_length, header_length

WINDOW: Final = 256 * 1024
"""Bytes that are looked at behind a place, at most: frames larger than this convince nobody."""

MAX_HEADER: Final = 14
"""Bytes of the longest header of a frame."""

WANTED: Final = 26
"""Bits that convince where a WebSocket is known to be."""

WANTED_UNKNOWN: Final[dict[bool, int]] = {True: 36, False: 44}
"""Bits that convince where nothing is known yet, by whether the side masks: clear bytes of other
protocols are less random than masked ones."""

AT_START: Final = 8
"""Bits for the first place of all: senders write whole frames, and captures begin with a packet."""
AT_END: Final = 7
"""Bits for a chain that ends exactly where the stream does."""

_KINDS: Final[dict[int, int]] = {
    **dict.fromkeys((0x81, 0x82, 0x88, 0x89, 0x8A, 0xC1), 5),
    **dict.fromkeys((0x80, 0xC2), 4),
    **dict.fromkeys((0x00, 0x01, 0x02, 0x41, 0x42), 1),
}
"""The first bytes that lawful frames have, and the bits that each is worth, its mask bit included:
opcodes in use, RSV1 at most on the first frame of a message, control frames whole. Those with small
numbers stand everywhere."""

_CANDIDATE: Final[dict[bool, re.Pattern[bytes]]] = {
    True: re.compile(rb"[\x80-\x82\x88-\x8a\xc1\xc2][\x80-\xff]|[\x00-\x02AB][\x81-\xff]"),
    False: re.compile(rb"[\x80-\x82\x88-\x8a\xc1\xc2][\x00-\x7f]|[\x00-\x02AB][\x01-\x7f]"),
}
"""Where a chain may begin. Fragments without payload, though lawful, are no part of one: a row of
zeros is full of them."""

LONGEST: Final = 16
"""Frames in a chain, at most: one that has told so little by then is none."""
IDLE: Final = 3
"""Frames in a row that may tell nothing."""

_TEXT_LOOKED_AT: Final = 32
_TEXT_BITS: Final[dict[bool, tuple[int, int]]] = {True: (1, 16), False: (2, 8)}
"""Bytes of text that are worth a bit, and the most that one frame's text is worth. What is not
masked may stand in a document as it does in a frame."""
_ODD: Final = re.compile(r"[^\t\n\r -~\xa0-\U0010ffff]")
_ODD_BITS: Final = -5
"""What clear text with control characters in it is worth: numbers look like that."""
_CLOSE_BITS: Final = 4


_AGAIN: Final = 2
"""Bits for a header like the one before it: tables of numbers repeat themselves."""


class Search:
    """The first credible place of one direction: `look` again whenever more has come."""

    def __init__(self, masked: bool, wanted: int = WANTED) -> None:
        self.masked = masked
        self.wanted = wanted
        self.at = 0
        """All places before this one are ruled out."""
        self.found = False
        """Is `at` credible?"""
        self._dropped = 0
        self._needs = 0
        """So much data has to be there before anything more can be said."""

    def look(self, data: bytes | bytearray, *, final: bool = False) -> bool:
        """Go on in `data`, all of the direction but for what was dropped. `final`: it ends here."""
        if self.found or (len(data) < self._needs and not final):
            return self.found
        masked, size = self.masked, len(data)
        search, kinds, skip = _CANDIDATE[masked].search, _KINDS, 6 if masked else 2
        at = self.at
        while (match := search(data, at)) is not None:
            at = match.start()
            if at + self._dropped:  # nearly all places are ruled out by where the next frame is
                code = data[at + 1] & 0x7F
                following = at + skip + code
                if code < 126 and following + 1 < size:
                    bits = kinds.get(data[following])
                    if bits is None or (data[following + 1] >= 0x80) is not masked:
                        at += 1
                        continue
                evidence = 0
            else:
                evidence = AT_START
            told = judge(data, at, masked, self.wanted, evidence, final)
            self.at = at
            if told is True:
                self.found = True
                return True
            if told is not False:
                self._needs = told
                return False
            at += 1
        self.at = size if final else max(at, size - 1)
        return False

    def drop(self, size: int) -> None:
        """`size` bytes that are ruled out are no longer in the data."""
        self.at -= size
        self._needs = max(0, self._needs - size)
        self._dropped += size


def judge(
    data: bytes | bytearray,
    start: int,
    masked: bool,
    wanted: int,
    evidence: int = 0,
    final: bool = False,
) -> bool | int:
    """Does a chain of frames begin at `start`? A number: not known before so much data has come.

    `evidence` is what speaks for it already, in bits. `final`: nothing comes after `data`.
    """
    at, whole, kinds, skip = start, 0, _KINDS, 6 if masked else 2
    is_open: bool | None = None  # a message in fragments; not known at first
    key, header, idle = b"", b"", 0
    for _ in range(LONGEST):
        come = len(data) - at
        if come < 2:
            break
        first, code = data[at], data[at + 1] & 0x7F
        opcode = first & 0x0F
        bits = kinds.get(first)
        if bits is None or (data[at + 1] >= 0x80) is not masked:
            return False
        if code > 125 if opcode > BINARY else is_open is (opcode != CONTINUATION):
            return False
        need, length = skip, code
        if code > 125:
            need += 2 if code == 126 else 8
            if come < need:
                return _unless(final, at + need)
            length = int.from_bytes(data[at + 2 : at + (4 if code == 126 else 10)])
            if not (126 if code == 126 else 65536) <= length < 1 << 63:
                return False
        if not length and (first < 0x80 or first & 0x40):
            return False  # not even an empty message is nothing when compressed
        shown = min(length, _TEXT_LOOKED_AT) if opcode in (TEXT, CLOSE) else 0
        if come < need + shown:
            return _unless(final, at + need + shown)
        last_key, last_header = key, header
        header = bytes(data[at : at + need])
        key = header[-4:] if masked else b""
        if masked and (key.count(0) > 1 or sum(map(eq, key, last_key)) > 1):
            bits = 0  # no key: keys are random, and this is like the one before, or small numbers
        elif header == last_header:
            bits = min(bits, _AGAIN if length else 0)
        if shown and not first & 0x40:
            content = bytes(data[at + need : at + need + shown])
            content = apply_mask(content, key) if masked else content
            more = _content(content, first, shown == length, masked)
            if more is None:
                return False
            bits = max(0, bits + more)
        evidence += bits
        idle = 0 if bits else idle + 1
        if idle == IDLE:
            return False
        whole += first >> 7
        if evidence >= wanted and (masked or whole > 1):
            return True
        if opcode <= BINARY:
            is_open = first < 0x80
        at += need + length
        if at - start > WINDOW:
            return False
        if opcode == CLOSE:
            if len(data) > at:  # after a Close, nothing goes on
                return False
            break
    else:
        return False
    if final:
        return at == len(data) and evidence + AT_END >= wanted and (masked or whole > 1)
    return at + 2


def _unless(final: bool, needs: int) -> bool | int:
    return False if final else needs


def _content(content: bytes, first: int, whole: bool, masked: bool) -> int | None:
    """Bits that the beginning of a Close's or of a text's payload is worth; None: it is none."""
    closes = first & 0x0F == CLOSE
    if closes and not 1000 <= int.from_bytes(content[:2]) < 5000:
        return None  # a single byte among them
    try:
        text = codecs.utf_8_decode(content[2:] if closes else content, "strict", whole)[0]
    except UnicodeDecodeError:
        return None
    if closes:
        return _CLOSE_BITS
    if _ODD.search(text):
        return 0 if masked else _ODD_BITS
    a_bit, most = _TEXT_BITS[masked]
    return min(len(content) // a_bit, most)


class Seeker:
    """One direction in which framing is lost: bytes in, raw bytes out, until frames begin anew.

    `skip`: so many bytes belong to a frame whose header is known, and right behind them the next
    one begins; None where nothing is known.
    """

    def __init__(self, side: Side, offset: int, why: str, skip: int | None = None) -> None:
        self.side: Side = side
        self.offset = offset
        """Of the next byte that is in no piece yet."""
        self.why = why
        self.skip = skip or 0
        self.found = skip == 0
        self._search = Search(side == "client") if skip is None else None
        self._buffer = bytearray()
        self._times: deque[tuple[int, float]] = deque()
        """When the buffer's bytes came: ends of portions, as offsets."""

    def feed(self, data: bytes, time: float) -> list[Raw]:
        """Take the next bytes; once `found`, `take` what is left."""
        self._buffer += data
        self._times.append((self.offset + len(self._buffer), time))
        return self._look(final=False)

    def end(self) -> list[Raw]:
        """Nothing more comes, for now or at all."""
        return self._look(final=True)

    def take(self) -> list[tuple[bytes, float]]:
        """What stands behind the last raw byte, in the portions in which it came."""
        portions = []
        for end, time in self._times:
            size = end - self.offset
            if size > 0:
                portions.append((bytes(self._buffer[:size]), time))
                del self._buffer[:size]
                self.offset = end
        return portions

    def _look(self, *, final: bool) -> list[Raw]:
        """Let go of what is ruled out; in blocks, so that portions leave no trace in them."""
        search, buffer = self._search, self._buffer
        if search is not None:
            self.found = search.look(buffer, final=final)
            size = search.at
        else:
            size = min(self.skip, len(buffer))
            self.found = size == self.skip
        if not self.found and not final:
            size -= size % RAW_BLOCK
        if search is not None:
            search.drop(size)
        else:
            self.skip -= size
        return self._raw(size)

    def _raw(self, size: int) -> list[Raw]:
        pieces = []
        for at in range(0, size, RAW_BLOCK):
            data = bytes(self._buffer[at : min(at + RAW_BLOCK, size)])
            pieces.append(Raw(self.side, self.offset, data, self.why))
            self.offset += len(data)
        del self._buffer[:size]
        while self._times and self._times[0][0] <= self.offset:
            self._times.popleft()
        return pieces


def still_to_come(decoder: FrameDecoder) -> int:
    """Bytes that the frame at which a decoder waits still lacks; 0 where that is not known."""
    start = decoder.peek(MAX_HEADER)
    size = header_length(start)
    if len(start) < size:
        return 0
    length = declared_length(start)
    return 0 if length >> 63 else size + length - decoder.waiting
