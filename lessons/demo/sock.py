"""flask-sock, with the polite server end in it, and nothing written after the upgrade.

Use it like flask-sock: `@sock.route("/ws/chat", bp=chat)` over `def handler(ws)`. A lesson's
blueprint does the same with the `Sock` it is given (see `app.create_app`).

A plain GET on such a path is answered `426 Upgrade Required` (RFC 9110 §15.5.22), a handshake that
is not RFC 6455 §4.2.1's with 426 (version) or 400, before anything of it reaches wsproto.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, NoReturn

from flask import Blueprint, Response, current_app, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed
from simple_websocket.errors import SimpleWebsocketError
from wsproto.utilities import ProtocolError

from lessons.demo.live import Connection, Full, WebSocket, here
from lessons.demo.polite import PoliteServer

log = logging.getLogger(__name__)

Handler = Callable[..., None]
SERVER_FAULT = 1011  # RFC 6455 §7.4.1

UPGRADE_REQUIRED = """426 Upgrade Required

This address speaks WebSocket, and you asked in plain HTTP.
To change the protocol, a request says:

    Connection: Upgrade
    Upgrade: websocket
    Sec-WebSocket-Version: 13
    Sec-WebSocket-Key: 16 random bytes in base64

The page that does it for you is /
"""


class Upgraded(Response):
    """What a view returns when its connection speaks HTTP no more.

    Werkzeug takes a ConnectionError for a connection that is gone and writes nothing: just so.
    """

    def __call__(self, *_: Any) -> NoReturn:
        raise ConnectionAbortedError("upgraded to WebSocket: no response to write")


def plain(status: int, words: str, **headers: str) -> Response:
    """A short answer in plain text."""
    response = Response(words, status=status, mimetype="text/plain")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def upgrade_required() -> Response:
    ours = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    return plain(426, UPGRADE_REQUIRED, **ours)


def refusal(environ: dict[str, Any]) -> Response | None:
    """What is wrong with this handshake (RFC 6455 §4.2.1), as the response to it; or None."""
    if environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        return upgrade_required()
    if environ["REQUEST_METHOD"] != "GET":
        return plain(400, "A WebSocket handshake is a GET.\n")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION", "").strip() != "13":
        return upgrade_required()
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        return plain(400, "Sec-WebSocket-Key must be 16 bytes in base64.\n")
    if environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ:
        return plain(400, "A WebSocket handshake has no body.\n")
    return None


class PoliteSock(Sock):  # type: ignore[misc]
    """flask-sock whose connections are `PoliteServer`s, kept in the app's registry."""

    def route(
        self, path: str, bp: Blueprint | None = None, **options: Any
    ) -> Callable[[Handler], Handler]:
        """Serve `path` with a handler `f(ws, ...)`; the WebSocket closes when it returns."""

        def decorate(handler: Handler) -> Handler:
            @wraps(handler)
            def upgrade(*args: Any, **kwargs: Any) -> Response:
                return converse(handler, *args, **kwargs)

            def explain(*_: Any, **__: Any) -> Response:
                return upgrade_required()

            explain.__name__ = f"{handler.__name__}_in_plain_http"
            home = bp or self.app
            home.route(path, websocket=True, **options)(upgrade)
            home.route(path, websocket=False, **options)(explain)
            return handler

        return decorate


def converse(handler: Handler, *args: Any, **kwargs: Any) -> Response:
    """Upgrade the connection of this request and let `handler` speak on it to the end."""
    refused = refusal(request.environ)
    if refused:
        return refused
    live = here()
    met: list[Connection] = []

    def meet(ws: WebSocket) -> None:
        met.append(live.register(ws, request.environ))

    options = current_app.config["SOCK_SERVER_OPTIONS"]
    try:
        with live.slot():
            ws = PoliteServer(request.environ, accepted=meet, **options)
            attend(handler, ws, *args, **kwargs)
            ws.join()
    except Full:
        return plain(503, "Too many connections are open here.\n", Retry_After="5")
    except (ProtocolError, SimpleWebsocketError, ValueError):
        return plain(400, "This WebSocket handshake can't be read.\n")
    finally:
        for connection in met:
            live.forget(connection)
    return Upgraded()


def attend(handler: Handler, ws: WebSocket, *args: Any, **kwargs: Any) -> None:
    """Run a handler; whatever it does, the closing handshake has begun when this returns."""
    code = None
    try:
        handler(ws, *args, **kwargs)
    except ConnectionClosed:
        pass
    except Exception:
        log.exception("the handler of %s failed", request.path)
        code = SERVER_FAULT
    with suppress(ConnectionClosed):
        ws.close(code, "the server made a mistake" if code else None)
