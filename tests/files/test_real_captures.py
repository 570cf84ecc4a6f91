"""Captures by dumpcap and tcpdump of a real client and server, on each link layer there is here.

What both of them said is known, so what the capture says is compared with that, word by word.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from inspector.files.capture import open_capture
from inspector.files.events import Data, Ended
from tests.addons.proxies import eventually
from tests.commands.run import PATIENCE, run
from tests.needs import program

SAID = ["hello", "again " * 200, "x" * 200_000, "Ünïcödé"]


@contextmanager
def dumpcap(path: Path, port: int, *options: str) -> Iterator[None]:
    """dumpcap runs, from before the first packet until all that was said is in its file."""
    ready = "File: "
    command = [program("dumpcap"), "-q", "-f", f"tcp port {port}", "-w", str(path), *options]
    if options[0] == "tcpdump":
        ready = "listening on"
        command = [program("tcpdump"), "-Z", "root", "-U", "-w", str(path), *options[1:]]
        command += ["tcp", "port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if ready in line:
            break
    else:
        if os.environ.get("CI") == "true":
            pytest.fail("".join(said))
        pytest.skip(f"{command[0]} may not capture here: run as root, or allow it to")
    rest = threading.Thread(target=process.stderr.read)
    rest.start()
    try:
        yield
        _settled(path)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        rest.join()
        process.stderr.close()


def _settled(path: Path) -> None:
    """Wait until the file holds the end of a connection.

    Read anew each time: whoever follows the file waits at the hole that a cut packet leaves.
    """

    def ended() -> bool:
        with open_capture(path) as capture:
            ends = [event for event in capture if isinstance(event, Ended)]
        return len({end.from_client for end in ends}) == 2 or any(end.how == "rst" for end in ends)

    eventually(ended, "the end of the connection in the file")


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        number: int = sock.getsockname()[1]
        return number


async def converse(host: str, port: int) -> None:
    """A client says things, a server repeats them."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    url = f"ws://[{host}]:{port}/chat" if ":" in host else f"ws://{host}:{port}/chat"
    async with (
        serve(echo, host, port, compression=None),
        connect(url, compression=None, proxy=None) as client,
    ):
        for text in SAID:
            await client.send(text)
            assert await client.recv() == text


def told(path: Path) -> list[dict[str, Any]]:
    done = run("dump", path, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def texts(lines: list[dict[str, Any]], side: str) -> list[str]:
    return [m["text"] for m in lines if m["type"] == "message" and m["from"] == side]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    "options",
    [
        ["-i", "lo"],
        ["-i", "lo", "-P"],
        ["-i", "any"],
        ["-i", "any", "-y", "LINUX_SLL2"],
        ["-i", "any", "-y", "LINUX_SLL", "-P"],
        ["-i", "lo", "-i", "any"],
        ["tcpdump", "-i", "lo"],
        ["tcpdump", "-i", "any"],
        ["tcpdump", "-i", "lo", "--time-stamp-precision=nano"],
    ],
    ids=" ".join,
)
def test_all_that_was_said_is_there(host: str, options: list[str], tmp_path: Path) -> None:
    """`-i any` and two interfaces see packets twice; `-P`, and tcpdump, make classic pcap."""
    port, path = free_port(host), tmp_path / "real"
    with dumpcap(path, port, *options):
        asyncio.run(converse(host, port))
    lines = told(path)
    for side in ("client", "server"):
        assert texts(lines, side) == SAID
    first, last = lines[0], lines[-1]
    assert first["accept"]["ok"] is True
    assert (last["type"], last["code"], last["clean"]) == ("close", 1000, True)
    assert {line["type"] for line in lines} == {"connection", "frame", "message", "end", "close"}
    assert run("lint", path).returncode == 0


def test_a_snap_length_cuts_packets(tmp_path: Path) -> None:
    """Heads and the long frames are cut: what is whole is read, gaps are told, nobody is blamed."""
    port, path = free_port("127.0.0.1"), tmp_path / "cut.pcapng"
    with dumpcap(path, port, "-i", "lo", "-s", "400"):
        asyncio.run(converse("127.0.0.1", port))
    lines = told(path)
    assert [line for line in lines if line["type"] == "gap"]
    for side in ("client", "server"):
        assert texts(lines, side) == [SAID[0], SAID[3]], "behind each hole the next frame is read"
    assert not [line for line in lines if line["type"] == "finding"]
    assert lines[-1]["clean"] is True


def test_a_capture_that_begins_inside_a_connection(tmp_path: Path) -> None:
    """The packets of the handshake cut away, as if dumpcap had been started later."""
    port, path = free_port("127.0.0.1"), tmp_path / "whole.pcapng"
    with dumpcap(path, port, "-i", "lo"):
        asyncio.run(converse("127.0.0.1", port))
    with open_capture(path) as capture:
        heads = [event for event in capture if isinstance(event, Data)][:2]
    assert heads[1].data.startswith(b"HTTP/1.1 101")
    late = tmp_path / "late.pcapng"
    command = [
        program("tshark"),
        "-r",
        path,
        "-Y",
        f"frame.time_epoch > {heads[1].time + 2e-7:.7f}",
    ]
    subprocess.run([*command, "-w", late], check=True, capture_output=True)
    lines = told(late)
    assert (lines[0]["request"], lines[0]["facts"]) == (None, {"handshake": "not captured"})
    assert texts(lines, "client") == SAID
    assert texts(lines, "server") == SAID
    assert lines[-1]["clean"] is True
    assert not [line for line in lines if line["type"] == "finding"]
