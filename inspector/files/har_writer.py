"""A capture as a HAR 1.2 file, with `_webSocketMessages` as Chrome's developer tools write them.

An entry a handshake, and one a plain HTTP exchange. A message has its direction, its time, its
opcode and its content: text as it is, anything else in base64, text that is not UTF-8 included.
What is not in it `messages_only` counts. Messages are kept in memory until all are there.
"""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from inspector import __version__
from inspector.core.events import Messaged, Opened
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.core.rfc import BINARY, TEXT
from inspector.files.dissect import Connection, Item, address_text
from inspector.files.messages_only import LeftOut

type Object = dict[str, Any]

_IN_URLS: Final = "!#$%&'()*+,/:;=?@[]"
_LATEST: Final = 253_402_300_799.0
"""The last second of the year 9999, as far as dates go."""


class HarWriter:
    """Take items, then `close`. Raises OSError where the file takes no more."""

    def __init__(self, fd: int) -> None:
        self._file = os.fdopen(fd, "w", encoding="ascii", newline="\n")
        self._entries: list[tuple[float, Object]] = []
        self._latest: dict[int, Object] = {}
        """The entry of each stream's last handshake."""
        self._left_out = LeftOut()

    @property
    def left_out(self) -> Counter[str]:
        return self._left_out.words

    def take(self, item: Item) -> None:
        self._left_out.look(item)
        connection = item.connection
        match item.event:
            case Opened() as opened:
                entry = _handshake(connection, opened)
                self._latest[connection.stream] = entry
                self._entries.append((_asked(connection, opened), entry))
            case Messaged() as messaged:
                entry = self._latest[connection.stream]
                entry["_webSocketMessages"].append(_message(messaged))
            case Exchange() as exchange:
                self._entries.append((exchange.requested, _exchange(connection, exchange)))

    def close(self) -> None:
        self._entries.sort(key=lambda entry: entry[0])
        creator = {"name": "ws101", "version": __version__}
        with self._file as file:
            log = json.dumps({"version": "1.2", "creator": creator}, indent=2)
            file.write(f'{{"log": {log.removesuffix("}").rstrip()},\n  "entries": [')
            for number, (_, entry) in enumerate(self._entries):
                file.write(",\n" if number else "\n")
                file.write(json.dumps(entry, indent=1))
            file.write("\n]}}\n")


def _asked(connection: Connection, opened: Opened) -> float:
    return connection.opened if opened.requested is None else opened.requested


def _handshake(connection: Connection, opened: Opened) -> Object:
    url = connection.url or f"ws://{address_text(connection.server)}/"
    asked = _asked(connection, opened)
    return _entry(connection, url, opened.request, opened.response, asked, opened.time) | {
        "_resourceType": "websocket",
        "_webSocketMessages": [],
    }


def _exchange(connection: Connection, exchange: Exchange) -> Object:
    scheme = "https" if connection.facts.get("tls") else "http"
    target = exchange.request.target
    host = exchange.request.get("host") or address_text(connection.server)
    url = target if "://" in target else f"{scheme}://{host}{target}"
    answered = exchange.requested if exchange.responded is None else exchange.responded
    sides = exchange.request, exchange.response
    return _entry(connection, url, *sides, exchange.requested, answered)


def _entry(
    connection: Connection,
    url: str,
    request: Head | None,
    response: Head | None,
    asked: float,
    answered: float,
) -> Object:
    waited = max(0.0, answered - asked) * 1000
    # Readers take a URL for what it should be; a request line can hold any byte.
    url = quote(url, _IN_URLS, encoding="iso-8859-1", errors="replace")
    return {
        "startedDateTime": _date(asked),
        "time": waited,
        "request": {
            "method": request.method if request else "GET",
            "url": url,
            "httpVersion": request.version if request else "",
            "cookies": [],
            "headers": _fields(request),
            "queryString": _query(url),
            "headersSize": len(request.raw) if request else -1,
            "bodySize": 0,
        },
        "response": {
            "status": (response.status or 0) if response else 0,
            "statusText": _reason(response),
            "httpVersion": response.version if response else "",
            "cookies": [],
            "headers": _fields(response),
            "content": {"size": 0, "mimeType": _type(response)},
            "redirectURL": (response.get("location") if response else None) or "",
            "headersSize": len(response.raw) if response else -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": waited, "receive": 0},
        "serverIPAddress": connection.server[0],
        "connection": str(connection.stream),
    }


def _fields(head: Head | None) -> list[Object]:
    return [{"name": field.name, "value": field.value} for field in head.fields] if head else []


def _query(url: str) -> list[Object]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def _reason(response: Head | None) -> str:
    words = response.line.split(" ", 2) if response else []
    return words[2] if len(words) == 3 else ""


def _type(response: Head | None) -> str:
    return (response.get("content-type") if response else None) or "x-unknown"


def _message(messaged: Messaged) -> Object:
    message = messaged.message
    text = message.text if message.kind == "text" and message.valid else None
    content = message.data if message.valid else message.payload
    return {
        "type": "send" if message.side == "client" else "receive",
        "time": messaged.time,
        "opcode": TEXT if text is not None else BINARY,
        "data": base64.b64encode(content).decode() if text is None else text,
    }


def _date(time: float) -> str:
    return datetime.fromtimestamp(min(max(time, 0.0), _LATEST), UTC).isoformat(
        timespec="milliseconds"
    )
