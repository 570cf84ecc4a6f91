"""`ws101 diff` on real traffic: our tap on both sides of mitmproxy as it comes, and of our tap."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.addons.peers import Origin, Peer, connect
from tests.addons.proxies import ROOT, Process, Proxy, mitmdump
from tests.addons.talk import KEY, REQUEST, RESPONSE, close, frame, text


@dataclass
class Chain:
    """client -> tap A -> what is looked at -> tap B -> origin"""

    origin: Origin
    near: Proxy
    far: Proxy
    stock: bool
    connections: int = 0

    def open(self) -> tuple[Peer, Peer]:
        self.near.mark()
        self.far.mark()
        self.connections += 1
        client = connect(self.near.port)
        client.send(REQUEST)
        while not (head := (server := self.origin.accept()).head()):
            server.close()
        assert b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" in head
        server.send(RESPONSE)
        assert client.head().startswith(b"HTTP/1.1 101 ")
        return client, server

    def differences(self) -> tuple[dict[str, Any], int]:
        """The latest connection, compared."""
        self.near.connection()
        self.far.connection()
        command = [sys.executable, "-m", "inspector", "diff", "--format", "jsonl"]
        done = subprocess.run(
            [*command, str(self.near.capture), str(self.far.capture),
             "--connection", str(self.connections)],
            capture_output=True, cwd=ROOT, check=False, timeout=60,
        )  # fmt: skip
        (line,) = [json.loads(line) for line in done.stdout.splitlines()]
        return line, done.returncode


@pytest.fixture(scope="module", params=["stock", "tap"])
def chain(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chain]:
    folders = [tmp_path_factory.mktemp(name) for name in ("near", "middle", "far")]
    origin = Origin()
    far = mitmdump(folders[2], "--mode", f"reverse:http://127.0.0.1:{origin.port}")
    target = f"reverse:http://127.0.0.1:{far.port}"
    if request.param == "tap":
        proxy = mitmdump(folders[1], "--mode", target)
        middle, port = proxy.process, proxy.port
    else:
        middle = Process([
            str(Path(sys.executable).parent / "mitmdump"), "--mode", target,
            "--set", f"confdir={folders[1] / 'conf'}",
            "--listen-host", "127.0.0.1", "--listen-port", "0",
        ])  # fmt: skip
        port = int(middle.wait_for(r"listening at [^\n]*?127\.0\.0\.1:(\d+)")[1])
    near = mitmdump(folders[0], "--mode", f"reverse:http://127.0.0.1:{port}")
    yield Chain(origin, near, far, request.param == "stock")
    for process in (near.process, middle, far.process):
        process.end()
    origin.close()


def test_what_a_proxy_changes(chain: Chain) -> None:
    client, server = chain.open()
    client.send(text(b"Hello", key=KEY))
    server.read(11)
    server.send(text(b"Hello to you"))
    client.read(14)
    # A message in three frames, a Ping amid them.
    client.send(text(b"one ", key=KEY, fin=False) + frame(9, b"there?", key=KEY))
    client.send(frame(0, b"two ", key=KEY, fin=False) + frame(0, b"three", key=KEY))
    client.send(close(1000, b"bye", key=KEY))
    client.shut()
    server.rest()
    server.send(close(1000, b"bye"))
    server.close()
    client.rest()
    client.close()
    line, code = chain.differences()
    assert (line["a"], line["b"], line["by"]) == (1, 1, "key")
    assert line["client"]["messages"] == 2
    assert line["server"]["messages"] == 1
    assert line["client"]["delay"]["count"] == 2
    assert 0 < line["client"]["delay"]["median"] <= line["client"]["delay"]["max"]
    if not chain.stock:
        assert (line["differences"], code) == ([], 0)
        return
    told = {(one["kind"], one["from"]): one for one in line["differences"]}
    assert code == 1
    assert set(told) == {("request-head", None), ("order", "client"), ("masks-changed", "client")}
    assert (
        "'Host' changed: 'localhost:8101' became"
        in told["request-head", None]["places"][0]["words"]
    )
    assert told["masks-changed", "client"]["count"] == 4, "two messages, a Ping and a Close"
    (ping,) = told["order", "client"]["places"]
    assert (ping["a"], ping["b"]) == (4, 3), "it overtook the fragment before it"


def test_what_a_proxy_says_in_the_peers_name(chain: Chain) -> None:
    """A client's unmasked frame: mitmproxy's own layer swallows it, and invents a Close to both."""
    client, server = chain.open()
    client.send(text(b"bare"))
    if not chain.stock:
        server.read(6)
        client.shut()
    server.rest()
    server.close()
    client.rest()
    client.close()
    line, code = chain.differences()
    told = {(one["kind"], one["from"]): one for one in line["differences"]}
    if not chain.stock:
        assert (told, code) == ({}, 0)
        return
    assert code == 1
    assert told["message-lost", "client"]["places"] == [{"a": 1, "b": None, "words": 'text "bare"'}]
    assert "close 1002" in told["control-invented", "client"]["places"][0]["words"]
    assert "close 1002" in told["control-invented", "server"]["places"][0]["words"]


def test_an_answer_after_half_a_close(chain: Chain) -> None:
    """A client ends its direction; mitmproxy's own layer closes both, and the answer is lost."""
    client, server = chain.open()
    client.send(text(b"last words", key=KEY))
    server.read(16)
    client.shut()
    server.rest()
    server.send(text(b"an answer, later"))
    server.close()
    client.rest()
    client.close()
    line, code = chain.differences()
    told = {(one["kind"], one["from"]): one for one in line["differences"]}
    if not chain.stock:
        assert (told, code) == ({}, 0)
        return
    assert code == 1
    (lost,) = told["message-lost", "server"]["places"]
    assert lost == {"a": None, "b": 3, "words": 'text "an answer, later"'}
    (close_frame,) = told["control-invented", "client"]["places"]
    assert close_frame == {"a": None, "b": 2, "words": "close 1000 normal closure"}


def test_a_character_split_over_two_fragments(chain: Chain) -> None:
    """mitmproxy's own layer moves the border, so that each fragment is UTF-8."""
    client, server = chain.open()
    client.send(text(b"h\xc3", key=KEY, fin=False) + frame(0, b"\xa9llo", key=KEY))
    client.send(close(1000, key=KEY))
    client.shut()
    server.rest()
    server.send(close(1000))
    server.close()
    client.rest()
    client.close()
    line, code = chain.differences()
    told = {(one["kind"], one["from"]): one for one in line["differences"]}
    assert line["client"]["messages"] == 1
    assert code == int(chain.stock)
    assert (("fragments-moved", "client") in told) == chain.stock
