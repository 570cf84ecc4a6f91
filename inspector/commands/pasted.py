"""Bytes as people paste them: hex in any spacing, a hex dump, escapes, base64, the text of a head.

What a text is taken for is decided by its look, in this order, the surest look first; whatever was
no plain hex is said, so that a wrong guess is seen. Who knows better says so: `base64:gQVI...`,
`hex:`, `decimal:`. A whole packet, as Wireshark and tcpdump copy it, is peeled down to its payload.
"""

import base64
import binascii
import os
import re
from dataclasses import dataclass
from typing import Final

from inspector.commands.dumps import read_dumps
from inspector.commands.literals import HAS_ESCAPES, escaped, numbers
from inspector.commands.peel import peel
from inspector.core.explain import explain


@dataclass(frozen=True, slots=True)
class Pasted:
    """The bytes, and what their text was taken for: empty where it was plain hex."""

    data: bytes
    taken_for: str = ""


class NotBytes(ValueError):
    """The text is none of what we know; the message says where it stops being."""


_HEAD: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+ +\S+ +HTTP/[0-9]|HTTP/[0-9])")
_AGREED: Final = re.compile(r"HTTP/1\.1 101\b")
_WORD: Final = re.compile(r"[^\s,:;_|\-\[\](){}\"']+")
"""What stands between the marks that people write between bytes."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\-\s]+={0,2}")
_NAMED: Final = re.compile(r"\s*(hex|base64|decimal|text):", re.IGNORECASE)
_DATA_URL: Final = re.compile(r"\s*data:[^,\s]{0,200};base64,")
_NODE_BUFFER: Final = re.compile(r"\s*<Buffer ([^<>]*)>\s*")
SHORT: Final = 64
"""Characters up to which text that is nearly hex is hex with a typo; base64 of zeros is longer."""
NOTHING: Final = "nothing to explain; give bytes as hex, such as 81 85 37 fa 21 3d"


def read_pasted(text: str) -> Pasted:
    """The bytes that a text stands for. Raises `NotBytes`."""
    if not text.strip():
        raise NotBytes(NOTHING)
    if named := _NAMED.match(text):
        return _peeled(_as_named(named[1].lower(), text, named.end()))
    if _HEAD.match(text):
        return _head(text)
    if (dumped := _dumps(text)) is not None:
        return dumped  # before escapes: beside the bytes, any characters may stand
    if HAS_ESCAPES.search(text):
        data = escaped(text, lambda at, words: NotBytes(f"{_place(text, at)}: {words}"))
        return _peeled(_some(Pasted(data, "a string with escapes")))
    if buffer := _NODE_BUFFER.fullmatch(text):
        if "..." in buffer[1]:
            where = _place(text, text.index("..."))
            raise NotBytes(f"{where}: Node left bytes out here; print buffer.toString('hex')")
        return _peeled(Pasted(_hex(buffer[1]), "a Buffer of Node's"))
    try:
        pasted = Pasted(_hex(text), _doubt(text))
    except NotBytes:
        array = numbers(text)
        decoded = _base64(text) if array is None else None
        if array is not None:
            pasted = Pasted(*array)
        elif decoded is not None:
            pasted = Pasted(decoded, "base64")
        else:
            raise
    return _peeled(pasted)


def read_bytes(data: bytes) -> Pasted:
    """What standard input stands for: a text of the above, or the bytes themselves."""
    bare = data.removeprefix(b"\xef\xbb\xbf")  # some editors and shells mark UTF-8 so
    printable = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in bare)
    if printable:
        return read_pasted(bare.decode("ascii"))
    return _peeled(Pasted(data, "bytes as they are"))


def _some(pasted: Pasted) -> Pasted:
    if not pasted.data:
        raise NotBytes(NOTHING)
    return pasted


def _as_named(name: str, text: str, start: int) -> Pasted:
    """Bytes in a spelling that is said before them; errors are placed in all of the text."""
    rest = " " * start + text[start:] if "\n" not in text[:start] else text[start:]
    if name == "text":
        return _some(Pasted(os.fsencode(text[start:]), "text"))
    if name == "hex":
        return Pasted(_hex(rest))
    if name == "decimal":
        array = numbers(f"[{', '.join(re.split('[^0-9-]+', rest.strip()))}]")
        if array is None:
            raise NotBytes("decimal: takes numbers from 0 to 255, with commas or blanks between")
        return Pasted(array[0], "decimal numbers")
    data = _base64(rest, sure=True)
    if data is None:
        raise NotBytes("base64: takes A-Z, a-z, 0-9, + and /, and = at the end; this has more")
    return Pasted(data, "base64")


def _peeled(pasted: Pasted) -> Pasted:
    """Without the headers of a packet, if it is a whole one."""
    packet = peel(pasted.data)
    if packet is None:
        return pasted
    headers = len(pasted.data) - len(packet.payload)
    if not packet.payload:
        raise NotBytes(f"a TCP packet that carries nothing: all {headers} bytes are headers")
    what = f"a whole packet, {headers} bytes of {packet.headers} headers passed over"
    return Pasted(packet.payload, f"{pasted.taken_for}, {what}".removeprefix(", "))


def _dumps(text: str) -> Pasted | None:
    dumps = read_dumps(text)
    if dumps is None:
        return None
    name = "a hex dump"
    if dumps.words:
        name = "a hex dump of 16-bit words, the low byte first"
    if len(dumps.blocks) == 1:
        return _peeled(Pasted(dumps.blocks[0], name))
    packets = [peel(block) for block in dumps.blocks]
    told = [packet for packet in packets if packet is not None]
    count = len(dumps.blocks)
    if len(told) < count:
        return Pasted(b"".join(dumps.blocks), f"{count} hex dumps in a row")
    data = b"".join(packet.payload for packet in told)
    if not data:
        raise NotBytes(f"{count} TCP packets that carry nothing: all bytes are headers")
    return Pasted(
        data, f"{count} packets in hex dumps, their {told[0].headers} headers passed over"
    )


def _head(text: str) -> Pasted:
    """Heads, and behind a 101 what was agreed, in any spelling of its own."""
    name = "the text of a head"
    if "\r" not in text:
        text = text.rstrip("\n").replace("\n", "\r\n") + "\r\n\r\n"
        name += ", each line ended by CR LF"
    at, agreed = 0, False
    while _HEAD.match(text, at) and (end := text.find("\r\n\r\n", at)) >= 0:
        agreed = _AGREED.match(text, at) is not None
        at = end + 4
    rest = text[at:]
    if agreed and rest.strip() and rest.isascii():
        try:
            frames = read_pasted(rest)
        except NotBytes as error:
            raise NotBytes(f"after the head of the 101: {error}") from None
        data = os.fsencode(text[:at]) + frames.data
        return Pasted(data, f"{name}, then {frames.taken_for or 'hex'}")
    return Pasted(os.fsencode(text), name)


def _doubt(text: str) -> str:
    """Words if text that is plain hex makes more sense as something else."""
    body = text.strip()
    if re.fullmatch(r"[0-9A-Fa-f]{8,}", body) and len(body) % 4 == 0:
        other = base64.b64decode(body)
        if _are_frames(other) and not _are_frames(bytes.fromhex(body)):
            return "hex (as base64 it would be whole frames: put base64: before it)"
    if re.fullmatch(r"[\[({]?\s*[0-9]{2}(?:\s*,\s*[0-9]{2})+\s*[\])}]?", body):
        return "hex (if these are decimal numbers, put decimal: before them)"
    return ""


def _are_frames(data: bytes) -> bool:
    """Is it nothing but whole frames of known kinds?"""
    if len(data) > SHORT * 16:
        return False
    frames = [part.frame for part in explain(data)]
    return all(
        frame is not None and frame.complete and not frame.kind.is_reserved
        and not frame.rsv2 and not frame.rsv3
        for frame in frames
    )  # fmt: skip


def _hex(text: str) -> bytes:
    """Hex digits in any spacing, `0x` before them or not."""
    data = bytearray()
    for found in _WORD.finditer(text):
        word, at = found[0], found.start()
        prefixed = word[:2] in ("0x", "0X")
        if prefixed:
            word, at = word[2:], at + 2
        if wrong := re.search(r"[^0-9A-Fa-f]", word):
            where = _place(text, at + wrong.start())
            raise NotBytes(f"{where}: {wrong[0]!r} is no hex digit; give bytes such as 81 85 37 fa")
        if prefixed and len(word) == 1:
            word = f"0{word}"  # a number below 16, as arrays in programs have it
        if len(word) % 2:
            where = _place(text, found.end() - 1)
            raise NotBytes(f"{where}: {word[-1]!r} is half a byte; two hex digits make one")
        data += bytes.fromhex(word)
    if data:
        return bytes(data)
    raise NotBytes(NOTHING)


def _base64(text: str, *, sure: bool = False) -> bytes | None:
    """Base64 of either alphabet, if it can be nothing else; blanks only where lines end."""
    if url := _DATA_URL.match(text):
        text, sure = text[url.end() :], True
    text = text.strip().strip("\"'")
    if not _BASE64.fullmatch(text) or re.search(r"\S[ \t]+\S", text):
        return None
    body = "".join(text.split()).replace("-", "+").replace("_", "/")
    if not sure and _mistyped(body):
        return None
    if sure and not body.endswith("="):
        body += "=" * (-len(body) % 4)  # it is often left off
    try:
        return base64.b64decode(body, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _mistyped(body: str) -> bool:
    """Is it hex with a typo rather than base64?

    In base64 a whole message's frame begins with g to j or w to z, which are no hex digits.
    """
    if body[:2] in ("0x", "0X"):
        return True
    digits = len(re.findall("[0-9A-Fa-f]", body))
    nearly = re.match("[0-9A-Fa-f]", body) is not None and digits * 4 >= len(body) * 3
    return nearly and len(body) <= SHORT and not re.search("[+/=]", body)


def _place(text: str, at: int) -> str:
    """`column 7`, or `line 2, column 7` in a text of several lines."""
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    if "\n" not in text.strip():
        return f"column {column}"
    return f"line {text.count(chr(10), 0, at) + 1}, column {column}"
