"""One address for several servers, on loopback: what a balancer does, and no more.

    python -m lessons.course.child balancer PORT URL URL...

A connection is passed on whole, byte for byte, to one server, and stays there until it ends: to
the one that holds the fewest WebSockets, of equals to the first. One that does not answer is passed
over. It does not look into anything but the first request's head, and that only to tell a
WebSocket.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

HEAD: Final = 64 << 10
"""Octets of a request's head; what has none by then is passed on as it is."""
PATIENCE: Final = 10.0
"""Seconds for a head to come, and for a server to answer."""
UPGRADE: Final = re.compile(rb"^upgrade:[ \t]*websocket[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
NOBODY: Final = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: 26\r\n\r\nNo server answers behind.\n"
)


class Server:
    """One of those behind, and how many WebSockets it holds."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = parts.hostname or "127.0.0.1", parts.port or 80
        self.held = 0


class Balancer:
    """It listens from the moment this object exists, on loopback."""

    def __init__(self, port: int, urls: Iterable[str]) -> None:
        """OSError if the port is taken."""
        self.servers = [Server(url) for url in urls]
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = read_head(client)
            lasts = UPGRADE.search(head) is not None
            server, behind = self._connect(lasts)
            if server is None or behind is None:
                return client.sendall(NOBODY)
            with behind:
                try:
                    behind.sendall(head)
                    relay(client, behind)
                finally:
                    with self._lock:
                        server.held -= lasts

    def _connect(self, lasts: bool) -> tuple[Server | None, socket.socket | None]:
        """The server whose turn it is, one WebSocket more if this is one."""
        tried: set[Server] = set()
        while len(tried) < len(self.servers):
            with self._lock:
                left = (server for server in self.servers if server not in tried)
                server = min(left, key=lambda server: server.held)
                server.held += lasts
            try:
                return server, socket.create_connection(server.address, PATIENCE)
            except OSError:
                tried.add(server)
                with self._lock:
                    server.held -= lasts
        return None, None


def read_head(client: socket.socket) -> bytes:
    """The first bytes, up to the end of the first head, or a little more."""
    client.settimeout(PATIENCE)
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD:
        if not (data := client.recv(HEAD)):
            break
        head += data
    return head


def relay(one: socket.socket, other: socket.socket) -> None:
    """Pass on what comes, both ways, until one of the two has ended and the other was told."""
    back = threading.Thread(target=pump, args=(other, one), daemon=True)
    back.start()
    pump(one, other)
    back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    source.settimeout(None)
    with suppress(OSError):
        sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as it comes, at once
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def balance(port: int, *urls: str) -> None:
    """Say where, and serve, in the foreground."""
    balancer = Balancer(port, urls)
    print(f"ws101 balancer listening on {balancer.url}", flush=True)
    balancer.serve()
