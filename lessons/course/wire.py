"""A TCP connection to the demo app, and plain HTTP on it, for scripts.

It waits for bytes, bounded, and never sleeps. What goes wrong is a `ScriptFailed`, in words.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, Self

from inspector.core.heads import Head, head_length, parse_head
from inspector.core.http1 import body_framing

PATIENCE: Final = 10.0
"""Seconds to wait for what has to come."""
AGENT: Final = "ws101 script"


class ScriptFailed(Exception):
    """The script could not do its part; says what it waited for."""


class Wire:
    """A TCP connection to the demo app, with all bytes kept that came and are not used yet."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.buffer = bytearray()
        self.ended = False
        try:
            self.socket = socket.create_connection((host, port), PATIENCE)
        except OSError as fault:
            words = f"can't connect to {host}:{port}: {fault.strerror or fault}"
            raise ScriptFailed(words) from None

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}"

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError as fault:
            raise ScriptFailed(f"could not send: {fault.strerror or fault}") from None

    def more(self, deadline: float, what: str) -> bytes:
        """The next bytes; empty at the end of the stream."""
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise ScriptFailed(f"waited {PATIENCE:.0f} s in vain for {what}") from None
        except OSError:
            data = b""  # a reset is an end, too
        self.ended = not data
        self.buffer += data
        return data

    def head(self, what: str) -> Head:
        deadline = time.monotonic() + PATIENCE
        while (size := head_length(self.buffer)) is None:
            if not self.more(deadline, what):
                raise ScriptFailed(f"the connection ended before {what}")
        return parse_head(self.take(size))

    def take(self, size: int) -> bytes:
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def receive(self) -> bytes:
        """Whatever comes next, however long that takes; empty at the end of the stream."""
        try:
            self.socket.settimeout(None)
            return self.socket.recv(65536)
        except OSError:
            return b""  # a reset is an end, too

    def close(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads
        self.socket.close()


def request_head(method: str, path: str, host: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The bytes of a request's head."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in fields)]
    return "\r\n".join([*lines, "", ""]).encode("iso-8859-1")


class Answer:
    """A plain HTTP response."""

    def __init__(self, head: Head, body: bytes) -> None:
        self.head = head
        self.body = body

    @property
    def status(self) -> int | None:
        return self.head.status

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise ScriptFailed(f"not JSON: {self.text[:80]!r}") from None


class HttpClient:
    """Plain HTTP on one connection, kept alive as long as the server allows; then on another."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.connections = 0
        self._wire: Wire | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._wire:
            self._wire.close()

    def get(self, path: str, fields: Iterable[tuple[str, str]] = ()) -> Answer:
        return self.ask("GET", path, b"", fields)

    def post(self, path: str, body: bytes = b"", fields: Iterable[tuple[str, str]] = ()) -> Answer:
        return self.ask("POST", path, body, fields)

    def ask(self, method: str, path: str, body: bytes, fields: Iterable[tuple[str, str]]) -> Answer:
        if self._wire is None:
            self._wire = Wire(self.host, self.port)
            self.connections += 1
        wire = self._wire
        sent = [("User-Agent", AGENT), ("Accept", "*/*"), *fields]
        if body or method == "POST":
            sent += [("Origin", f"http://{wire.authority}"), ("Content-Length", str(len(body)))]
        wire.send(request_head(method, path, wire.authority, sent) + body)
        what = f"the answer to {method} {path}"
        head = wire.head(what)
        answer = Answer(head, self._body(wire, head, method, what))
        if wire.ended or head.has_token("connection", "close"):
            wire.close()
            self._wire = None
        return answer

    @staticmethod
    def _body(wire: Wire, head: Head, method: str, what: str) -> bytes:
        framing, length = body_framing(head, method)
        deadline = time.monotonic() + PATIENCE
        if framing == "chunked":
            raise ScriptFailed(f"{what} is chunked, which this client does not read")
        if framing == "until close":
            while not wire.ended:
                wire.more(deadline, what)
            return wire.take(len(wire.buffer))
        while len(wire.buffer) < length:
            if not wire.more(deadline, what):
                raise ScriptFailed(f"the connection ended inside {what}")
        return wire.take(length)
