"""The opening handshake in a few lines: who, where to, was it proven, what was agreed."""

from collections.abc import Iterator
from typing import Final

from inspector.core.events import Opened
from inspector.core.handshake import AcceptProof, Extension
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.files.dissect import Connection, address_text
from inspector.screen.lines import Line, wrap
from inspector.screen.rows import ROOM_FOR_COLUMNS
from inspector.screen.theme import ARROWS
from inspector.screen.words import count, lapse, moment, seconds

WORDS_AT: Final = 15
"""The column in which what is said stands, behind the name or the arrow."""

MOST_LINES: Final = 4
"""So many are given to one thing that a peer said; `--frame 0` shows all of a head."""


def title(connection: Connection, width: int) -> Iterator[Line]:
    """A connection's number and URL."""
    line = Line(f"connection {connection.number}", "title").add("  ")
    indent = line.width
    url = connection.url or "an address that is not known"
    for number, text in enumerate(wrap(url, width - indent, 3)):
        yield (Line().to(indent) if number else line).add(text, "title")


def opening(connection: Connection, event: Opened, width: int) -> Iterator[Line]:
    """The block that introduces a connection."""
    yield from title(connection, width)
    ends = f"{address_text(connection.client)} -> {address_text(connection.server)}"
    yield from _told("from, to", ends, width)
    yield from _told("opened", moment(connection.opened), width)
    for words in notes(connection):
        yield from _told("note", words, width)
    if event.midstream:
        return
    if event.request is None:
        yield from _told("request", "none was seen before this answer", width, "warning")
    else:
        yield from _start_line(event.request, "client", "", width)
    if event.response is None:
        yield from _told("response", "none came", width, "warning")
        return
    words = "" if event.upgraded else "refused: no WebSocket begins"
    yield from _start_line(event.response, "server", words, width)
    if event.upgraded:
        for name, words, style in agreed(event):
            yield from _told(name, words, width, style)


def agreed(event: Opened) -> Iterator[tuple[str, str, str]]:
    """What a 101 proves and what both agreed on: names, words and their styles."""
    yield "accept", *_accept(event.proof)
    yield "subprotocol", event.agreement.subprotocol or "none", ""
    yield "extensions", ", ".join(map(_extension, event.agreement.extensions)) or "none", ""


def notes(connection: Connection) -> Iterator[str]:
    """What is known beyond the bytes, and changes how they are to be read."""
    if connection.facts.get("handshake") == "not captured":
        yield (
            "the handshake is not in the capture: frames were made out by themselves, and what was "
            "agreed (such as permessage-deflate, where RSV1 is set) is a guess"
        )
    elif connection.midstream:
        yield "the capture began in mid-stream: who is the client is a guess"
    if connection.facts.get("reserialised") is True:
        yield "the heads are the proxy's words, not the peers' (the frames are theirs)"
    if connection.facts.get("tls") is True:
        yield "it was encrypted on the wire (TLS); the capture holds what was inside"


def _told(name: str, words: str, width: int, style: str = "") -> Iterator[Line]:
    for number, text in enumerate(wrap(words, width - WORDS_AT, MOST_LINES)):
        line = Line("  ").add(name if not number else "", "quiet")
        yield line.to(WORDS_AT).add(text, style)


def _start_line(head: Head, side: str, words: str, width: int) -> Iterator[Line]:
    """`client ->  GET /chat HTTP/1.1`, and what there is to say of it."""
    line = Line("  ").add(ARROWS[side], side).to(WORDS_AT)
    yield from _said(line, head.line, " - ", words, width, "warning")


def _said(
    line: Line, said: str, gap: str, words: str, width: int, style: str = ""
) -> Iterator[Line]:
    """A start line behind what stands on `line`, and what there is to say of it: behind that, too,
    or below where there is no room.
    """
    column = line.width
    *others, last = wrap(said, width - column, MOST_LINES)
    for text in others:
        yield line.add(text, "title")
        line = Line().to(column, gap=0)
    line.add(last, "title")
    if words and line.width + len(gap) + len(words) <= width:
        line.add(gap).add(words, style)
        words = ""
    yield line
    if words:
        for text in wrap(words, width - column):
            yield Line().to(column, gap=0).add(text, style)


def _accept(proof: AcceptProof) -> tuple[str, str]:
    """Did the server prove that it read the request?"""
    if proof.ok:
        return f"verified: {proof.received} answers the key", ""
    if proof.received is None:
        return "missing: nothing proves that the server read the request", "error"
    if proof.expected is None:
        return f"{proof.received}, but there was no key to prove", "error"
    return f"{proof.received} is wrong: the key needs {proof.expected}", "error"


def _extension(extension: Extension) -> str:
    params = "".join(
        f"; {name}" if value is None else f"; {name}={value}" for name, value in extension.params
    )
    return extension.name + params


def exchange_lines(connection: Connection, exchange: Exchange, width: int) -> Iterator[Line]:
    """A plain HTTP exchange: request and response, each with the size of its head."""
    since = exchange.requested - connection.opened
    line = Line("http".rjust(4), "quiet").add(" ").add(seconds(since), "number").add("  ")
    line.add(ARROWS["client"], "client").add("  ")
    yield from _exchange_head(line, exchange.request, "", width)
    if exchange.response is None:
        return
    took = lapse((exchange.responded or exchange.requested) - exchange.requested)
    line = Line().to(15)
    line.add(ARROWS["server"], "server").add("  ")
    yield from _exchange_head(line, exchange.response, f"  {took} later", width)


def _exchange_head(line: Line, head: Head, words: str, width: int) -> Iterator[Line]:
    """A start line behind what stands on `line`, or below it where there are no columns."""
    if width < ROOM_FOR_COLUMNS:
        yield line
        line = Line("  ")
    size = f"(head {count(len(head.raw), 'byte')}){words}"
    yield from _said(line, head.line, "  ", size, width, "quiet")
