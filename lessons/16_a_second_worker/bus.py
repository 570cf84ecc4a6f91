"""Two buses for the check, of the same kind: a Redis, and where none is installed, lines of text
over TCP, each of which goes to everyone who is connected.

    bus = join("redis://..." or "unix://..." or "lines://127.0.0.1:PORT")
    bus.publish("room:chat", b"...")        raises ConnectionError
    for channel, data in bus.messages(): ...
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

PATIENCE = 10.0


class Bus(Protocol):
    def publish(self, channel: str, data: bytes) -> None: ...
    def messages(self) -> Iterator[tuple[str, bytes]]: ...


def join(url: str) -> Bus:
    """Subscribed to all rooms when this returns."""
    return Lines(url) if url.startswith("lines:") else Redis(url)


class Redis:
    def __init__(self, url: str) -> None:
        import redis

        self._faults: Any = (redis.RedisError, OSError)
        self._client = redis.Redis.from_url(url, retry=None)
        self._line: Any = self._client.pubsub()
        self._line.psubscribe("room:*")
        self._line.get_message(timeout=PATIENCE)

    def publish(self, channel: str, data: bytes) -> None:
        try:
            self._client.publish(channel, data)
        except self._faults as fault:
            raise ConnectionError(str(fault)) from None

    def messages(self) -> Iterator[tuple[str, bytes]]:
        for told in self._line.listen():
            if told["type"] == "pmessage":
                yield told["channel"].decode(), told["data"]


class Lines:
    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._sock = socket.create_connection((place.hostname, place.port), PATIENCE)
        self._sock.settimeout(None)
        self._file = self._sock.makefile("rb")
        self._file.readline()  # its greeting: from here on we hear all
        self._lock = threading.Lock()

    def publish(self, channel: str, data: bytes) -> None:
        if not isinstance(data, bytes):
            raise TypeError("a bytes-like object is required")
        with self._lock:
            self._sock.sendall(b"%s %s\n" % (channel.encode().hex().encode(), data.hex().encode()))

    def messages(self) -> Iterator[tuple[str, bytes]]:
        for line in self._file:
            channel, _, data = line.decode().rstrip("\n").partition(" ")
            yield bytes.fromhex(channel).decode(), bytes.fromhex(data)


class LineServer:
    """Passes every line on to everyone, in one order."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"lines://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._members: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                member, _ = self._listener.accept()
                with self._lock:
                    self._members.append(member)
                    member.sendall(b"welcome\n")
                threading.Thread(target=self._pass_on, args=(member,), daemon=True).start()

    def _pass_on(self, member: socket.socket) -> None:
        with suppress(OSError):
            for line in member.makefile("rb"):
                with self._lock:
                    for each in self._members:
                        with suppress(OSError):
                            each.sendall(line)

    def close(self) -> None:
        for each in (self._listener, *self._members):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
