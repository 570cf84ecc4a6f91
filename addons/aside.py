"""Beside the proxy, in processes of their own: one shows the growing capture, one passes it on.

They hold the reading end of a pipe from the proxy as their standard input. Nothing is ever sent
through it: its end says that the proxy is gone, in whatever manner, so no orphan stays behind.
Ctrl-C in a terminal is meant for the proxy alone: these two stand in process groups of their own,
which it does not reach, and go on to the end of the capture.

    show    `ws101 dump --live FILE`, a hidden option that does just this
    copy    the bytes of FILE to standard output, as it grows
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

READER_GONE, READER_STUCK = 3, 4
"""Exit codes of the copying process."""
PATIENCE = 5.0
"""Seconds that a reader may stand still when all the rest has ended."""
PIECE = 4096
"""Bytes that a pipe takes without blocking, once it says that it takes any (PIPE_BUF)."""
WINDOW = 1 << 18
"""Bytes looked at in one go; no block of ours is half as long."""


def start(
    role: Literal["show", "copy"], capture: Path, *options: str, output: int | None = None
) -> subprocess.Popen[bytes]:
    """Start one of them; `output` is the descriptor to write to, standard output by default."""
    program = ["-m", "inspector", "dump", "--live"] if role == "show" else [__file__]
    # -P: what lies in the folder we were started in is not to be imported.
    command = [sys.executable, "-P", *program, *options, str(capture)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, process_group=0)


def release(process: subprocess.Popen[bytes]) -> None:
    """Tell it that no more will come."""
    if process.stdin:
        process.stdin.close()


def wait(process: subprocess.Popen[bytes], patience: float | None = None) -> int:
    """Its exit code; after so many seconds, we end it."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def copy(capture: str) -> int:
    """Pass the growing file on, until the proxy has ended and all of it is through."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    file = os.open(capture, os.O_RDONLY)
    position = 0
    ended = False
    while True:
        data = os.pread(file, WINDOW, position)
        if size := whole_blocks(data):
            ended = pass_on(data[:size], ended)
            position += size
        elif ended:
            return 0
        else:
            ended = bool(select.select([0], [], [], 0.02)[0])


def whole_blocks(data: bytes) -> int:
    """Bytes of the pcapng blocks that are whole: a record that found no room is taken back."""
    size = 0
    while len(data) - size >= 8:
        total = int.from_bytes(data[size + 4 : size + 8], "little")
        if total < 12 or size + total > len(data):
            break
        size += total
    return size


def pass_on(data: bytes, ended: bool) -> bool:
    """Write, waiting for the reader: for ever while the proxy runs. True once it has ended."""
    rest = memoryview(data)
    while rest:
        sources = [] if ended else [0]
        readable, writable, _ = select.select(sources, [1], [], PATIENCE if ended else None)
        ended = ended or bool(readable)
        if writable:
            try:
                rest = rest[os.write(1, rest[:PIECE]) :]
            except BrokenPipeError:
                print("ws101 proxy: nobody reads standard output any more", file=sys.stderr)
                print("  the capture goes on in its file", file=sys.stderr)
                sys.exit(READER_GONE)
        elif ended and not readable:
            sys.exit(READER_STUCK)
    return ended


if __name__ == "__main__":
    sys.exit(copy(sys.argv[1]))
