"""Real proxies in processes of their own: someone's mitmdump with the addon, and `ws101 proxy`.

A `Way` is one way through a proxy: how a client gets in and what the origin speaks. The same tests
run over all of them.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.addons.peers import PATIENCE, Origin, Peer, connect_tls, trusting
from tests.addons.walk import Connection, Walked, walk

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "addons" / "websocket_tap.py"


def eventually[T](ask: Callable[[], T], what: str) -> T:
    """The first true answer; a bounded poll for what announces itself in no other way."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)
    return answer


class Process:
    """A child whose output is read as it comes, so that it never blocks."""

    all: ClassVar[list[Process]] = []
    """A test that fails leaves its own behind; the last fixture ends them."""

    def __init__(
        self,
        command: list[str],
        *,
        env: dict[str, str] | None = None,
        stdout: int | None = None,
        session: bool = False,
    ) -> None:
        """Both of its outputs are ours; with `stdout`, only standard error is.

        `session`: it leads a process group of its own, as in a terminal.
        """
        self.popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=session,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.STDOUT if stdout is None else subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(env or {})},
        )
        self._output = self.popen.stderr if self.popen.stdout is None else self.popen.stdout
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.all.append(self)

    def _read(self) -> None:
        assert self._output
        for line in self._output:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def reading(self) -> bool:
        """Somebody still holds its output open."""
        return self._reader.is_alive()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, pattern: str) -> re.Match[str]:
        def ask() -> re.Match[str] | None:
            over = self.popen.poll() is not None and not self.reading  # asked before we look
            if found := re.search(pattern, self.output):
                return found
            assert not over, self.output
            return None

        return eventually(ask, f"{pattern!r} in:\n{self.output}")

    def end(self, how: signal.Signals | None = signal.SIGINT) -> int:
        """Its exit code. None: it has had its signal, and a second would make it hurry."""
        if how is not None and self.popen.poll() is None:
            self.popen.send_signal(how)
        code = self.popen.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self._output:
            self._output.close()
        return code


@dataclass
class Proxy:
    process: Process
    port: int
    capture: Path
    ca: Path
    """The certificate authority that a client has to trust."""
    seen: int = 0

    def connection(self, number: int = 0, *, ended: bool = True) -> Connection:
        """A connection recorded since `mark`, once both its sides have ended."""

        def ask() -> Connection | None:
            found = walk(self.capture, self.seen).connections
            if len(found) > number and (not ended or len(found[number].ends) == 2):
                return found[number]
            return None

        return eventually(ask, f"connection {number} in the capture")

    def mark(self) -> None:
        """Later calls of `connection` count from here; nothing may be going on now."""
        self.seen = self.capture.stat().st_size

    def walked(self) -> Walked:
        return walk(self.capture)


def mitmdump(folder: Path, *options: str, capture: Path | None = None) -> Proxy:
    """`mitmdump -s addons/websocket_tap.py`, all options but the needed ones at their defaults."""
    capture = capture or folder / "capture.pcapng"
    command = [
        *(str(Path(sys.executable).parent / "mitmdump"), "-s", str(ADDON)),
        *("--set", f"ws101_file={capture}", "--set", f"confdir={folder / 'conf'}"),
        *("--listen-host", "127.0.0.1", "--listen-port", "0", *options),
    ]
    process = Process(command)
    port = int(process.wait_for(r"listening at [^\n]*?127\.0\.0\.1:(\d+)")[1])
    eventually(capture.exists, "the capture")
    return Proxy(process, port, capture, folder / "conf" / "mitmproxy-ca-cert.pem")


def ws101(
    folder: Path,
    *options: str,
    capture: str | None = None,
    env: dict[str, str] | None = None,
    listen: str = r"127\.0\.0\.1",
    before: list[str] | None = None,
    stdout: int | None = None,
    session: bool = False,
) -> Proxy:
    """`ws101 proxy`, on a free port; `capture` empty: without -o, `before`: what starts it."""
    path = folder / "capture.pcapng"
    output = [] if capture == "" else ["-o", capture or str(path)]
    command = [
        *(before or []),
        *(sys.executable, "-c", "from addons.command import proxy; proxy()"),
        *("--listen", "127.0.0.1:0", *output, *options),
    ]
    home = folder / "home"
    process = Process(
        command, env={"WS101_HOME": str(home), **(env or {})}, stdout=stdout, session=session
    )
    port = int(process.wait_for(rf"ws101 proxy listening on http://{listen}:(\d+)")[1])
    return Proxy(process, port, path, home / "mitmproxy" / "mitmproxy-ca-cert.pem")


def in_front(program: str, folder: Path, origin: Origin) -> Proxy:
    """A proxy of either program (`mitmdump`, `ws101`) in front of an origin without TLS."""
    target = f"http://127.0.0.1:{origin.port}"
    if program == "mitmdump":
        return mitmdump(folder, "--mode", f"reverse:{target}")
    return ws101(folder, "--quiet", "--to", target)


@dataclass
class Way:
    """A way through a proxy to an origin, for as many connections as a test likes."""

    name: str
    proxy: Proxy
    origin: Origin
    client_tls: bool = False
    through_connect: bool = False
    origin_tls: bool = False
    mode: str = "reverse"
    host: str = "127.0.0.1"
    """Where the proxy is."""

    @property
    def keeps_host(self) -> bool:
        """ws101 proxy passes the Host header on; mitmdump, by default, writes its own."""
        return self.name.startswith("ws101")

    def connect(self, *, alpn: tuple[str, ...] = ()) -> Peer:
        sock = socket.create_connection((self.host, self.proxy.port), timeout=PATIENCE)
        if self.through_connect:
            peer = Peer(sock)
            target = f"localhost:{self.origin.port}"
            peer.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            assert peer.head().startswith(b"HTTP/1.1 200 ")
        if self.client_tls:
            return connect_tls(sock, trusting(self.proxy.ca, alpn=alpn))
        return Peer(sock)
