"""A proxy that knows HTTP and nothing of WebSocket, as many still do. It breaks no rule.

`Connection` names fields that are meant for the next machine only. Whoever passes a message on
takes them out, and `Connection` with them (RFC 9110 §7.6.1); it adds a `Via` (§7.6.3). All other
fields are passed on as they came. One request a connection; what is too long or too slow is
given up.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from inspector.core.heads import Head, head_length, parse_head
from inspector.core.http1 import body_framing

SECONDS = 30.0
"""For one silence: also a browser's spare connection, on which nothing ever comes."""
MOST = 64 * 1024
"""Bytes of a head."""
ALWAYS = frozenset({"connection", "proxy-connection", "keep-alive", "te", "upgrade"})
"""Taken out even where `Connection` does not name them (RFC 9110 §7.6.1)."""
VIA = "1.1 ws101-proxy"


class GivenUp(Exception):
    """This exchange can't be passed on."""


def passed_on(head: Head) -> bytes:
    """The head as the next machine gets it."""
    named = {element.lower() for element in head.elements("connection")}
    kept = [each for each in head.fields if each.name.lower() not in named | ALWAYS]
    lines = [head.line, *(f"{each.name}: {each.value}" for each in kept)]
    lines += [f"Via: {VIA}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("iso-8859-1")


class Proxy:
    """Listens on a free port of loopback and passes everything on to `target`, (host, port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._room = threading.BoundedSemaphore(32)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._room.acquire()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            with near, suppress(OSError, GivenUp):
                near.settimeout(SECONDS)
                head, rest = read_head(near)
                with socket.create_connection(self.target, SECONDS) as far:
                    far.sendall(passed_on(head))
                    pass_body(near, far, rest, head)
                    answer, rest = read_head(far)
                    near.sendall(passed_on(answer) + rest)
                    while data := far.recv(65536):
                        near.sendall(data)
        finally:
            self._room.release()


def read_head(source: socket.socket) -> tuple[Head, bytes]:
    """The next head, and what came behind it."""
    data = b""
    while (size := head_length(data)) is None:
        more = source.recv(65536)
        if not more or len(data) > MOST:
            raise GivenUp
        data += more
    return parse_head(data[:size]), data[size:]


def pass_body(near: socket.socket, far: socket.socket, begun: bytes, head: Head) -> None:
    """The body of a request, if its length is told."""
    framing, left = body_framing(head)
    if framing not in ("none", "length"):
        raise GivenUp
    data = begun[:left]
    far.sendall(data)
    left -= len(data)
    while left:
        if not (data := near.recv(min(left, 65536))):
            raise GivenUp
        far.sendall(data)
        left -= len(data)
