"""What comes too late for the exact tap: recorded too, and marked `"reserialised": true`.

mitmproxy's HTTP layer keeps a connection once it has it. So it also gets an Upgrade that follows
plain requests on the same connection (browsers don't do that, some libraries may), and one that is
asked of the proxy itself (`GET http://...`), whose request line has to be another one for the
origin. Then the heads in the capture are mitmproxy's words for what was said, and the chunks of a
body are of its making, all as it sends them on, and each is recorded before it is sent.
After the 101 we turn its WebSocket layer away, and it relays what follows as TCP, which is what we
record: still every byte, but a half-closed connection is closed whole, and a CR LF right after the
101 is lost.
"""

# mypy: untyped-calls-exclude=mitmproxy

from __future__ import annotations

import time
from collections.abc import Callable

from mitmproxy import ctx, http, tcp
from mitmproxy.connection import Client
from mitmproxy.net.http import http1

from addons.relay import facts
from inspector.files.recorder import CaptureWriter, Stream


class Fallback:
    """An addon. `writer` tells the capture of the moment, if there is one."""

    def __init__(self, writer: Callable[[], CaptureWriter | None]) -> None:
        self._writer = writer
        self._streams: dict[str, Stream] = {}
        """By the client's id."""
        self._recorded: set[str] = set()
        """Exchanges that go on, by their id."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        writer, request, client = self._writer(), flow.request, flow.client_conn
        websocket = asks_for_websocket(request)
        plain = ctx.options.ws101_http and request.http_version.startswith("HTTP/1")
        if not writer or not (websocket or plain):
            return
        if client.id not in self._streams:
            told = facts(
                client,
                (request.host, request.port),
                scheme="ws" if websocket else "http",
                host=request.host_header,
                target=request.path,
                origin_tls=request.scheme == "https",
                reserialised=True,
            )
            self._streams[client.id] = writer.open(
                client.peername[:2], client.sockname[:2], told, request.timestamp_start
            )
        stream = self._streams[client.id]
        stream.data(True, http1.assemble_request_head(request), request.timestamp_start)
        request.stream = recording(stream, True, request)
        self._recorded.add(flow.id)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        stream, response = self._streams.get(flow.client_conn.id), flow.response
        if stream and response and flow.id in self._recorded:
            stream.data(False, http1.assemble_response_head(response), time.time())
            response.stream = recording(stream, False, response)

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.id in self._recorded:
            self._recorded.discard(flow.id)
            switched = flow.response is not None and flow.response.status_code == 101
            if switched and ctx.options.rawtcp:
                flow.websocket = None  # no WebSocket layer: what follows is relayed as TCP

    def error(self, flow: http.HTTPFlow) -> None:
        self._recorded.discard(flow.id)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        if stream := self._streams.get(flow.client_conn.id):
            message = flow.messages[-1]
            stream.data(message.from_client, message.content, message.timestamp)
            del flow.messages[:-1]  # mitmproxy would keep them all

    def tcp_end(self, flow: tcp.TCPFlow) -> None:
        self._end(flow.client_conn, by_proxy=False)

    tcp_error = tcp_end

    def client_disconnected(self, client: Client) -> None:
        self._end(client, by_proxy=True)

    def _end(self, client: Client, *, by_proxy: bool) -> None:
        if stream := self._streams.pop(client.id, None):
            for from_client in (True, False):
                stream.end(from_client, time.time(), by_proxy=by_proxy)


def recording(
    stream: Stream, from_client: bool, message: http.Request | http.Response
) -> Callable[[bytes], bytes]:
    """What mitmproxy asks for each piece of a body (and once with none, at its end): the piece
    itself, after it was recorded in the chunk that mitmproxy puts it into."""
    chunked = "chunked" in message.headers.get("transfer-encoding", "").lower()

    def record(piece: bytes) -> bytes:
        wire = piece
        if chunked:
            wire = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b"0\r\n\r\n"
        if wire:
            stream.data(from_client, wire, time.time())
        return piece

    return record


def asks_for_websocket(request: http.Request) -> bool:
    """The question that `Head.is_websocket` answers, for mitmproxy's own kind of head."""
    fields = request.headers
    return not request.is_http2 and (
        any(name.lower().startswith("sec-websocket-") for name in fields)
        or "websocket" in (token.strip().lower() for token in fields.get("upgrade", "").split(","))
    )
