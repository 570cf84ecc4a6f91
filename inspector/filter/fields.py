"""Everything that a filter can ask for, as a table; docs/filter.md is checked against it.

A field reads a value off an entry, or None where the entry has none; one that may have several
gives them all. Reading never raises, whatever a peer sent. `cost` orders the tests of one `and`:
what is a look at a header comes before what unmasks a payload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from inspector.core.rfc import OPCODES, SIDES
from inspector.core.rules import RULES
from inspector.filter import read
from inspector.filter.kinds import (
    BYTES,
    DURATION,
    FLAG,
    NUMBER,
    PRESENCE,
    SIZE,
    TEXT,
    Kind,
    numbers_of,
    words_of,
)

type Group = Literal["entries", "frames", "messages", "findings", "closing", "connections"]

SIDE: Final = words_of("a side", SIDES)
OPCODE: Final = numbers_of(
    "an opcode", {row.name: number for number, row in sorted(OPCODES.items())}
)
NAME: Final = words_of(
    "the name of an opcode", [OPCODES[number].name for number in sorted(OPCODES)]
)
MESSAGE_KIND: Final = words_of("a kind of messages", ("text", "binary"))
FROM: Final = ("direction", "side")
SEVERITY: Final = words_of("a severity", ("info", "warning", "error"), ordered=True)
RULE: Final = words_of("a rule", sorted(RULES))
STREAM: Final = words_of("a stream", ("request", "response", "client", "server"))
TYPE: Final = words_of("a type of entries", read.TYPES.values())


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One row. `read(entry, past)`, or with `keyed` `read(entry, past, key)`, gives its value."""

    group: Group
    name: str
    kind: Kind
    words: str
    read: Callable[..., Any]
    cost: int = 0
    many: bool = False
    """`read` gives all values it has, as a row."""
    keyed: bool = False
    """There are many fields of this name, told apart by a key: `header.origin`."""
    past: bool = False
    """`read` asks for what came before."""
    aliases: tuple[str, ...] = field(default=())


def _frames() -> Iterable[Field]:
    def row(name: str, kind: Kind, words: str, *, cost: int = 0, **more: Any) -> Field:
        return Field("frames", name, kind, words, getattr(read, name), cost, **more)

    yield row("frame", NUMBER, "its number in its connection, from 1")
    yield row("opcode", OPCODE, "its opcode, by name or number")
    yield row("name", NAME, "the name of its opcode, as a text that can be searched")
    yield row("fin", FLAG, "the last frame of its message")
    yield row("rsv1", FLAG, "reserved bit 1: with permessage-deflate, begins a compressed message")
    yield row("rsv2", FLAG, "reserved bit 2")
    yield row("rsv3", FLAG, "reserved bit 3")
    yield row("control", FLAG, "a close, ping or pong, or a reserved control opcode")
    yield row("masked", FLAG, "the mask bit")
    yield row("masking_key", BYTES, "the four bytes of the masking key")
    yield row("length", SIZE, "bytes of payload that its header declares")
    yield row("length_bits", NUMBER, "width of the length: 7, 16 or 64")
    yield row("header_length", SIZE, "bytes of its header")
    yield row("complete", FLAG, "all of it came")
    yield row("payload", BYTES, "its payload, unmasked but not inflated", cost=3)
    yield row("rtt", DURATION, "of a pong: time since the ping that it answers", cost=2, past=True)


def _messages() -> Iterable[Field]:
    def row(name: str, kind: Kind, words: str, reader: Any, **more: Any) -> Field:
        return Field("messages", name, kind, words, reader, **more)

    yield row("message", NUMBER, "number of the message that a frame belongs to", read.message)
    yield row("kind", MESSAGE_KIND, "what the message is", read.message_kind, cost=1, past=True)
    yield row("compressed", FLAG, "the message is compressed", read.compressed, cost=1, past=True)
    yield row("text", TEXT, "the whole text of a text message", read.text, cost=3)
    yield row("data", BYTES, "the whole content, inflated", read.data, cost=2)
    yield row("json", FLAG, "the text is JSON", read.is_json, cost=4)
    yield row("message.length", SIZE, "bytes of the content, inflated", read.message_length)
    yield row(
        "ratio", NUMBER, "of a compressed message: its bytes on the wire for each of content",
        read.ratio,
    )  # fmt: skip
    yield row("fragments", NUMBER, "how many frames it came in", read.fragments)
    yield row("valid", FLAG, "it could be inflated, and a text is UTF-8", read.valid)


def _findings() -> Iterable[Field]:
    def row(name: str, kind: Kind, words: str, reader: Any) -> Field:
        return Field("findings", name, kind, words, reader, many=True)

    yield row("finding", PRESENCE, "a rule was broken", read.findings)
    yield row(
        "finding.severity", SEVERITY, "how bad it is; `>= warning` goes by it",
        read.finding_severity,
    )  # fmt: skip
    yield row("finding.rule", RULE, "the rule's id", read.finding_rule)
    yield row("finding.rfc", TEXT, "section of the RFC", read.finding_rfc)
    yield row("finding.from", SIDE, "the side at fault", read.finding_from)
    yield row("finding.stream", STREAM, "where it stands", read.finding_stream)
    yield row("finding.words", TEXT, "what broke it, in words", read.finding_words)


def _closing() -> Iterable[Field]:
    def row(name: str, kind: Kind, words: str, reader: Any, cost: int = 0) -> Field:
        return Field("closing", name, kind, words, reader, cost)

    yield row("close.code", NUMBER, "status code, of a close frame and of the end", read.code)
    yield row("close.reason", TEXT, "its reason", read.reason, 1)
    yield row("closed_by", SIDE, "of the end: who closed first", read.closed_by)
    yield row("clean", FLAG, "of the end: both sides sent a close frame", read.clean)


def _connections() -> Iterable[Field]:
    def row(name: str, kind: Kind, words: str, reader: Any, cost: int = 1, **more: Any) -> Field:
        return Field("connections", name, kind, words, reader, cost, **more)

    yield row("connection", NUMBER, "its number in the capture, from 1", read.connection, 0)
    yield row("url", TEXT, "what the client asked for, whole", read.url)
    yield row("host", TEXT, "the host in it, without a port", read.host)
    yield row("path", TEXT, "the path in it, without a query", read.path)
    yield row("query", TEXT, "what follows the question mark", read.query)
    yield row("client.address", TEXT, "the client's address", read.client_address)
    yield row("client.port", NUMBER, "the client's port", read.client_port)
    yield row("server.address", TEXT, "the server's address", read.server_address)
    yield row("server.port", NUMBER, "the server's port", read.server_port)
    yield row("method", TEXT, "the request's method", read.method, past=True)
    yield row("status", NUMBER, "the response's status code", read.status, past=True)
    yield row("subprotocol", TEXT, "the subprotocol agreed on", read.subprotocol, past=True)
    yield row("deflate", FLAG, "permessage-deflate was agreed on", read.deflate, past=True)
    keyed: dict[str, Any] = {"many": True, "keyed": True, "past": True}
    yield row("header", TEXT, "a header field of either head", read.header, 2, **keyed)
    yield row("request.header", TEXT, "one of the request", read.request_header, 2, **keyed)
    yield row("response.header", TEXT, "one of the response", read.response_header, 2, **keyed)


def _table() -> dict[str, Field]:
    rows = [
        Field("entries", "type", TYPE, "what it is", read.type_of),
        Field("entries", "from", SIDE, "who sent it, or is at fault", read.side, aliases=FROM),
        Field("entries", "time", DURATION, "time since its connection was opened", read.time),
        Field("entries", "offset", SIZE, "its first byte in its side's stream", read.offset),
        Field("entries", "raw", BYTES, "bytes that are no frame", read.raw, 1),
        *(_frames()), *(_messages()), *(_findings()), *(_closing()), *(_connections()),
    ]  # fmt: skip
    return {row.name: row for row in rows}


FIELDS: Final[dict[str, Field]] = _table()
"""Every field by its name, in the order of the documentation."""

NAMES: Final[dict[str, Field]] = FIELDS | {
    alias: row for row in FIELDS.values() for alias in row.aliases
}
"""Also by the names that people try first."""
