"""mitmproxy's own files, read and written by mitmproxy's own code.

It keeps a WebSocket as an HTTP flow with messages: heads as fields, whole messages, and who closed
with which code. What is made of that `rebuilt` says. A TCP flow, of a proxy that was told to leave
the bytes alone, holds the bytes themselves, as each of its reads brought them.

Importing mitmproxy takes longer than most commands run, so it waits until there is such a file. And
such a file may be anybody's: whatever mitmproxy's code makes of a broken one, here it is a `Fault`.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from inspector.core.events import Closed, Messaged, Opened
from inspector.core.heads import Head
from inspector.core.http1 import Exchange
from inspector.core.rfc import BINARY, TEXT
from inspector.files import events as tcp
from inspector.files.connection import REQUEST
from inspector.files.dissect import Connection, Item
from inspector.files.events import Address, CaptureEvent, Counts, Fault
from inspector.files.messages_only import LeftOut
from inspector.files.rebuilt import UNKNOWN, Rebuilt, Said, Start
from inspector.files.source import Source

if TYPE_CHECKING:
    from mitmproxy.flow import Flow
    from mitmproxy.http import HTTPFlow
    from mitmproxy.tcp import TCPFlow

MAX_FLOW: Final = 256 << 20
"""Bytes of one flow, which has to be in memory whole."""

_BEGINS: Final = re.compile(rb"[0-9]{1,12}:")


def looks(window: bytes) -> bool:
    """Does a file that begins so hold flows?"""
    return _BEGINS.match(window) is not None


def read_flows(source: Source, counts: Counts) -> Iterator[CaptureEvent]:
    """The events of a file of flows; a `Fault` at the flow that can't be read."""
    io = _mitmproxy()
    bytes_ = _Bytes(source)
    flows = iter(io.FlowReader(cast(Any, bytes_)).stream())
    number = 0
    while True:
        begins = bytes_.offset
        try:
            flow = next(flows, None)
            events = list(_events(flow, number + 1, counts)) if flow is not None else []
        except TooLarge:
            words = f"a flow has to be read whole, and this one is larger than {MAX_FLOW >> 20} MiB"
            yield Fault(begins, words)
            return
        except Exception:  # it is anybody's file, and not our code that reads it
            cut = source.ended and not bytes_.left
            words = "it ends inside a flow" if cut else "it is no flow that mitmproxy can read"
            yield Fault(begins, source.trouble or words, cut=cut)
            return
        if flow is None:
            return
        counts.packets += 1
        number += bool(events)
        yield from events


def _mitmproxy() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a library that it uses
        from mitmproxy import io
    return io


class TooLarge(Exception):
    """A flow says that it is longer than any that is read."""


class _Bytes:
    """A source as a file to read from, as far as mitmproxy's reader needs one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._window = b""
        self._at = 0

    @property
    def offset(self) -> int:
        return self._source.offset + self._at

    @property
    def left(self) -> int:
        """Bytes that have come and were not read."""
        return len(self._window) - self._at

    def peek(self, size: int) -> bytes:
        if self.left < size:
            self._window, self._at = self._source.advance(self._at, size), 0
        return self._window[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        if size > MAX_FLOW:
            raise TooLarge
        data = self.peek(size)
        self._at += len(data)
        return data


def _events(flow: Flow, number: int, counts: Counts) -> Iterator[CaptureEvent]:
    from mitmproxy.http import HTTPFlow
    from mitmproxy.tcp import TCPFlow

    if isinstance(flow, TCPFlow):
        yield from _stream(flow, number)
    elif not isinstance(flow, HTTPFlow):
        counts.other_flows += 1
    elif flow.websocket is None and not flow.request.http_version.startswith("HTTP/1"):
        counts.not_http_1 += 1
    else:
        if flow.websocket is None:
            counts.heads_only += 1
        else:
            counts.rebuilt += 1
            counts.no_101 += flow.response is None or flow.response.status_code != 101
        yield from _rebuild(flow, counts).events(number)


def _stream(flow: TCPFlow, number: int) -> Iterator[CaptureEvent]:
    opened = _time(flow.client_conn.timestamp_start, 0.0)
    first = next((bytes(each.content) for each in flow.messages if each.content), b"")
    facts = {"tls": bool(flow.client_conn.tls)}
    midstream = REQUEST.match(first) is None
    yield tcp.Opened(number, *_addresses(flow), opened, facts, midstream)
    last = opened
    for message in flow.messages:
        last = _time(message.timestamp, last)
        if message.content:
            yield tcp.Data(number, bool(message.from_client), bytes(message.content), last)
    yield tcp.Forgotten(number, last)


def _rebuild(flow: HTTPFlow, counts: Counts) -> Rebuilt:
    request, response, websocket = flow.request, flow.response, flow.websocket
    opened = _time(request.timestamp_start, 0.0)
    answered = _time(response.timestamp_end, opened) if response else opened
    facts: dict[str, Any] = {
        "rebuilt": "flow", "url": request.pretty_url, "tls": bool(flow.client_conn.tls),
    }  # fmt: skip
    said: list[Said] = []
    if websocket is not None:
        if websocket.close_code is not None:
            facts["close_code"] = websocket.close_code
            facts["closed_by"] = "client" if websocket.closed_by_client else "server"
        last = answered
        for message in websocket.messages:
            last = _time(message.timestamp, last)
            sender = bool(message.from_client)
            said.append(Said(sender, int(message.type), bytes(message.content), last))
    line = f"{request.method} {request.path} {request.http_version}"
    answer = f"{response.http_version} {response.status_code} {response.reason}" if response else ""
    client, server = _addresses(flow)
    return Rebuilt(
        _start(line, request.headers.fields),
        _start(answer, response.headers.fields) if response else None,
        opened,
        answered,
        client,
        server,
        facts,
        said,
    )


def _start(line: str, fields: tuple[tuple[bytes, bytes], ...]) -> Start:
    text = [(name.decode("iso-8859-1"), value.decode("iso-8859-1")) for name, value in fields]
    return Start(line, text, "iso-8859-1")


def _addresses(flow: Flow) -> tuple[Address, Address]:
    client, server = flow.client_conn, flow.server_conn
    return _address(client.peername), _address(server.peername or server.address)


def _address(given: Any) -> Address:
    match given:
        case (str(host), int(port), *_) if 0 <= port <= 0xFFFF:
            return host, port
        case _:
            return UNKNOWN


def _time(given: Any, otherwise: float) -> float:
    return float(given) if isinstance(given, int | float) and math.isfinite(given) else otherwise


class FlowWriter:
    """Take items, then `close`: an HTTP flow a handshake or plain exchange, as mitmproxy has it.

    A flow is written when its connection is over, as mitmproxy does. Raises OSError where the file
    takes no more.
    """

    def __init__(self, fd: int) -> None:
        self._file = os.fdopen(fd, "wb")
        self._writer = _mitmproxy().FlowWriter(self._file)
        self._open: dict[int, HTTPFlow] = {}
        self._left_out = LeftOut()

    @property
    def left_out(self) -> Counter[str]:
        counted = self._left_out.words
        counted.pop("Close frames", None)  # their code and reason are kept
        return counted

    def take(self, item: Item) -> None:
        self._left_out.look(item)
        connection = item.connection
        match item.event:
            case Opened() as opened:
                self._write(connection.stream)
                self._open[connection.stream] = _handshake(connection, opened)
            case Messaged() as messaged:
                self._message(connection.stream, messaged)
            case Closed() as closed:
                self._close(connection.stream, closed)
            case Exchange() as exchange:
                flow = _flow(connection, exchange.request, exchange.response)
                _clock(flow, exchange.requested, exchange.responded or exchange.requested)
                self._writer.add(flow)

    def close(self) -> None:
        for stream in tuple(self._open):
            self._write(stream)
        self._file.close()

    def _message(self, stream: int, messaged: Messaged) -> None:
        from mitmproxy.websocket import WebSocketMessage

        flow, message = self._open[stream], messaged.message
        text = message.kind == "text" and message.valid
        if flow.websocket is not None:
            flow.websocket.messages.append(
                WebSocketMessage(
                    TEXT if text else BINARY,
                    message.side == "client",
                    bytes(message.data if message.valid else message.payload),
                    messaged.time,
                )
            )

    def _close(self, stream: int, closed: Closed) -> None:
        flow = self._open.get(stream)
        if flow is not None and flow.websocket is not None:
            if closed.closed_by is not None:
                flow.websocket.closed_by_client = closed.closed_by == "client"
            flow.websocket.close_code = closed.code
            flow.websocket.close_reason = closed.reason
        self._write(stream)

    def _write(self, stream: int) -> None:
        flow = self._open.pop(stream, None)
        if flow is not None:
            self._writer.add(flow)


def _handshake(connection: Connection, opened: Opened) -> HTTPFlow:
    from mitmproxy.websocket import WebSocketData

    flow = _flow(connection, opened.request, opened.response)
    asked = connection.opened if opened.requested is None else opened.requested
    _clock(flow, asked, opened.time)
    if opened.upgraded:
        flow.websocket = WebSocketData()
    return flow


def _flow(connection: Connection, request: Head | None, response: Head | None) -> HTTPFlow:
    from mitmproxy import connection as ends
    from mitmproxy import http

    secure = bool(connection.facts.get("tls"))
    client = ends.Client(
        peername=connection.client,
        sockname=connection.server,
        timestamp_start=connection.opened,
        state=ends.ConnectionState.CLOSED,
    )
    server = ends.Server(address=connection.server)
    client.tls = server.tls = secure
    flow = http.HTTPFlow(client, server)
    host, port = connection.server
    flow.request = http.Request(
        host=host,
        port=port,
        method=_bytes(request.method if request else "GET"),
        scheme=b"https" if secure else b"http",
        authority=b"",
        path=_bytes(request.target if request else "/"),
        http_version=_bytes(request.version if request else "HTTP/1.1"),
        headers=_headers(request),
        content=b"" if request else None,
        trailers=None,
        timestamp_start=0.0,
        timestamp_end=0.0,
    )
    if response is not None:
        flow.response = http.Response(
            http_version=_bytes(response.version),
            status_code=response.status or 0,
            reason=_bytes(" ".join(response.line.split(" ")[2:])),
            headers=_headers(response),
            content=b"" if response.upgrades else None,
            trailers=None,
            timestamp_start=0.0,
            timestamp_end=0.0,
        )
    return flow


def _headers(head: Head | None) -> Any:
    from mitmproxy.http import Headers

    fields = head.fields if head else ()
    return Headers([(_bytes(field.name), _bytes(field.value)) for field in fields])


def _bytes(text: str) -> bytes:
    return text.encode("iso-8859-1")


def _clock(flow: HTTPFlow, asked: float, answered: float) -> None:
    flow.timestamp_created = asked
    flow.request.timestamp_start = flow.request.timestamp_end = asked
    if flow.response is not None:
        flow.response.timestamp_start = flow.response.timestamp_end = answered
