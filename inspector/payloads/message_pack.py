"""MessagePack, read by its own library and laid out like JSON.

Before the library sees a byte, its headers are counted: an array that announces more than there are
bytes left is no MessagePack, and costs no memory. Keys may be anything, and may stand twice.
"""

from collections.abc import Iterator
from typing import Final

import msgpack  # type: ignore[import-untyped]

from inspector.payloads.json_text import lines_of
from inspector.payloads.view import Guess, Hints, Shown, View, shown

_FIXED: Final = {
    **{0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8},
    **{0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8},
    **{0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17},
}
"""First byte to bytes behind it, for what has a fixed size."""
_SIZED: Final = {
    **{0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1)},
    **{0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)},
}
"""First byte to bytes of its size field, and what it holds beyond that size."""
_COUNTED: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""First byte to bytes of its count, and items for each: arrays and maps."""


class Pairs(list[tuple[object, object]]):
    """A map as it was written: keys of any kind, perhaps twice."""


def objects_in(data: bytes) -> int | None:
    """How many whole objects `data` is, end to end; None where it is not MessagePack."""
    at, waiting, found, size = 0, 0, 0, len(data)
    while at < size or waiting:
        if at >= size:
            return None
        first = data[at]
        at += 1
        if waiting:
            waiting -= 1
        else:
            found += 1
        if first <= 0x7F or first >= 0xE0:
            continue
        if first <= 0x8F:
            waiting += 2 * (first & 0x0F)
        elif first <= 0x9F:
            waiting += first & 0x0F
        elif first <= 0xBF:
            at += first & 0x1F
        elif first in _COUNTED:
            width, each = _COUNTED[first]
            waiting += each * int.from_bytes(data[at : at + width])
            at += width
        elif first in _SIZED:
            width, more = _SIZED[first]
            at += width + more + int.from_bytes(data[at : at + width])
        elif first in _FIXED:
            at += _FIXED[first]
        else:
            return None
        if at > size or waiting > size - at:
            return None
    return found


def unpacked(data: bytes) -> list[object] | None:
    """The objects; None where it is none, or nested beyond what the library takes."""
    if not objects_in(data):
        return None
    unpacker = msgpack.Unpacker(
        raw=False, strict_map_key=False, object_pairs_hook=Pairs, unicode_errors="backslashreplace",
        max_buffer_size=max(1, len(data)),
    )  # fmt: skip
    try:
        unpacker.feed(data)
        return list(unpacker)
    except (ValueError, RecursionError, msgpack.exceptions.UnpackException):
        return None


def tokens_of(value: object) -> Iterator[str]:
    """Tokens as JSON has them; what JSON can't say stands in words."""
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, _Mark):
            yield item
        elif isinstance(item, Pairs):
            parts: list[object] = [_Mark("{")]
            for number, (key, each) in enumerate(item):
                parts += [_Mark(","), key, _Mark(":"), each] if number else [key, _Mark(":"), each]
            todo += reversed([*parts, _Mark("}")])
        elif isinstance(item, list):
            parts = [_Mark("[")]
            for number, each in enumerate(item):
                parts += [_Mark(","), each] if number else [each]
            todo += reversed([*parts, _Mark("]")])
        else:
            yield _scalar(item)


class _Mark(str):
    """A bracket, a comma or a colon."""

    __slots__ = ()


def _scalar(item: object) -> str:
    if item is None or isinstance(item, bool):
        return {None: "null", True: "true", False: "false"}[item]
    if isinstance(item, str):
        return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(item, bytes):
        return f"bytes({len(item)}: {_hex(item)})"
    if isinstance(item, msgpack.Timestamp):
        return f"timestamp({item.seconds}.{item.nanoseconds:09d} s)"
    if isinstance(item, msgpack.ExtType):
        return f"extension({item.code}, {len(item.data)} bytes: {_hex(item.data)})"
    return repr(item)


def _hex(data: bytes) -> str:
    return data[:16].hex(" ") + (" …" if len(data) > 16 else "")


def _guess(data: bytes, hints: Hints) -> Guess | None:
    if hints.kind != "binary" or not data:
        return None
    named = any(word in hints.subprotocol.lower() for word in ("msgpack", "messagepack"))
    if not objects_in(data):
        return None
    if named:
        return Guess(95, f"the subprotocol is {hints.subprotocol}, and all headers fit")
    first = data[0]
    if 0x81 <= first <= 0x8F or first in (0xDE, 0xDF):
        return Guess(70, "begins with a map, and its headers fit to the last byte")
    if (0x91 <= first <= 0x9F or first in (0xDC, 0xDD)) and len(data) > 2:
        return Guess(55, "begins with an array, and its headers fit to the last byte")
    return None


def _view(data: bytes, hints: Hints) -> Shown | None:
    objects = unpacked(data)
    if not objects:
        return None
    lines = [line for each in objects for line in lines_of(list(tokens_of(each)))]
    notes = []
    if any(_twice(each) for each in objects):
        notes.append("a key stands twice in one map: most readers keep the last")
    what = "MessagePack" if len(objects) == 1 else f"MessagePack, {len(objects)} objects"
    return shown(what, lines=lines, notes=notes)


def _twice(value: object) -> bool:
    """Has any map in it a key twice?"""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Pairs):
            keys = [repr(key) for key, _ in item if isinstance(key, str | int | bytes)]
            if len(set(keys)) < len(keys):
                return True
            todo += [each for _, each in item]
        elif isinstance(item, list):
            todo += item
    return False


MESSAGE_PACK: Final = View("MessagePack", _guess, _view)
