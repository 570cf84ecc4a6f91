"""The exact tap: every WebSocket connection recorded byte for byte, as a mitmproxy addon.

    mitmdump --listen-host 127.0.0.1 -s addons/websocket_tap.py --set ws101_file=capture.pcapng

Without `--listen-host`, mitmproxy waits on all addresses, for other machines, too.

It asks to be first on each connection (the `next_layer` hook) and puts `relay.Tap` there, which
relays the bytes untouched and records each read before it is sent. An Upgrade that comes too late
for that is recorded in another way (`fallback`), and marked.

Options: `ws101_file` (the capture, a new file), `ws101_force` (replace an existing one),
`ws101_http` (record plain HTTP/1.1 connections, too).

mitmproxy's own defaults are left alone. With them (`connection_strategy` eager), a reverse proxy
drops a client whose server can't be reached before anyone is asked, and a connection that is silent
for ten minutes is closed (`tcp_timeout`); `ws101 proxy` sets both otherwise.
"""

# mypy: untyped-calls-exclude=mitmproxy

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Set
from pathlib import Path

# Run by someone's mitmdump, this file may be all of the project that Python knows of.
if (root := str(Path(__file__).resolve().parents[1])) not in sys.path:
    sys.path.insert(0, root)

from mitmproxy import ctx
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.layer import Layer, NextLayer
from mitmproxy.proxy.layers import ClientTLSLayer, ServerTLSLayer, modes
from mitmproxy.proxy.layers.http import HTTPMode, HttpStream
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons.fallback import Fallback
from addons.relay import Front, PassedOver, Tap
from inspector.files.recorder import CaptureWriter

logger = logging.getLogger(__name__)


class WebSocketTap:
    """The addon. Give it a writer, or let the option `ws101_file` name a file to make."""

    def __init__(self, writer: CaptureWriter | None = None) -> None:
        self.writer = writer
        self.taps: dict[str, Tap] = {}
        """By the client's id."""
        self._path = ""

    def load(self, loader: Loader) -> None:
        loader.add_option("ws101_file", str, "", "Record WebSocket connections to this new file.")
        loader.add_option("ws101_force", bool, False, "Replace ws101_file if it exists.")
        loader.add_option("ws101_http", bool, False, "Record plain HTTP/1.1 connections, too.")

    def configure(self, updated: Set[str]) -> None:
        path: str = ctx.options.ws101_file
        if "ws101_file" not in updated or path == self._path:
            return
        self.done()
        self._path = path
        if not path:
            return

        def report(error: OSError) -> None:
            words = f"ws101: the capture {path} is incomplete: {error.strerror}. Traffic goes on."
            logger.error(words)

        try:
            self.writer = CaptureWriter.create(
                Path(path).expanduser(), force=ctx.options.ws101_force, on_loss=report
            )
        except OSError as error:
            # An error logged at its start ends mitmdump; to raise would add a traceback.
            exists = isinstance(error, FileExistsError)
            hint = "; name another, or add --set ws101_force=true" if exists else ""
            logger.error(f"ws101_file: {path}: {error.strerror}{hint}")

    def running(self) -> None:
        if not self.writer:
            logger.warning("ws101: nothing is recorded. Say where: --set ws101_file=FILE")

    def done(self) -> None:
        for tap in self.taps.values():
            tap.stopped = True
        if self.writer:
            self.writer.close(time.time())
            self.writer = None

    def next_layer(self, nextlayer: NextLayer) -> None:
        if self.writer and not nextlayer.layer and not isinstance(nextlayer, PassedOver):
            nextlayer.layer = self.choose(nextlayer, self.writer)

    def choose(self, nextlayer: NextLayer, writer: CaptureWriter) -> Layer | None:
        """What mitmproxy would choose, but one layer at a time: so we are asked for each, too.

        None leaves it to mitmproxy.
        """
        context, above = nextlayer.context, nextlayer.context.layers
        if context.client.transport_protocol != "tcp":
            return None
        outermost = len(above) == 1
        tls = starts_like_tls_record(nextlayer.data_client())
        tunnel = next((each for each in above if isinstance(each, HttpStream)), None)

        if isinstance(above[0], modes.HttpProxy | modes.HttpUpstreamProxy) and not tunnel:
            if tls and outermost:
                return ClientTLSLayer(context)
            upstream = isinstance(above[0], modes.HttpUpstreamProxy)
            return Front(context, HTTPMode.upstream if upstream else HTTPMode.regular)
        for front in above:
            if tunnel and isinstance(front, Front):
                front.child = tunnel.child_layer or nextlayer

        if isinstance(mode := context.client.proxy_mode, ReverseMode):
            if mode.scheme not in ("http", "https"):
                return None
            if outermost and mode.scheme == "https":
                origin = ServerTLSLayer(context)
                if tls:
                    origin.child_layer = ClientTLSLayer(context)
                return origin
            if outermost and tls:
                return ClientTLSLayer(context)
        if tls or b"h2" in (context.client.alpn, context.server.alpn):
            return None
        tap = Tap(context, writer, everything=ctx.options.ws101_http)
        self.taps[context.client.id] = tap
        return tap

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        if tap := self.taps.get(data.client.id):
            tap.server_gone = True

    def client_disconnected(self, client: Client) -> None:
        if tap := self.taps.pop(client.id, None):
            tap.finish()


def make(writer: CaptureWriter | None = None) -> list[object]:
    """The tap and what catches what it misses, in the order in which mitmproxy has to ask them."""
    tap = WebSocketTap(writer)
    return [tap, Fallback(lambda: tap.writer)]


addons = make()
