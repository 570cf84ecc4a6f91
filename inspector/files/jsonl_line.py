"""What stands in a line of JSON, asked for by name: each is what it should be, or `Broken`."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from inspector.core.opening import MAX_HELD
from inspector.core.rfc import SIDES, Side
from inspector.files.events import Address

type Object = dict[str, Any]

FARTHEST: Final = 1 << 62
"""No stream is longer; an offset beyond it is a mistake."""
_PORT: Final = re.compile(r"(.*):([0-9]{1,5})", re.DOTALL)


class Broken(ValueError):
    """A line that says nothing which can be read; the message says why."""


def parse(data: bytes) -> Object | None:
    """The object of a line, None if it is blank. Raises `Broken`."""
    if not data.strip():
        return None
    try:
        told = json.loads(data)
    except UnicodeDecodeError:
        raise Broken("is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise Broken(f"is no JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise Broken("is nested too deep") from None
    except ValueError:
        raise Broken("holds a number that is too long") from None
    if not isinstance(told, dict):
        raise Broken("is no JSON object")
    return told


def address(text: object) -> Address:
    """`127.0.0.1:8101` or `[::1]:8101` as host and port; zeros where there is no such thing."""
    found = _PORT.fullmatch(text) if isinstance(text, str) else None
    if found is None or int(found[2]) > 0xFFFF:
        return "0.0.0.0", 0
    return found[1].removeprefix("[").removesuffix("]"), int(found[2])


def number_of(line: Object) -> int:
    number = line.get("connection")
    if type(number) is int and 0 < number < FARTHEST:
        return number
    raise Broken(f'of type {line.get("type")!r}: "connection" is no number from 1 on')


def offset_of(line: Object) -> int:
    offset = line.get("offset")
    if type(offset) is int and -FARTHEST < offset < FARTHEST:
        return offset
    raise Broken(f'of type {line.get("type")!r}: "offset" is no number of bytes')


def size_of(line: Object) -> int:
    size = line.get("size")
    if type(size) is int and 0 <= size < FARTHEST:
        return size
    raise Broken(f'of type {line.get("type")!r}: "size" is no number of bytes')


def early_of(line: Object) -> int:
    """Bytes of the client before the answer: more than it may send before it are no WebSocket."""
    early = line.get("early")
    return early if type(early) is int and 0 < early <= MAX_HELD else 0


def side_of(line: Object) -> Side:
    for side in SIDES:
        if line.get("from") == side:
            return side
    raise Broken(f'of type {line.get("type")!r}: "from" is neither client nor server')


def data_of(line: Object, key: str) -> bytes:
    value = line.get(key)
    try:
        if isinstance(value, str):
            return bytes.fromhex(value)
    except ValueError:
        pass
    raise Broken(f'of type {line.get("type")!r}: "{key}" is not bytes in hex')


def head_of(line: Object, key: str) -> bytes:
    head = line.get(key)
    if head is None:
        return b""
    if not isinstance(head, dict):
        raise Broken(f'of type {line.get("type")!r}: "{key}" is no head')
    return data_of(head | {"type": line.get("type")}, "head")


def time_of(line: Object, key: str, otherwise: float) -> float:
    time = line.get(key)
    if isinstance(time, int | float) and not isinstance(time, bool):
        try:
            time = float(time)
        except OverflowError:
            return otherwise
        if math.isfinite(time):
            return time
    return otherwise
