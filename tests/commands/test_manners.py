"""Ctrl-C, progress, and what stands first: the manners that all readers of captures share."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from inspector.core.frames import encode_frame
from inspector.screen.paper import Paper
from tests.commands.run import run, start
from tests.screen.specimens import Scene

PIPE = 1 << 16
"""Bytes that a pipe holds at most: more were read by the other side."""


@pytest.mark.parametrize("name", ["lint", "dump"])
def test_ctrl_c_is_no_finding(tmp_path: Path, name: str) -> None:
    """1 would say that a rule was broken."""
    scene = Scene(tmp_path / "long.pcapng")
    talk = scene.open().handshake()
    for number in range(6000):
        talk.server(encode_frame(1, b"%d" % number))
    process = start(name, "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    data = (tmp_path / "long.pcapng").read_bytes()
    assert len(data) > 4 * PIPE
    process.stdin.write(data[: 3 * PIPE])
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == b""


def test_no_empty_line_comes_first(chat: Path) -> None:
    severe = ["lint", chat, "--filter", "finding.severity == error"]
    for call in (severe, ["dump", chat, "--filter", "frame == 999"]):
        text = run(*call).stdout.decode()
        assert text.startswith("1 connection, ")


def test_a_hole_is_seen_in_a_ladder(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "hole.pcapng")
    talk = scene.open().handshake()
    talk.server(encode_frame(1, b"one"))
    talk.stream.skip(False, 5)
    talk.server(encode_frame(1, b"three"))
    scene.writer.close(scene.time)
    text = run("dump", tmp_path / "hole.pcapng", "--ladder").stdout.decode()
    assert "not in the capture: 5 bytes of the server" in text


def test_what_is_written_makes_progress_give_way(tmp_path: Path) -> None:
    calls: list[int] = []
    with (tmp_path / "out").open("w+") as out:
        paper = Paper(out, before=lambda: calls.append(out.tell()))
        paper.text("\none\n")
        paper.text("")
        paper.text("\ntwo\n")
        paper.close()
        assert (tmp_path / "out").read_text() == "one\n\ntwo\n"
    assert len(calls) == 2
