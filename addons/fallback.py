"""What comes too late for the exact tap: recorded too, and marked `"reserialised": true`.

mitmproxy's HTTP layer keeps a connection once it has it. So it also gets an Upgrade that follows
plain requests on the same connection (browsers don't do that, some libraries may), and one that is
asked of the proxy itself (`GET http://...`), whose request line has to be another one for the
origin. Then the heads in the capture are mitmproxy's words for what was said, as it sends them on.
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

    def request(self, flow: http.HTTPFlow) -> None:
        writer, request, client = self._writer(), flow.request, flow.client_conn
        if not writer or not asks_for_websocket(request):
            return
        if client.id not in self._streams:
            told = facts(
                client,
                (request.host, request.port),
                scheme="ws",
                host=request.host_header,
                target=request.path,
                origin_tls=request.scheme == "https",
                reserialised=True,
            )
            self._streams[client.id] = writer.open(
                client.peername[:2], client.sockname[:2], told, request.timestamp_start
            )
        data = http1.assemble_request_head(request) + (request.raw_content or b"")
        self._streams[client.id].data(True, data, request.timestamp_start)

    def response(self, flow: http.HTTPFlow) -> None:
        stream, response = self._streams.get(flow.client_conn.id), flow.response
        if not stream or not response or not asks_for_websocket(flow.request):
            return
        data = http1.assemble_response_head(response) + (response.raw_content or b"")
        stream.data(False, data, time.time())
        if response.status_code == 101 and ctx.options.rawtcp:
            flow.websocket = None  # no WebSocket layer: what follows is relayed as TCP

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


def asks_for_websocket(request: http.Request) -> bool:
    """The question that `Head.is_websocket` answers, for mitmproxy's own kind of head."""
    fields = request.headers
    return not request.is_http2 and (
        any(name.lower().startswith("sec-websocket-") for name in fields)
        or "websocket" in (token.strip().lower() for token in fields.get("upgrade", "").split(","))
    )
