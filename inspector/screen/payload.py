"""What a frame carries: unmasked byte by byte, and read as text.

Each row is one step of the way from the wire to the reader, the same byte in the same column. Long
payloads are shown by their beginning and their end, and what is left out is counted.
"""

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len

from inspector.core.fields import Field
from inspector.core.frames import Frame
from inspector.core.messages import Message
from inspector.core.rfc import CLOSE, TEXT
from inspector.core.rules.closing import close_code
from inspector.core.safe import safe, safe_bytes
from inspector.screen.fields import section
from inspector.screen.lines import Line, sided, wrap
from inspector.screen.words import count

ROWS_OF_BEGINNING: Final = 3
ROWS_OF_END: Final = 1
LINES_OF_TEXT: Final = 12
LABEL: Final = 9
IN_THE_CHAIN: Final = 36
"""Cells of a step of the chain that its text can't have."""
CONTINUED: Final = " · "


def unmasking(frame: Frame, width: int, *, as_text: bool) -> Iterator[Line]:
    """The masking worked byte by byte (RFC 6455 §5.3), or just the bytes where there is none."""
    wire, clear, key = frame.wire_payload, frame.payload, frame.masking_key
    if not wire:
        return
    if key is not None:
        title = "unmasking: byte i of the payload XOR byte i mod 4 of the key"
        yield from _title(title, "§5.3", width)
        yield from _worked(wire[0], key[0], clear[0], width)
    else:
        title = "the payload is not masked: it reads as it was on the wire"
        yield from _title(title, "§5.1", width)
    digits = len(str(len(wire))) if len(wire) * 3 > width - LABEL else 0
    at = 2 + digits + bool(digits) + LABEL
    across = max(4, (width - at + 1) // 3 // 4 * 4)
    continued = False
    rows = (len(clear) + across - 1) // across
    first_of_end = max(ROWS_OF_BEGINNING, rows - ROWS_OF_END)
    for row in range(rows):
        start, end = row * across, min((row + 1) * across, len(clear))
        if ROWS_OF_BEGINNING <= row < first_of_end:
            if row == ROWS_OF_BEGINNING:
                left = (first_of_end - ROWS_OF_BEGINNING) * across
                same = ", unmasked in the same way" if key is not None else ""
                words = f"{count(left, 'byte')} left out here{same} …"
                yield from sided(Line("  … "), words, "", width, "quiet")
            continue
        names = [("payload" if key is None else "clear", clear[start:end].hex(" "), "payload")]
        if key is not None:
            keys = (key * (across // 4 + 1))[: end - start].hex(" ")
            names[:0] = [("wire", wire[start:end].hex(" "), ""), ("key", keys, "masking_key")]
        if as_text:
            slots = _slots(frame, clear, start, end)
            continued = continued or CONTINUED in slots
            names.append(("text", "".join(slots).rstrip(" "), "text"))
        for number, (name, text, style) in enumerate(names):
            place = str(start) if rows > 1 and not number else ""
            line = Line("  ").add(place.rjust(digits), "number").add(" " if digits else "")
            yield line.add(name, "quiet").to(at).add(text, style)
    if continued:
        words = "goes on with the character begun before it: UTF-8 takes 1 to 4 bytes"
        yield from sided(Line("  · "), words, "", width)


def _title(title: str, rfc: str, width: int) -> Iterator[Line]:
    yield from sided(Line(), title, rfc, width, "title")


def _worked(wire: int, key: int, clear: int, width: int) -> Iterator[Line]:
    """The first byte, bit by bit: equal bits make 0, different ones 1."""
    line = Line("  byte 0", "quiet").to(2 + LABEL)
    line.add(f"{wire:08b}").add(" XOR ", "quiet").add(f"{key:08b}", "masking_key")
    line.add(" = ", "quiet").add(f"{clear:08b}", "payload")
    if line.width + 20 <= width:
        line.add(f"   {wire:02x} XOR {key:02x} = {clear:02x}", "quiet")
    if line.width <= width:
        yield line


def _slots(frame: Frame, clear: bytes, start: int, end: int) -> list[str]:
    """What stands below the bytes from `start` to `end`: characters, each below its first byte."""
    if frame.opcode == CLOSE and start == 0 and len(clear) >= 2:
        code = f"{close_code(frame):5d} "
        return [code[:3], code[3:], *_slots(frame, clear, 2, end)]
    begin = start
    while max(0, start - 3) < begin < end and clear[begin] & 0xC0 == 0x80:
        begin -= 1  # the row begins inside a character
    slots = []
    for character in clear[begin : end + 3].decode("utf-8", "surrogateescape"):
        size = len(character.encode("utf-8", "surrogateescape"))
        slots += [_slot("␣" if character == " " else safe(character)), *[CONTINUED] * (size - 1)]
    return slots[start - begin : end - begin]


def _slot(seen: str) -> str:
    """One character in three columns; what has no shape of its own is a question mark."""
    if len(seen) > 1:
        seen = "?"
    wide = cell_len(seen)
    if wide == 0:  # a combining mark
        seen, wide = "◌" + seen, 1
    return " " * (2 - wide) + seen + " "


def closing(frame: Frame, fields: tuple[Field, ...], width: int) -> Iterator[Line]:
    """Code and reason of a Close (RFC 6455 §5.5.1, §7.4)."""
    if frame.opcode != CLOSE:
        return
    told = {part.name: part for part in fields[-1].parts}
    if "code" not in told and not frame.complete:
        return
    if "code" not in told:
        words = "no code: a reader's API reports 1005, no status received"
        if frame.wire_payload:
            words = "one byte is no code: a code takes two"
        yield from _pair("code", words, "§7.1.5", width)
        return
    code, reason = told["code"], told.get("reason")
    yield from _pair("code", code.words, section(code.rfc), width)
    words = "none" if reason is None else f'"{safe(str(reason.value))}", {reason.words}'
    yield from _pair("reason", words, "§7.1.6", width)


def _pair(name: str, words: str, rfc: str, width: int) -> Iterator[Line]:
    yield from sided(Line(name, "quiet").to(8), words, rfc, width, "close")


def content(message: Message, width: int) -> Iterator[Line]:
    """A message's text, whole or by its beginning, where the rows above can't show it."""
    data = message.data
    shown = message.valid and not message.compressed and len(message.frames) == 1
    if message.kind != "text" or not data or (shown and len(data) * 3 <= width - LABEL):
        return
    if message.valid and not shown and len(data) <= width - IN_THE_CHAIN and data.isascii():
        return
    if message.valid:
        title = "the message, as text"
    elif message.utf8_fault is not None:
        title = f"the message: no UTF-8 from byte {message.utf8_fault.start} on"
    else:
        title = "what could be had of the message"
    yield from _title(title, "§5.6", width)
    # A character is at most 4 bytes, and a line of text at most `width` of them.
    pieces = wrap(safe_bytes(data[: LINES_OF_TEXT * width * 4]), width - 2, LINES_OF_TEXT)
    yield from (Line("  ").add(piece, "text") for piece in pieces)
    if pieces[-1].endswith("…") and len(pieces) == LINES_OF_TEXT:
        yield Line(f"  (its beginning; the whole has {count(len(data), 'byte')})", "quiet")


def is_text(frame: Frame, message: Message | None) -> bool:
    """Do the bytes of this frame's payload stand for characters as they are?"""
    if frame.is_control:
        return frame.payload.isascii() or frame.opcode == CLOSE
    if message is not None:
        return message.kind == "text" and not message.compressed
    return frame.opcode == TEXT and not frame.rsv1
