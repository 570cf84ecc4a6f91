"""JSON lines: one object a line, everything that a capture holds (see docs/capture-format.md).

Bytes are lower-case hex, times seconds since the epoch, what is not known is null, and the file is
ASCII only. Every byte of both directions stands in a `connection`, `frame` or `raw` line.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from inspector.core.events import Closed, Ended, Framed, Gap, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.handshake import Extension
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.files.dissect import Connection, Item, address_text

Line = dict[str, Any]

_encode: Final = json.JSONEncoder(allow_nan=False).encode
"""What `json.dumps` would make anew for each line."""


def to_line(item: Item) -> Line:
    """An item as the JSON object of its line."""
    event = item.event
    return _WRITERS[type(event)](item.connection, event)


def dumps(line: Line) -> str:
    """The object as one line of ASCII, without its line feed.

    What a stranger's capture notes beside the bytes may be nothing that JSON can say (NaN, or too
    deep): then it is left out.
    """
    try:
        return _encode(line)
    except (ValueError, RecursionError):
        return _encode(line | {"facts": None})


def _connection(connection: Connection, event: Opened) -> Line:
    proof = event.proof
    return {
        "type": "connection",
        "connection": connection.number,
        "url": connection.url,
        "client": address_text(connection.client),
        "server": address_text(connection.server),
        "opened": connection.opened,
        "requested": event.requested,
        "answered": event.time,
        "midstream": connection.midstream,
        "early": event.early,
        "request": _head(event.request),
        "response": _head(event.response),
        "accept": {
            "key": proof.key,
            "expected": proof.expected,
            "received": proof.received,
            "ok": proof.ok,
        },
        "subprotocol": event.agreement.subprotocol,
        "extensions": [_extension(extension) for extension in event.agreement.extensions],
        "facts": connection.facts,
    }


def _head(head: Head | None) -> Line | None:
    if head is None:
        return None
    headers = [[field.name, field.value] for field in head.fields]
    return {"line": head.line, "headers": headers, "head": head.raw.hex()}


def _extension(extension: Extension) -> Line:
    params: dict[str, bool | int | str] = {}
    for name, value in extension.params:
        plain = value is not None and value.isascii() and value.isdigit() and len(value) < 10
        params[name] = True if value is None else int(value) if plain else value
    return {"name": extension.name, "params": params}


def _frame(connection: Connection, event: Framed) -> Line:
    frame = event.frame
    key = frame.masking_key
    return {
        "type": "frame",
        "connection": connection.number,
        "frame": event.number,
        "from": frame.side,
        "time": event.time,
        "offset": frame.offset,
        "fin": frame.fin,
        "rsv1": frame.rsv1,
        "rsv2": frame.rsv2,
        "rsv3": frame.rsv3,
        "opcode": frame.opcode,
        "name": frame.name,
        "masked": frame.masked,
        "masking_key": None if key is None else key.hex(),
        "length": frame.length,
        "length_bits": frame.length_bits,
        "header": frame.header.hex(),
        "payload": frame.payload.hex(),
        "complete": frame.complete,
        "message": event.message,
    }


def _message(connection: Connection, event: Messaged) -> Line:
    message = event.message
    line: Line = {
        "type": "message",
        "connection": connection.number,
        "message": event.number,
        "from": message.side,
        "kind": message.kind,
        "compressed": message.compressed,
        "frames": list(message.frames),
        "length": message.length,
        "valid": message.valid,
    }
    if not message.valid:
        return line | {"text": None, "payload": message.payload.hex()}
    if message.kind == "text":
        return line | {"text": message.text}
    return line | {"payload": message.data.hex()}


def _finding(connection: Connection, finding: Finding) -> Line:
    return {
        "type": "finding",
        "connection": connection.number,
        "frame": finding.frame,
        "from": finding.side,
        "rule": finding.rule.id,
        "severity": finding.rule.severity,
        "rfc": finding.rule.rfc,
        "stream": finding.stream,
        "offset": finding.offset,
        "words": finding.words,
    }


def _raw(connection: Connection, raw: Raw) -> Line:
    return {
        "type": "raw",
        "connection": connection.number,
        "from": raw.side,
        "offset": raw.offset,
        "bytes": raw.data.hex(),
        "why": raw.why,
    }


def _gap(connection: Connection, gap: Gap) -> Line:
    return {
        "type": "gap",
        "connection": connection.number,
        "from": gap.side,
        "time": gap.time,
        "offset": gap.offset,
        "size": gap.size,
    }


def _end(connection: Connection, event: Ended) -> Line:
    return {
        "type": "end",
        "connection": connection.number,
        "from": event.side,
        "time": event.time,
        "how": event.how,
    }


def _close(connection: Connection, event: Closed) -> Line:
    return {
        "type": "close",
        "connection": connection.number,
        "closed_by": event.closed_by,
        "code": event.code,
        "reason": event.reason,
        "clean": event.clean,
    }


def _http(connection: Connection, exchange: Exchange) -> Line:
    return {
        "type": "http",
        "tcp": connection.stream,
        "connection": connection.number,
        "client": address_text(connection.client),
        "server": address_text(connection.server),
        "time": exchange.requested,
        "answered": exchange.responded,
        "request": _head(exchange.request),
        "response": _head(exchange.response),
    }


_WRITERS: Final[dict[type, Callable[[Connection, Any], Line]]] = {
    Opened: _connection,
    Framed: _frame,
    Messaged: _message,
    Finding: _finding,
    Raw: _raw,
    Gap: _gap,
    Ended: _end,
    Closed: _close,
    Exchange: _http,
}
