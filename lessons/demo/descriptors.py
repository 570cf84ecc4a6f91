"""The kernel's table of this process's descriptors, as far as the system shows it (lesson 13).

Linux has it under /proc/self/fd, with the kernel's own name of each thing; /dev/fd is the same
there, and macOS has it, too, without the names. Where a socket leads, both tell.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from lessons.demo.heir import kernel_name

TABLE = "/dev/fd"
MOST = 64
KINDS = (
    (stat.S_ISSOCK, "socket"), (stat.S_ISFIFO, "pipe"), (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "folder"), (stat.S_ISCHR, "device"),
)  # fmt: skip


def table(own: int) -> tuple[list[tuple[int, str | None, str]], int]:
    """Rows of (number, the kernel's name, what it is), `own` among them; and how many are left
    out."""
    rows = list(_rows())
    shown = sorted(rows, key=lambda row: (row[0] != own, row[0]))[:MOST]
    return sorted(shown), len(rows) - len(shown)


def _rows() -> Iterator[tuple[int, str | None, str]]:
    for number in sorted(int(name) for name in os.listdir(TABLE) if name.isdecimal()):
        with suppress(OSError):  # the one that listed them is closed by now
            mode = os.fstat(number).st_mode
            kind = next((words for is_one, words in KINDS if is_one(mode)), "something else")
            yield number, _name(number), _socket(number) if kind == "socket" else kind


def _name(number: int) -> str | None:
    """What the kernel calls it; of a file's path the last part: the rest is nobody's business."""
    name = kernel_name(number)
    if name is None or not name.startswith("/") or name.startswith("/dev/"):
        return name
    return f".../{os.path.basename(name)}"


def _socket(number: int) -> str:
    with socket.socket(fileno=os.dup(number)) as sock:
        if sock.family not in (socket.AF_INET, socket.AF_INET6):
            return "a socket within this machine"
        ours = _place(sock.getsockname())
        try:
            return f"TCP, {ours} to {_place(sock.getpeername())}"
        except OSError:
            return f"TCP, takes calls at {ours}"


def _place(address: Any) -> str:
    return ":".join(map(str, address[:2]))
