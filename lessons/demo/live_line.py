"""A live WebSocket with both ends in one's hands: what the self-check of lesson 13 tries things on.

    with LiveLine() as line:
        line.ws              the server's end, as flask-sock hands it to a handler
        line.heard("hello")  has the other end received this text, ever?

`heard` waits for no clock. The server's end sends a marker, and what has not come before the marker
does not come: TCP keeps the order. It is the demo's own server on loopback, and a real client.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from flask import Blueprint
from simple_websocket import Client, ConnectionClosed

from lessons.demo.app import create_app, sock
from lessons.demo.live import WebSocket
from lessons.demo.server import DemoServer

PATIENCE = 10.0


class LiveLine:
    """One connection, open for as long as the `with` lasts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        """What the other end has received so far, markers apart."""
        self._taken = threading.Event()
        self._over = threading.Event()
        self._ws: WebSocket | None = None
        bp = Blueprint("line", __name__)

        @sock.route("/ws/line", bp=bp)
        def hold(ws: WebSocket) -> None:
            self._ws = ws
            self._taken.set()
            self._over.wait()

        config = {"SOCK_SERVER_OPTIONS": {"ping_interval": None}}
        self._server = DemoServer(create_app(config, blueprints=[bp]))
        try:
            self._client = Client(f"{self._server.url.replace('http', 'ws')}/ws/line")
            if not self._taken.wait(PATIENCE):
                raise ConnectionError("the server did not take the connection")
        except BaseException:
            self.close()
            raise

    @property
    def ws(self) -> Any:
        """The server's end."""
        return self._ws

    @property
    def alive(self) -> bool:
        """Can the two ends still hear each other?"""
        return self._listen()

    def heard(self, text: str) -> bool:
        """Has the other end received exactly this text, now or earlier?"""
        self._listen()
        return text in self.texts

    def _listen(self) -> bool:
        marker = f"marker {secrets.token_hex(8)}"
        try:
            self.ws.send(marker)
            while (said := self._client.receive(PATIENCE)) not in (marker, None):
                self.texts.append(said)
        except (ConnectionClosed, OSError):
            return False
        return bool(said == marker)

    def close(self) -> None:
        self._over.set()
        try:
            if hasattr(self, "_client"):
                with suppress(ConnectionClosed, OSError):  # the server may have closed it by now
                    self._client.close()
        finally:
            self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
