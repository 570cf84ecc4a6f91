"""HAR files read: what browsers' developer tools and proxies save of a page's traffic.

A HAR holds an entry a request. Of a WebSocket, Chrome began to add `_webSocketMessages`, and others
write the same: `{"type": "send" or "receive", "time": seconds, "opcode": 1 or 2, "data": text, or
base64}`. Frame boundaries, masks, control frames, compression, exact heads and the connection's end
are not in it; `rebuilt` says what is made of that. Other entries are plain HTTP exchanges: of these
the heads are read, if they were HTTP/1.

One JSON document has to be in memory whole: a larger one than `MAX_HAR` is not read.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from inspector.files.events import Address, CaptureEvent, Counts, Fault
from inspector.files.json_walk import NotThere, elements
from inspector.files.rebuilt import UNKNOWN, Rebuilt, Said, Start
from inspector.files.source import Source

MAX_HAR: Final = 256 << 20
"""Bytes."""
IN_MILLISECONDS: Final = 1e11
"""A time beyond it, in seconds, would be after the year 5000."""

_BEGINS: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{(?:\s*"log"\s*:|[ \t\r]*\n)')
"""Its first key, or a document on several lines, as no JSON line is."""
_HTTP_1: Final = re.compile(r"http/1\.[01]", re.IGNORECASE)
_DIRECTIONS: Final = {"send": True, "sent": True, "receive": False, "received": False}


def looks(window: bytes) -> bool:
    """Does a file that begins so hold a HAR?"""
    return _BEGINS.match(window) is not None


def read_har(source: Source, counts: Counts, most: int = MAX_HAR) -> Iterator[CaptureEvent]:
    """The events of a HAR; a `Fault` where it breaks, and all entries before that."""
    data = source.advance(0, 1)
    while not source.ended and len(data) <= most:
        data = source.advance(0, min(2 * len(data), most) + 1)
    if len(data) > most:
        words = f"a HAR has to be read whole, and this one is larger than {most >> 20} MiB"
        yield Fault(0, f"{words}: save fewer entries, or convert it where it was made")
        return
    fault: Fault | None = None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode("utf-8-sig", "ignore")
        fault = Fault(error.start, "it is no text in UTF-8")
    marks = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    size = len(data)
    del data
    number = 0
    try:
        for entry in elements(text, ("log", "entries")):
            counts.packets += 1
            rebuilt = _rebuild(entry, counts)
            if rebuilt is not None:
                number += 1
                yield from rebuilt.events(number)
    except NotThere as error:
        at = marks + len(text[: error.at].encode("utf-8", "surrogatepass"))
        cut = at >= size
        words = "it ends in the middle of its entries" if cut else str(error)
        fault = fault or Fault(at, source.trouble or words, cut=cut)
    if fault is not None:
        yield fault


def _rebuild(entry: Any, counts: Counts) -> Rebuilt | None:
    """What an entry tells; None where that is nothing that can be shown."""
    request, response = _object(entry, "request"), _object(entry, "response")
    url = _text(request, "url")
    messages = _list(entry, "_webSocketMessages")
    websocket = bool(messages) or _text(entry, "_resourceType") == "websocket"
    websocket = websocket or url.startswith(("ws:", "wss:")) or _number(response, "status") == 101
    started = _started(entry)
    waited = max(0.0, _number(entry, "time")) / 1000
    head, answer = _request(request, url), _response(response)
    if websocket:
        if answer is None or _number(response, "status") != 101:
            counts.no_101 += bool(messages)
        waited = min(waited, max(0.0, _first_time(messages, started) - started))
        counts.rebuilt += 1
    elif head is None or not _HTTP_1.fullmatch(_text(request, "httpVersion")):
        counts.not_http_1 += 1
        return None
    else:
        counts.heads_only += 1
    secure = url.startswith(("wss:", "https:"))
    return Rebuilt(
        head,
        answer,
        started,
        started + waited,
        server=_server(entry, url, secure),
        facts={"rebuilt": "har", "url": url, "tls": secure},
        said=_said(messages, started + waited, counts) if websocket else (),
    )


def _request(request: dict[str, Any], url: str) -> Start | None:
    method = _text(request, "method")
    if not method:
        return None
    _, _, rest = url.partition("://")
    slash = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    target = rest[slash:].partition("#")[0]
    target = target if target.startswith("/") else f"/{target}"
    version = _version(request)
    return Start(f"{method} {target} {version}", _fields(request))


def _response(response: dict[str, Any]) -> Start | None:
    status = int(_number(response, "status"))
    if not 100 <= status <= 999:
        return None
    reason = _text(response, "statusText")
    return Start(f"{_version(response)} {status} {reason}", _fields(response))


def _version(message: dict[str, Any]) -> str:
    """The version of HTTP as it was on the wire; browsers write it in several ways, or not."""
    version = _text(message, "httpVersion").upper()
    return version if _HTTP_1.fullmatch(version) else "HTTP/1.1"


def _fields(message: dict[str, Any]) -> list[tuple[str, str]]:
    fields = []
    for header in _list(message, "headers"):
        match header:
            case {"name": str(name), "value": str(value)} | [str(name), str(value)]:
                if name and not name.startswith(":"):  # HTTP/2's own are no fields
                    # Several fields of one name are written as one by some, a line each.
                    fields += [(name, line) for line in value.split("\n")]
    return fields


def _said(messages: list[Any], start: float, counts: Counts) -> Iterator[Said]:
    last = start
    for message in messages:
        from_client = _DIRECTIONS.get(_text(message, "type"))
        opcode = message.get("opcode", 1) if isinstance(message, dict) else None
        if from_client is None or type(opcode) is not int or not 0 < opcode < 16:
            counts.odd_messages += 1
            continue
        time = _number(message, "time")
        if time > IN_MILLISECONDS:
            time /= 1000
        last = time if time > 0 else last
        yield Said(from_client, opcode, _content(opcode, _text(message, "data")), last)


def _content(opcode: int, data: str) -> bytes:
    if opcode == 1:
        return data.encode("utf-8", "replace")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        # Not base64: one character a byte, as Firefox has it, or else text.
        return data.encode("iso-8859-1" if data.isascii() or max(data) <= "\xff" else "utf-8")


def _first_time(messages: list[Any], otherwise: float) -> float:
    time = _number(messages[0], "time") if messages else 0.0
    return (time / 1000 if time > IN_MILLISECONDS else time) or otherwise


def _started(entry: Any) -> float:
    try:
        started = datetime.fromisoformat(_text(entry, "startedDateTime"))
        return (started if started.tzinfo else started.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _server(entry: Any, url: str, secure: bool) -> Address:
    host = _text(entry, "serverIPAddress").strip("[]")
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    return (host or UNKNOWN[0], port or (443 if secure else 80))


def _object(holder: Any, key: str) -> dict[str, Any]:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _list(holder: Any, key: str) -> list[Any]:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []


def _text(holder: Any, key: str) -> str:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _number(holder: Any, key: str) -> float:
    value = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            return 0.0
        return value if math.isfinite(value) and abs(value) < 1e15 else 0.0
    return 0.0
