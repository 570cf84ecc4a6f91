"""How the proxy behaves at the edges of its life: started twice, hurried, or robbed of its file."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from addons.command import is_ours, proxy
from inspector.files.recorder import MAX_COMMENT, CaptureWriter
from tests.addons.peers import Origin, connect
from tests.addons.proxies import Way, eventually, mitmdump, ws101
from tests.addons.talk import KEY, Talk, text
from tests.addons.walk import walk


@pytest.fixture
def origin() -> Origin:
    return Origin()


def to(origin: Origin) -> list[str]:
    return ["--to", f"http://127.0.0.1:{origin.port}"]


@pytest.mark.parametrize("options", [["--quiet"], []])
@pytest.mark.parametrize("pause", [0.0, 0.001, 0.02, 0.1])
def test_ctrl_c_twice_still_ends_with_words(
    tmp_path: Path, origin: Origin, options: list[str], pause: float
) -> None:
    running = ws101(tmp_path, *options, *to(origin), session=True)
    Talk.open(Way("hurried", running, origin)).end()
    os.killpg(running.process.popen.pid, signal.SIGINT)
    try:
        running.process.popen.wait(pause)
    except subprocess.TimeoutExpired:
        os.killpg(running.process.popen.pid, signal.SIGINT)
    assert running.process.end(None) == 0
    assert f"recorded in {running.capture}" in running.process.lines[-1]
    assert "Aborted" not in running.process.output
    assert "Traceback" not in running.process.output
    assert walk(running.capture).statistics


def test_ctrl_c_at_once_leaves_its_readers_alone(tmp_path: Path, origin: Origin) -> None:
    """In a terminal it reaches the whole process group, and the viewer has hardly begun."""
    running = ws101(tmp_path, *to(origin), session=True)
    Talk.open(Way("at once", running, origin)).end()
    os.killpg(running.process.popen.pid, signal.SIGINT)
    assert running.process.end(None) == 0
    assert "1 connection, 0 frames" in running.process.output
    assert "KeyboardInterrupt" not in running.process.output


def test_stopped_while_the_origin_does_not_answer(tmp_path: Path) -> None:
    """Nothing is lost, so nothing is said to be."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        full = [socket.socket() for _ in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        running = ws101(tmp_path, "--quiet", "--to", f"http://127.0.0.1:{port}")
        client = connect(running.port)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")
        eventually(lambda: walk(running.capture).connections, "the request is recorded")
        assert running.process.end() == 0
        assert "incomplete" not in running.process.output
        assert "Task was destroyed" not in running.process.output
        for each in full:
            each.close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_capture_that_is_gone_is_not_said_to_be_there(
    tmp_path: Path, origin: Origin, how: str
) -> None:
    running = ws101(tmp_path, "--quiet", *to(origin))
    Talk.open(Way("gone", running, origin)).end()
    running.capture.unlink()
    if how == "replaced":
        running.capture.write_text("another's")
    assert running.process.end() == 1
    assert "removed or replaced while it was written" in running.process.lines[-1]


def test_another_file_at_run_time_freezes_nobody(tmp_path: Path, origin: Origin) -> None:
    """mitmdump's options change while it runs: open connections end, new ones go on."""
    script = tmp_path / "changes.py"
    script.write_text(
        "from mitmproxy import ctx\n"
        "class Changes:\n"
        "    def client_connected(self, client):\n"
        "        self.count = getattr(self, 'count', 0) + 1\n"
        "        if self.count == 2:\n"
        f"            ctx.options.ws101_file = {str(tmp_path / 'second.pcapng')!r}\n"
        "addons = [Changes()]\n"
    )
    running = mitmdump(
        tmp_path, "--mode", f"reverse:http://127.0.0.1:{origin.port}", "-s", str(script)
    )
    first = Talk.open(Way("first", running, origin))
    first.up(text(b"one", key=KEY))
    second = connect(running.port)
    eventually((tmp_path / "second.pcapng").exists, "the second file")
    first.client.send(text(b"two", key=KEY))
    assert first.client.rest() == b""
    assert first.server.rest() == b""
    second.close()
    running.process.end()
    assert walk(running.capture).connections[0].sent == bytes(first.server.received)


def test_empty_lines_without_end_are_refused(tmp_path: Path, origin: Origin) -> None:
    running = ws101(tmp_path, "--quiet", *to(origin))
    client = connect(running.port)
    client.send(b"\r\n" * 40_000)
    assert client.rest().startswith(b"HTTP/1.1 431 ")
    running.process.end()


def test_a_home_that_can_not_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mitmproxy").write_text("a file stands here")
    output = tmp_path / "x.pcapng"
    done = CliRunner().invoke(
        proxy, ["--listen", "127.0.0.1:0", "-o", str(output)], env={"WS101_HOME": str(tmp_path)}
    )
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "choose another data folder with WS101_HOME" in line
    assert not output.exists()


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, force: list[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = CliRunner().invoke(proxy, ["--listen", "127.0.0.1:0", "-o", str(pipe), *force])
    assert done.exit_code == 2
    assert done.stderr == f"proxy: {pipe}: Not a regular file; choose another name\n"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_every_address_of_this_machine_is_ours() -> None:
    import ipaddress

    assert is_ours(ipaddress.ip_address("127.0.0.1"))
    assert is_ours(ipaddress.ip_address("127.99.0.1"))
    assert not is_ours(ipaddress.ip_address("192.0.2.1"))


@pytest.mark.parametrize("size", range(MAX_COMMENT - 80, MAX_COMMENT + 20, 3))
def test_facts_of_any_length_stay_readable(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.pcapng"
    writer = CaptureWriter.create(path)
    writer.open(("127.0.0.1", 1), ("127.0.0.1", 2), {"url": "x" * size, "tls": True}, 0.0)
    writer.close(1.0)
    (recorded,) = walk(path).connections
    assert recorded.facts["tls"] is True
