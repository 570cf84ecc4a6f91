"""How each field is read off an entry. None: the entry has no such value.

`past` is what came before (`Past`); only fields that say so in the table are given one that knows
anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from inspector.core.events import Closed, Ended, Framed, Gap, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Frame, Raw
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.core.rfc import CLOSE, TEXT, Side
from inspector.core.rules.closing import close_code, close_reason
from inspector.files.dissect import url_of
from inspector.files.entries import Entry
from inspector.filter.past import Past

type Reader = Callable[[Entry, Past], Any]

TYPES: Final[dict[type, str]] = {
    Opened: "connection",
    Framed: "frame",
    Finding: "finding",
    Raw: "raw",
    Gap: "gap",
    Ended: "end",
    Closed: "close",
    Exchange: "http",
}
"""As JSON lines call them."""


# Entries of any type


def type_of(entry: Entry, past: Past) -> str | None:
    return TYPES.get(type(entry.event))


def side(entry: Entry, past: Past) -> Side | None:
    event = entry.event
    if isinstance(event, Framed):
        return event.frame.side
    return event.side if isinstance(event, Raw | Gap | Ended | Finding) else None


def time(entry: Entry, past: Past) -> float | None:
    event = entry.event
    if isinstance(event, Framed | Opened | Gap | Ended):
        return event.time - entry.connection.opened
    return event.requested - entry.connection.opened if isinstance(event, Exchange) else None


def offset(entry: Entry, past: Past) -> int | None:
    event = entry.event
    if isinstance(event, Framed):
        return event.frame.offset
    return event.offset if isinstance(event, Raw | Gap | Finding) else None


def raw(entry: Entry, past: Past) -> bytes | None:
    return entry.event.data if isinstance(entry.event, Raw) else None


# Frames


def _of_frame(of: Callable[[Frame], Any]) -> Reader:
    def reader(entry: Entry, past: Past) -> Any:
        event = entry.event
        return of(event.frame) if isinstance(event, Framed) else None

    return reader


def frame(entry: Entry, past: Past) -> int | None:
    event = entry.event
    return event.number if isinstance(event, Framed) else None


opcode: Final = _of_frame(lambda frame: frame.opcode)
name: Final = _of_frame(lambda frame: frame.name)
fin: Final = _of_frame(lambda frame: frame.fin)
rsv1: Final = _of_frame(lambda frame: frame.rsv1)
rsv2: Final = _of_frame(lambda frame: frame.rsv2)
rsv3: Final = _of_frame(lambda frame: frame.rsv3)
control: Final = _of_frame(lambda frame: frame.is_control)
masked: Final = _of_frame(lambda frame: frame.masked)
masking_key: Final = _of_frame(lambda frame: frame.masking_key)
length: Final = _of_frame(lambda frame: frame.length)
length_bits: Final = _of_frame(lambda frame: frame.length_bits)
header_length: Final = _of_frame(lambda frame: len(frame.header))
complete: Final = _of_frame(lambda frame: frame.complete)
payload: Final = _of_frame(lambda frame: frame.payload)


def rtt(entry: Entry, past: Past) -> float | None:
    return past.round_trip(entry)


# Messages


def message(entry: Entry, past: Past) -> int | None:
    event = entry.event
    return event.message if isinstance(event, Framed) else None


def message_kind(entry: Entry, past: Past) -> str | None:
    if entry.message is not None:
        return entry.message.kind
    first = past.first(entry)
    return None if first is None else "text" if first.opcode == TEXT else "binary"


def compressed(entry: Entry, past: Past) -> bool | None:
    """A fragment is as compressed as its message: the first frame says it (RFC 7692 §6)."""
    if entry.message is not None:
        return entry.message.compressed
    first = past.first(entry)
    if first is None:
        return None
    opened = past.opened(entry)
    return first.rsv1 and opened is not None and opened.agreement.deflate is not None


def text(entry: Entry, past: Past) -> str | None:
    return None if entry.message is None else entry.message.text


def data(entry: Entry, past: Past) -> bytes | None:
    found = entry.message
    return None if found is None or found.valid is None else found.data


def _no_json(constant: str) -> None:
    """NaN and Infinity, which Python would take."""
    raise ValueError(constant)


def is_json(entry: Entry, past: Past) -> bool | None:
    found = text(entry, past)
    if found is None:
        return None
    try:
        # Numbers stay as they are written: Python has limits for them, JSON has none.
        json.loads(found, parse_int=str, parse_float=str, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return False
    return True


def message_length(entry: Entry, past: Past) -> int | None:
    return None if entry.message is None else entry.message.length


def ratio(entry: Entry, past: Past) -> float | None:
    found = entry.message
    if found is None or not found.compressed or not found.valid or not found.data:
        return None
    return len(found.payload) / len(found.data)


def fragments(entry: Entry, past: Past) -> int | None:
    return None if entry.message is None else len(entry.message.frames)


def valid(entry: Entry, past: Past) -> bool | None:
    return None if entry.message is None else entry.message.valid


# Findings


def _of_findings(of: Callable[[Finding], Any]) -> Reader:
    def reader(entry: Entry, past: Past) -> Sequence[Any]:
        found = entry.findings
        return [of(finding) for finding in found] if found else ()

    return reader


def findings(entry: Entry, past: Past) -> Sequence[Finding]:
    return entry.findings


finding_severity: Final = _of_findings(lambda finding: finding.rule.severity)
finding_rule: Final = _of_findings(lambda finding: finding.rule.id)
finding_rfc: Final = _of_findings(lambda finding: finding.rule.rfc)
finding_from: Final = _of_findings(lambda finding: finding.side)
finding_stream: Final = _of_findings(lambda finding: finding.stream)
finding_words: Final = _of_findings(lambda finding: finding.words)


# How it closed


def code(entry: Entry, past: Past) -> int | None:
    event = entry.event
    if isinstance(event, Framed):
        return close_code(event.frame)
    return event.code if isinstance(event, Closed) else None


def reason(entry: Entry, past: Past) -> str | None:
    event = entry.event
    if isinstance(event, Framed):
        if event.frame.opcode != CLOSE or len(event.frame.wire_payload) < 2:
            return None
        return close_reason(event.frame).decode("utf-8", "backslashreplace")
    return event.reason if isinstance(event, Closed) else None


def closed_by(entry: Entry, past: Past) -> Side | None:
    return entry.event.closed_by if isinstance(entry.event, Closed) else None


def clean(entry: Entry, past: Past) -> bool | None:
    return entry.event.clean if isinstance(entry.event, Closed) else None


# Connections


class _Parts(NamedTuple):
    host: str
    path: str
    query: str | None


@lru_cache(1024)
def _parts(url: str) -> _Parts:
    rest = url.partition("#")[0].partition("://")[2]
    where, question, query = rest.partition("?")
    authority, slash, path = where.partition("/")
    host = authority.rpartition("@")[2]
    bare = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return _Parts(
        bare.strip("[]").lower(), f"/{path}" if slash else "/", query if question else None
    )


def connection(entry: Entry, past: Past) -> int | None:
    return entry.connection.number


def url(entry: Entry, past: Past) -> str | None:
    if isinstance(entry.event, Exchange):
        asked = url_of(entry.connection, entry.event.request)
        return asked and f"http{asked.removeprefix('ws')}"
    return entry.connection.url


def _of_url(of: Callable[[_Parts], Any]) -> Reader:
    def reader(entry: Entry, past: Past) -> str | None:
        asked = url(entry, past)
        return None if asked is None else of(_parts(asked))

    return reader


host: Final = _of_url(lambda parts: parts.host)
path: Final = _of_url(lambda parts: parts.path)
query: Final = _of_url(lambda parts: parts.query)


def client_address(entry: Entry, past: Past) -> str:
    return entry.connection.client[0]


def client_port(entry: Entry, past: Past) -> int:
    return entry.connection.client[1]


def server_address(entry: Entry, past: Past) -> str:
    return entry.connection.server[0]


def server_port(entry: Entry, past: Past) -> int:
    return entry.connection.server[1]


def _heads(entry: Entry, past: Past) -> tuple[Head | None, Head | None]:
    event = entry.event
    found = event if isinstance(event, Opened | Exchange) else past.opened(entry)
    return (None, None) if found is None else (found.request, found.response)


def method(entry: Entry, past: Past) -> str | None:
    request, _ = _heads(entry, past)
    return None if request is None else request.method


def status(entry: Entry, past: Past) -> int | None:
    _, response = _heads(entry, past)
    return None if response is None else response.status


def subprotocol(entry: Entry, past: Past) -> str | None:
    opened = past.opened(entry)
    return None if opened is None else opened.agreement.subprotocol


def deflate(entry: Entry, past: Past) -> bool | None:
    opened = past.opened(entry)
    return None if opened is None else opened.agreement.deflate is not None


def header(entry: Entry, past: Past, key: str) -> list[str]:
    request, response = _heads(entry, past)
    return [*past.lines(request, key), *past.lines(response, key)]


def request_header(entry: Entry, past: Past, key: str) -> list[str]:
    return past.lines(_heads(entry, past)[0], key)


def response_header(entry: Entry, past: Past, key: str) -> list[str]:
    return past.lines(_heads(entry, past)[1], key)
