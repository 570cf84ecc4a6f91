"""A relay that records: what passes it is in a capture, written by the recorder that we ship.

Plainer than the tap, and started in no time, so that each pair of peers can have its own. Only what
was written is passed on, as the tap does it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path

from inspector.files.recorder import CaptureWriter, Stream
from tests.addons.peers import PATIENCE


class Relay:
    """Listens on a port of its own in front of `port`; one capture for all its connections."""

    def __init__(self, port: int, path: Path) -> None:
        self.path = path
        self._to = ("127.0.0.1", port)
        self._writer = CaptureWriter.create(path)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._running: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._accepting = self._start(self._accept)

    def finish(self) -> None:
        """Take nobody more; when all who are here have ended, the capture is whole."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(PATIENCE)
        for thread in list(self._running):
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a connection does not end"
        self._writer.close(time.time())
        assert self._writer.complete
        assert not self._writer.lost_records

    def drop(self) -> None:
        """Let go of everything, whoever is still here."""
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    @staticmethod
    def _start(work: object, *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, client = self._listener.accept()
                self._running.append(self._start(self._connect, near, client))

    def _connect(self, near: socket.socket, client: tuple[str, int]) -> None:
        far = socket.create_connection(self._to)
        self._sockets += near, far
        for each in near, far:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        with self._lock:
            stream = self._writer.open(client, near.getsockname(), {}, time.time())
        back = self._start(self._pass, stream, False, far, near)
        self._pass(stream, True, near, far)
        back.join()
        near.close()
        far.close()

    def _pass(
        self, stream: Stream, from_client: bool, source: socket.socket, sink: socket.socket
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    stream.data(from_client, data, time.time())
                sink.sendall(data)
        with self._lock:
            stream.end(from_client, time.time())
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
