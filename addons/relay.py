"""The layers that carry a connection's bytes: raw, both ways, each read recorded before it is sent.

mitmproxy takes a connection apart in layers: TLS, HTTP, WebSocket. Its WebSocket layer hands out
whole messages and writes frames of its own making to the far side; masks, fragments, faults and
half-closes are lost. So one rule: **below the request head, we understand nothing.** `Tap` waits
for the head (to learn whether it asks for a WebSocket) and from then on passes on what it read, as
it was read. A connection that asks for something else goes to the layer that mitmproxy would have
taken, with all that was held back.

Two of mitmproxy's ways would still bend what passes through a tunnel or TLS, and are met here:
its HTTP layer makes every half-close inside a CONNECT tunnel a full one (`Front` steps around it),
and its TLS layer never sends the close_notify with which a TLS peer says its last word
(`Tap._half_close` does, where the other side said so).

What we can't mend from here: one slow reader holds up both directions of its connection, because
mitmproxy reads on only when every one of the connection's write buffers has drained. That is also
what keeps its memory small.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Generator
from typing import Any, Final

from mitmproxy.connection import Client, Connection, ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ClientTLSLayer, HttpLayer, ServerTLSLayer, modes
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.tls import HTTP1_ALPNS
from OpenSSL import SSL

from inspector.core.heads import MAX_HEAD, Head, head_length, parse_head
from inspector.files.recorder import CaptureWriter, Stream

type Commands = Generator[commands.Command, Any, None]

_METHOD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}(?: |$)")
"""What HTTP begins with, or a part of it: anything else need not be waited for."""

_ABSOLUTE: Final = re.compile(r"(?:https?|wss?)://", re.IGNORECASE)

PATIENCE: Final = 10
"""Seconds that a client has to leave after it was refused."""


class PassedOver(layer.NextLayer):
    """A question to mitmproxy's own `next_layer` addon; ours does not answer it."""


class Front(layer.Layer):
    """The door of an explicit proxy: mitmproxy's HTTP layer, until a CONNECT has made a tunnel.

    From then on, what is in the tunnel: HTTP has nothing more to say there, but mitmproxy's layer
    stays in between and turns half-closes into full ones.
    """

    def __init__(self, context: Context, mode: HTTPMode) -> None:
        super().__init__(context)
        self.child: layer.Layer = HttpLayer(context, mode)

    def _handle_event(self, event: events.Event) -> Commands:
        yield from self.child.handle_event(event)


class Tap(layer.Layer):
    """Waits for a request head; then relays and records, or steps aside.

    `everything`: relay and record plain HTTP, too.
    """

    def __init__(self, context: Context, writer: CaptureWriter, *, everything: bool) -> None:
        super().__init__(context)
        self.stream: Stream | None = None
        self.server_gone = False
        """No part of the way to the server is left; a half-closed one is not gone."""
        self.stopped = False
        """The capture is closed: what can't be recorded any more is not relayed either."""
        self._writer = writer
        self._everything = everything
        self._state: Callable[[events.Event], Commands] = self._collect
        self._held: list[tuple[events.Event, float]] = []
        self._held_size = 0
        self._head = bytearray()
        self._shut: set[Connection] = set()

    def _handle_event(self, event: events.Event) -> Commands:
        yield from self._state(event)

    # Until the head is here.

    def _collect(self, event: events.Event) -> Commands:
        self._held.append((event, time.time()))
        if not isinstance(event, events.ConnectionEvent):
            return
        if event.connection != self.context.client:
            yield from self._step_aside()  # a server that speaks or leaves first: not for us
            return
        searched = len(self._head)
        if isinstance(event, events.DataReceived):
            # Empty lines before a request are to be ignored, RFC 9112 §2.2.
            self._head += event.data if self._head else event.data.lstrip(b"\r\n")
            self._held_size += len(event.data)
        size = head_length(self._head, searched)
        # In a tunnel or where all is recorded, another protocol must not wait to be told from HTTP.
        other = (self._everything or not self._in_front) and not _METHOD.match(self._head)
        whole = size is not None or self._held_size > MAX_HEAD or other
        ended = isinstance(event, events.ConnectionClosed)
        if whole or ended:
            head = parse_head(bytes(self._head[: size or MAX_HEAD]))
            if head.is_websocket or self._everything:
                yield from self._begin(head)
            elif ended and self._in_front:
                self._state = self._over  # half a request, and no more will come
                yield from self._half_close(event.connection, notify=True)
            elif size is None and self._in_front:
                yield from self._refuse(
                    "431 Request Header Fields Too Large", f"no end within {MAX_HEAD} bytes"
                )
            else:
                yield from self._step_aside()

    @property
    def _in_front(self) -> bool:
        """Of one server (reverse proxy): all that comes is meant as HTTP."""
        return isinstance(self.context.layers[0], modes.ReverseProxy)

    def _step_aside(self) -> Commands:
        """Leave the connection to mitmproxy, as if we had not been here."""
        in_front, context = self._in_front, self.context
        context.layers.remove(self)  # mitmproxy's layers look at their neighbours
        http = HTTPMode.transparent
        child = HttpLayer(context, http) if in_front else PassedOver(context)
        self._state = child.handle_event
        held, self._held = self._held, []
        for event, _ in held:
            yield from child.handle_event(event)

    # From the head on.

    def _begin(self, head: Head) -> Commands:
        client, server = self.context.client, self.context.server
        origin = (server.address or ("?", 0))[:2]
        held = [item for item in self._held if isinstance(item[0], events.ConnectionEvent)]
        self._held, self._head = [], bytearray()
        self._state = self._relay
        told = facts(
            client,
            origin,
            scheme="ws" if head.is_websocket else "http",
            host=head.get("host"),
            target=next(iter(head.line.split()[1:]), ""),
            origin_tls=server.tls,
            reserialised=False,
        )
        self.stream = self._writer.open(client.peername[:2], client.sockname[:2], told, held[0][1])
        for event, when in held:
            self._record(event, when)
        error = server.error
        if not error and server.timestamp_start is None:
            # The bytes are HTTP/1.1; a server that was offered h2 might take it.
            offers = server.alpn_offers or client.alpn_offers
            server.alpn_offers = [name for name in offers if name in HTTP1_ALPNS]
            error = yield commands.OpenConnection(server)
            if self.stopped:
                return
        elif not error and not server.state & ConnectionState.CAN_WRITE:
            error = "it has closed the connection"
        if error:
            yield from self._refuse(
                "502 Bad Gateway", f"no connection to {authority(*origin)}: {error}"
            )
            return
        for event, _ in held:
            yield from self._pass_on(event)

    def _refuse(self, status: str, why: str) -> Commands:
        """Answer the client in the server's place, in HTTP; in the capture, too, if it has one."""
        body = f"ws101 proxy: {why}\n".encode()
        response = (
            b"HTTP/1.1 %s\r\nServer: ws101 proxy\r\nConnection: close\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
        ) % (status.encode(), len(body), body)
        if self.stream:
            self.stream.data(False, response, time.time(), note={"by": "proxy"})
        self.finish()
        self._state = self._leave
        yield commands.SendData(self.context.client, response)
        yield from self._half_close(self.context.client, notify=True)
        yield commands.RequestWakeup(PATIENCE)

    def _leave(self, event: events.Event) -> Commands:
        """The client has our answer and our end; give it time to read them and to leave, too."""
        if isinstance(event, events.Wakeup):
            yield commands.CloseConnection(self.context.client)

    def _relay(self, event: events.Event) -> Commands:
        if not isinstance(event, events.ConnectionEvent):
            return
        if self.stopped:
            for connection in (self.context.client, self.context.server):
                if connection.connected:
                    yield commands.CloseConnection(connection)
            return
        self._record(event, time.time())
        yield from self._pass_on(event)

    def _record(self, event: events.Event, when: float) -> None:
        assert self.stream
        if isinstance(event, events.DataReceived):
            self.stream.data(event.connection == self.context.client, event.data, when)
        elif isinstance(event, events.ConnectionClosed):
            # A peer's end leaves our half open, unless we had closed that before.
            connection = event.connection
            ours = connection.state is ConnectionState.CLOSED and connection not in self._shut
            self.stream.end(connection == self.context.client, when, by_proxy=ours)

    def _pass_on(self, event: events.Event) -> Commands:
        client, server = self.context.client, self.context.server
        if isinstance(event, events.DataReceived):
            if event.connection == server:
                yield commands.SendData(client, event.data)
            elif self.server_gone:
                yield commands.CloseConnection(client)  # as a server's RST would
            else:
                yield commands.SendData(server, event.data)
        elif isinstance(event, events.ConnectionClosed):
            yield from self._pass_on_end(event.connection)

    def _pass_on_end(self, ended: Connection) -> Commands:
        """To the other side: as close_notify, too, unless TLS here ended without it.

        Two half-closes make a whole one. We don't ask for that: mitmproxy drops what a connection
        has to say at that very moment, its own end included.
        """
        client, server = self.context.client, self.context.server
        tls = self._tls(ended)
        notify = tls is None or bool(tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN)
        yield from self._half_close(server if ended == client else client, notify=notify)

    def _half_close(self, connection: Connection, *, notify: bool) -> Commands:
        if connection in self._shut:
            return
        self._shut.add(connection)
        if notify and (tls := self._tls(connection)):
            with contextlib.suppress(SSL.Error):
                tls.shutdown()
            yield commands.SendData(connection, b"")  # the TLS layer sends what waits: that notice
        yield commands.CloseTcpConnection(connection, half_close=True)

    def _tls(self, connection: Connection) -> SSL.Connection | None:
        """The TLS session that carries a connection's bytes, if any."""
        for each in reversed(self.context.layers):
            if isinstance(each, ClientTLSLayer | ServerTLSLayer) and each.conn == connection:
                return each.tls
        return None

    def _over(self, event: events.Event) -> Commands:
        yield from ()

    def finish(self) -> None:
        """No more will come; ends that no peer made are recorded as the proxy's."""
        if self.stream:
            for from_client in (True, False):
                self.stream.end(from_client, time.time(), by_proxy=True)


def authority(host: str, port: int, default: int | None = None) -> str:
    """Host and port as a URL has them, without a port that is the `default`."""
    host = f"[{host}]" if ":" in host else host
    return host if port == default else f"{host}:{port}"


def facts(
    client: Client,
    server: tuple[str, int],
    *,
    scheme: str,
    host: str | None,
    target: str,
    origin_tls: bool,
    reserialised: bool,
) -> dict[str, object]:
    """What the capture is told about a connection beyond its bytes.

    `scheme` is `ws` or `http`, `host` and `target` are what the request says.
    """
    mode = client.proxy_mode.type_name
    if mode != "reverse" or not host:  # there the client thinks that it talks to the Host it names
        host = authority(*server, 443 if client.tls else 80)
    url = f"{scheme}{'s' * client.tls}://{host}{target if target.startswith('/') else ''}"
    return {
        "url": target if _ABSOLUTE.match(target) else url,
        "server": authority(*server),
        "tls": client.tls,
        "origin_tls": origin_tls,
        "mode": mode,
        "reserialised": reserialised,
    }
