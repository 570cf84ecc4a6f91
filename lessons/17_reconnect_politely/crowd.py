"""Many clients in one thread: each connects, and when it is let down, waits and connects again.

Real connections, one socket each, driven by one selector. How long a client waits, its policy says;
all else is the same for all of them. It reads no more of a server's frames than it must: a Close.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from inspector.core.encode import encode_close
from inspector.core.frames import FrameDecoder
from inspector.core.rfc import CLOSE, VERSION
from lessons.course.client import new_key
from lessons.course.wire import AGENT, PATIENCE, ScriptFailed, request_head

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
UNDER_WAY = frozenset({0, errno.EINPROGRESS})
ABNORMAL = 1006


@dataclass(frozen=True, slots=True)
class End:
    """How a connection ended for its client: the close code that it is told, and how long it was
    open (0 if it never was)."""

    code: int
    lasted: float


@dataclass(slots=True, eq=False)
class Caller:
    """One client. `policy(attempt, end)` returns what to count as the next attempt, and the seconds
    to wait before it; None for never."""

    path: str
    policy: Callable[[int, End], tuple[int, float | None]]
    attempt: int = 0
    due: float | None = 0.0
    sock: socket.socket | None = None
    came: bytes = b""
    opened: float | None = None
    frames: FrameDecoder | None = None
    code: int = ABNORMAL
    opens: int = 0


@dataclass(slots=True)
class Crowd:
    """Callers at work, from `with` to its end."""

    address: tuple[str, int]
    callers: list[Caller]
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _over: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join(PATIENCE)

    close = __exit__

    def wait(self, true: Callable[[Caller], bool], what: str, patience: float = 30.0) -> None:
        """Until it is true of all of them."""
        with self._changed:
            if not self._changed.wait_for(lambda: all(map(true, self.callers)), patience):
                raise ScriptFailed(f"waited {patience:.0f} s in vain for {what}")

    # In the thread

    def _work(self) -> None:
        while not self._over.is_set():
            now = time.monotonic()
            for caller in self.callers:
                if caller.due is not None and caller.due <= now:
                    self._call(caller)
            left = [caller.due for caller in self.callers if caller.due is not None]
            pause = min([0.05, *(max(0.0, due - time.monotonic()) for due in left)])
            for key, _ in self._selector.select(pause):
                self._hear(key.data)
        for caller in self.callers:
            self._leave(caller)
        self._selector.close()

    def _call(self, caller: Caller) -> None:
        caller.due, caller.came, caller.code = None, b"", ABNORMAL
        caller.opened, caller.frames = None, None
        caller.sock = sock = socket.socket()
        sock.setblocking(False)
        if sock.connect_ex(self.address) not in UNDER_WAY:
            self._ended(caller)
            return
        self._selector.register(sock, WRITE, caller)

    def _hear(self, caller: Caller) -> None:
        sock = caller.sock
        if sock is None:
            return
        try:
            if self._selector.get_key(sock).events == WRITE:
                sock.sendall(self._request(caller))
                self._selector.modify(sock, READ, caller)
                return
            data = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or not self._took(caller, data):
            self._ended(caller)

    def _request(self, caller: Caller) -> bytes:
        host, port = self.address
        fields = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", new_key()),
            ("Sec-WebSocket-Version", VERSION),
            ("User-Agent", AGENT),
        ]
        return request_head("GET", caller.path, f"{host}:{port}", fields)

    def _took(self, caller: Caller, data: bytes) -> bool:
        """Take in what came; False if that was its end."""
        if caller.frames is None:
            caller.came += data
            head, found, data = caller.came.partition(b"\r\n\r\n")
            if not found:
                return len(head) < 65536
            if not head.startswith(b"HTTP/1.1 101"):
                return False
            caller.frames = FrameDecoder("server")
            with self._changed:
                caller.opened = time.monotonic()
                caller.opens += 1
                self._changed.notify_all()
        caller.frames.feed(data)
        while piece := caller.frames.next_piece():
            if getattr(piece, "opcode", None) == CLOSE:
                payload = getattr(piece, "payload", b"")
                caller.code = int.from_bytes(payload[:2]) if len(payload) > 1 else 1005
                self._answer(caller, caller.code)
        return True

    def _answer(self, caller: Caller, code: int) -> None:
        with suppress(OSError):
            if caller.sock:
                code = 1000 if code == 1005 else code
                caller.sock.sendall(encode_close(code, "", masking_key=os.urandom(4)))

    def _ended(self, caller: Caller) -> None:
        lasted = time.monotonic() - caller.opened if caller.opened else 0.0
        end = End(caller.code, lasted)
        self._drop(caller)
        caller.attempt, delay = caller.policy(caller.attempt, end)
        with self._changed:
            caller.opened = None
            caller.due = None if delay is None else time.monotonic() + delay
            self._changed.notify_all()

    def _leave(self, caller: Caller) -> None:
        """A Close of ours, and wait a little for the server's end."""
        if caller.sock and caller.opened:
            self._answer(caller, 1000)
            with suppress(OSError):
                caller.sock.settimeout(1)
                while caller.sock.recv(65536):
                    pass
        self._drop(caller)

    def _drop(self, caller: Caller) -> None:
        if caller.sock:
            with suppress(KeyError, ValueError):
                self._selector.unregister(caller.sock)
            caller.sock.close()
            caller.sock = None
