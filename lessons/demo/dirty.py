"""The specimen: plain flask-sock on Werkzeug's plain server, kept for the lesson on closes.

Nothing here is mended. When a connection ends, Werkzeug finishes the request that was upgraded
long ago: it writes a whole HTTP response, some 170 octets that begin `HTTP/1.1 200 OK`, onto a
socket that speaks WebSocket frames. Chromium takes them for a broken frame and tells the page
`error` and 1006, not clean. When the client closes first, two threads race and the response
sometimes comes before the server's answering Close, or the socket is closed before either is out.

The gate (Host, Origin) stands all the same: a specimen is no reason to be open to every page.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from werkzeug.serving import WSGIRequestHandler

from lessons.demo.app import create_app
from lessons.demo.live import WebSocket, here
from lessons.demo.server import DemoServer, serve


class DirtySock(Sock):  # type: ignore[misc]
    """flask-sock as it comes; only the registry of live connections is ours."""

    def route(
        self, path: str, bp: Blueprint | None = None, **options: Any
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        def decorate(handler: Callable[..., None]) -> Callable[..., None]:
            @wraps(handler)
            def keep(ws: WebSocket, *args: Any, **kwargs: Any) -> None:
                live = here()
                connection = live.register(ws, request.environ)
                try:
                    with suppress(ConnectionClosed):
                        handler(ws, *args, **kwargs)
                finally:
                    live.forget(connection)

            super(DirtySock, self).route(path, bp=bp, **options)(keep)
            return handler

        return decorate


class PlainHandler(WSGIRequestHandler):
    """Werkzeug's request handler as it comes, but for the log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


def create_dirty_app() -> Flask:
    """The same pages and rooms over plain flask-sock."""
    return create_app(sock=DirtySock())


def serve_dirty(
    host: str, port: int, *, on_ready: Callable[[DemoServer], object] | None = None
) -> None:
    """Like `server.serve`, with nothing of its care for the close."""
    serve(create_dirty_app(), host, port, on_ready=on_ready, handler=PlainHandler)
