"""Hand a live socket to another process on this host, through a multiprocessing pipe (lesson 13).

The honest "works, but". What crosses the pipe is not the socket: it is a ticket, some 200 bytes
that say where this process can be asked for it. The other process goes there, and the kernel copies
the descriptor into its table. Both then hold the same TCP connection, as long as one of them lives.

The heir knows the socket, and nothing else: no frame decoder, no compression window, no queue of
unsent messages. So it writes a frame by hand.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_sharer
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from inspector.core.frames import encode_frame
from inspector.core.rfc import TEXT

PATIENCE = 30.0  # seconds for a new Python process to start and answer
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Inherited:
    """What came of it. `ticket` is what crossed the pipe; `kernel` names the socket's own object in
    the kernel, as this process and the heir see it (None where the system does not tell)."""

    ticket: bytes
    heir: int
    kernel: str | None
    heirs_kernel: str | None


def kernel_name(descriptor: int) -> str | None:
    """`socket:[44364]`: what the kernel's table of this process's descriptors says (Linux)."""
    with suppress(OSError):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return None


def inherit(pipe: Connection, text: str) -> None:
    """The other process: take the socket out of the pipe, write one text frame on it, tell."""
    try:
        sock = pipe.recv()
        with sock:
            sock.sendall(encode_frame(TEXT, text.encode()))
            pipe.send((os.getpid(), kernel_name(sock.fileno())))
    except Exception as fault:
        pipe.send(fault)


def pass_on(sock: socket.socket, text: str) -> Inherited:
    """Let another process send `text` on the WebSocket whose socket this is. OSError if it fails.

    Nobody else may be writing to it meanwhile.
    """
    context = multiprocessing.get_context("spawn")  # a process of its own, nothing inherited
    with _one_at_a_time:
        ours, theirs = context.Pipe()
        child = context.Process(target=inherit, args=(theirs, text), daemon=True)
        child.start()
        try:
            theirs.close()
            ticket = bytes(ForkingPickler.dumps(sock))
            ours.send_bytes(ticket)
            answer = _answer(ours)
        finally:
            ours.close()
            child.join(PATIENCE)
            child.kill()
            child.join()
            child.close()
            resource_sharer.stop()
    pid, heirs_kernel = answer
    return Inherited(ticket, pid, kernel_name(sock.fileno()), heirs_kernel)


def _answer(pipe: Connection) -> Any:
    if not pipe.poll(PATIENCE):
        raise TimeoutError("the other process did not answer")
    try:
        answer = pipe.recv()
    except EOFError:
        raise OSError("the other process died before it answered") from None
    if isinstance(answer, BaseException):
        raise OSError(f"in the other process: {type(answer).__name__}: {answer}")
    return answer
