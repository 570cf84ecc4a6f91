"""Who is here now: the live connections, and the rooms they sit in.

Everything in this file lives in this process's memory and nowhere else, which is the answer to the
question the course was made for (lesson 13): a WebSocket can't be stored, only remembered, by the
process that holds its socket, for as long as it is open.

    live = app.extensions["ws101"]
    live.connections        {1: Connection(id=1, path="/ws/chat", peer=("127.0.0.1", 50312), ...)}
    live.find(path="/ws/chat")        the newest of them
    live.find(key="1blj4jRB+AIK...==")    the one whose handshake carried this Sec-WebSocket-Key
    live.rooms["chat"].members        {ws: "Otter"}
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask, current_app
from simple_websocket import ConnectionClosed

if TYPE_CHECKING:
    from lessons.demo.bus import Bus

GOING_AWAY = 1001  # RFC 6455 §7.4.1


class WebSocket(Protocol):
    """What a handler may do with the `ws` it is given (flask-sock's interface)."""

    connected: bool

    def send(self, data: str | bytes) -> None: ...
    def receive(self, timeout: float | None = None) -> str | bytes | None: ...
    def close(self, reason: int | None = None, message: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Connection:
    """One open WebSocket. `opened` in seconds since the epoch; of `environ` the texts alone."""

    id: int
    path: str
    peer: tuple[str, int]
    environ: Mapping[str, str]
    ws: WebSocket
    opened: float


def anything(_: str | bytes) -> None:
    """What a room does with what was said, if it does nothing."""


@dataclass(slots=True)
class Room:
    """Members hear what is said in the room, all in the same order. No member can stall another:
    `send` only queues.

    On a bus (lessons/demo/bus.py) it has members on other servers, too. `keep` is called with
    everything before it is delivered, and raises ValueError for what is not said in such a room:
    with a bus, a stranger may have said it.
    """

    name: str
    members: dict[WebSocket, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    bus: Bus | None = None
    keep: Callable[[str | bytes], object] = anything

    def broadcast(self, data: str | bytes) -> None:
        """Say it in the room: to every member, on all servers. ValueError if it does not fit."""
        if not (self.bus and self.bus.publish(self.name, data)):
            self.deliver(data)

    def announce(self, data: str | bytes) -> None:
        """To every member: here at once, and to those of other servers as it gets there."""
        if self.bus:
            self.bus.publish(self.name, data, comes_back=False)
        self.deliver(data)

    def deliver(self, data: str | bytes) -> None:
        """Send to every member here. One whose connection is ending is passed over: its own handler
        takes it out of the room."""
        with self.lock:
            self.keep(data)
            for member in list(self.members):
                with suppress(ConnectionClosed, OSError):
                    member.send(data)


class Full(RuntimeError):
    """As many connections are open as this server takes, or it is going away."""


class Live:
    """The registry of one app. Safe to use from any thread."""

    def __init__(self, max_connections: int, bus: Bus | None = None, name: str = "") -> None:
        self.name = name  # of this server, among several
        self.bus = bus
        self.rooms: dict[str, Room] = {}
        self.connections: dict[int, Connection] = {}
        self.started = time.time()
        self.opened = 0  # connections since the start
        self.dropped = 0  # of them, let go because they were too slow or silent
        self.closing = threading.Event()
        self.idle: set[socket.socket] = set()  # plain HTTP, kept alive, between two requests
        self.max_connections = max_connections
        self._changed = threading.Condition()
        self._waiting = 0

    def room(self, name: str) -> Room:
        """The room of that name, made when first asked for. On a bus are those that were made
        before the app was whole."""
        with self._changed:
            if name not in self.rooms:
                self.rooms[name] = room = Room(name, bus=self.bus)
                if self.bus:
                    self.bus.join(name, room.deliver)
            return self.rooms[name]

    def find(self, *, path: str | None = None, key: str | None = None) -> Connection | None:
        """The newest open connection on `path`, with this `Sec-WebSocket-Key`, or both."""
        with self._changed:
            for connection in reversed(self.connections.values()):
                same_path = path is None or connection.path == path
                same_key = key is None or connection.environ.get("HTTP_SEC_WEBSOCKET_KEY") == key
                if same_path and same_key:
                    return connection
        return None

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place among the requests that last: WebSockets, long polls, event streams."""
        with self._changed:
            if self.closing.is_set() or self._waiting >= self.max_connections:
                raise Full
            self._waiting += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1

    def register(self, ws: WebSocket, environ: Mapping[str, Any]) -> Connection:
        """Keep `ws` here until `forget`; done before its 101 is on the wire, so whoever has seen
        that can find it."""
        texts = {
            name: value
            for name, value in environ.items()
            if isinstance(value, str) and not name.startswith("wsgi.")
        }
        peer = (texts.get("REMOTE_ADDR", ""), int(environ.get("REMOTE_PORT", 0)))
        path = texts.get("PATH_INFO", "")
        with self._changed:
            self.opened += 1
            connection = Connection(self.opened, path, peer, texts, ws, time.time())
            self.connections[connection.id] = connection
        if self.closing.is_set():
            _farewell(ws)
        return connection

    def forget(self, connection: Connection) -> None:
        """Its handler is done and its socket at its end."""
        with self._changed:
            self.dropped += bool(getattr(connection.ws, "dropped", False))
            del self.connections[connection.id]
            self._changed.notify_all()

    def close_all(self, timeout: float) -> bool:
        """Tell everyone 1001 (going away) and wait for the closes. True if all ended in time."""
        self.closing.set()
        with self._changed:
            leaving = list(self.connections.values())
        for connection in leaving:
            _farewell(connection.ws)
        with self._changed:
            return self._changed.wait_for(lambda: not self.connections, timeout)


def _farewell(ws: WebSocket) -> None:
    with suppress(ConnectionClosed, OSError):
        ws.close(GOING_AWAY, "the server is going away")


def live_of(app: Flask) -> Live:
    """The registry of `app`."""
    live: Live = app.extensions["ws101"]
    return live


def here() -> Live:
    """The registry of the app whose request we are in."""
    return live_of(current_app)


@dataclass(slots=True)
class Pace:
    """A leaky bucket: who speaks too fast is heard later, which TCP turns into a slower sender."""

    wait: Callable[[float], object]
    rate: float = 512 * 1024  # octets a second, each message counting 512 more
    burst: float = 1024 * 1024
    _level: float = 0.0
    _then: float = field(default_factory=time.monotonic)

    def spend(self, octets: int) -> None:
        """Note a message; wait if the bucket has run over."""
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._then) * self.rate) + octets + 512
        self._then = now
        if self._level > self.burst:
            self.wait((self._level - self.burst) / self.rate)
