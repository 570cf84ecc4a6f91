"""Wires with a meter in them: a TCP relay that keeps every byte that passes, on either side.

Put one in front of the tap and one behind it, and what both kept has to be the same.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Passed:
    """One connection through a wire: bytes of each direction, in the order in which they passed."""

    sent: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)
    over: threading.Event = field(default_factory=threading.Event)


class Wire:
    """Listens on a free port of this machine, passes everything on to `(host, port)`.

    With `tls` it is the end of a TLS connection, and keeps what was inside.
    """

    def __init__(self, to: tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.to = to
        self.tls = tls
        self.passed: list[Passed] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in [self._listening, *self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def find(self, start: bytes) -> Passed:
        """The one connection whose client's bytes begin so."""
        found = [each for each in self.passed if each.sent.startswith(start)]
        assert len(found) == 1, [bytes(each.sent[:60]) for each in self.passed]
        return found[0]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        try:
            if self.tls:
                near = self.tls.wrap_socket(near, server_side=True)
            far = socket.create_connection(self.to)
        except OSError:
            near.close()
            return
        self._open += near, far
        passed = Passed()
        self.passed.append(passed)
        back = threading.Thread(target=self._pass, args=(far, near, passed.answered), daemon=True)
        back.start()
        self._pass(near, far, passed.sent)
        back.join()
        near.close()
        far.close()
        passed.over.set()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                kept += data
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
