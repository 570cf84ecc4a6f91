"""Freeze a peer: a process of its own is stopped in the middle of a conversation (SIGSTOP).

The socket is ours, too. So while the process stands still, we can look at what its kernel has taken
in for it, and leave it there.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from inspector.core.rfc import VERSION
from lessons.course.client import new_key
from lessons.course.model import Unavailable
from lessons.course.wire import AGENT, ScriptFailed, Wire, request_head

from .peer import PROGRAM


def shake_hands(wire: Wire, path: str) -> None:
    fields = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", new_key()),
        ("Sec-WebSocket-Version", VERSION),
        ("User-Agent", f"{AGENT}, to be frozen"),
        ("Origin", f"http://{wire.authority}"),
    ]
    wire.send(request_head("GET", path, wire.authority, fields))
    if wire.head(f"the answer to GET {path}").status != 101:
        raise ScriptFailed(f"{path} does not become a WebSocket")


def freeze_a_peer(
    address: tuple[str, int],
    path: str,
    answered: Callable[[], object],
    given_up: Callable[[], object],
) -> bytes:
    """Let a peer of its own process talk until `answered` returns, stop it until `given_up` does.
    Returns what had come for it by then, and was not read."""
    if not hasattr(signal, "SIGSTOP"):
        raise Unavailable("this system has no SIGSTOP, so no process can be frozen")
    wire = Wire(*address)
    descriptor = wire.socket.fileno()
    with subprocess.Popen(
        [sys.executable, "-I", PROGRAM, str(descriptor)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,), process_group=0,  # if we are killed, that is its end, even stopped
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        try:
            process.stdout.readline()  # it runs: once hands are shaken, the server waits not long
            shake_hands(wire, path)
            early = wire.take(len(wire.buffer)).hex()
            wire.socket.setblocking(True)
            process.stdin.write(f"{early}\n".encode())
            process.stdin.flush()
            answered()
            os.kill(process.pid, signal.SIGSTOP)
            given_up()
            wire.socket.setblocking(False)
            with suppress(BlockingIOError):
                return wire.socket.recv(4096, socket.MSG_PEEK)
            return b""
        finally:
            process.kill()  # which a stopped process can't put off
            wire.close()
