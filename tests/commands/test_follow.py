"""`dump --follow`: frames as they come, and every way for it to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.core.frames import encode_frame
from tests.commands.run import PATIENCE, command, environment, read_until, start, wait_for
from tests.house.tree import ROOT
from tests.screen.specimens import Scene, Talk, masked


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "live.pcapng")


@pytest.fixture
def talk(scene: Scene) -> Talk:
    return scene.open().handshake()


def finish(process: subprocess.Popen[bytes]) -> tuple[str, str, int]:
    """What it still says, and its exit code."""
    out, err = process.communicate(timeout=PATIENCE)
    return out.decode(), err.decode(), process.returncode


def shown(process: subprocess.Popen[bytes], words: str) -> str:
    assert process.stdout is not None
    return read_until(process.stdout.fileno(), lambda seen: words.encode() in seen).decode()


def test_frames_are_shown_as_they_come(tmp_path: Path, scene: Scene, talk: Talk) -> None:
    process = start("dump", "--follow", tmp_path / "live.pcapng")
    assert "connection 1" in shown(process, "extensions")
    talk.client(masked(1, b"one"))
    assert "   1    0.003  client ->  text FIN" in shown(process, '"one"\n')
    talk.server(encode_frame(1, b"two"))
    assert "<- server" in shown(process, '"two"\n')
    # A fragment is shown though nobody knows yet which message it will be of.
    talk.server(encode_frame(1, b"thr", fin=False))
    assert "  ?  " in shown(process, '"thr"\n')
    scene.writer.close(scene.time)
    out, err, code = finish(process)
    assert "1 connection, 3 frames (1 by clients, 2 by servers)" in out
    assert (err, code) == ("", 0)


def test_json_lines_are_whole_when_they_come(tmp_path: Path, scene: Scene, talk: Talk) -> None:
    process = start("dump", "--follow", "--format", "jsonl", tmp_path / "live.pcapng")
    assert json.loads(shown(process, "\n"))["type"] == "connection"
    talk.client(masked(1, b"one"))
    frame, message = shown(process, '"message", ').splitlines()
    assert json.loads(frame)["payload"] == b"one".hex()
    assert json.loads(message)["text"] == "one"
    scene.writer.close(scene.time)
    assert finish(process)[2] == 0


def test_the_last_frames_and_what_comes_then(tmp_path: Path, scene: Scene, talk: Talk) -> None:
    talk.client(*(masked(1, b"old %d" % number) for number in range(10)))
    process = start("dump", "--follow", "--last", "2", tmp_path / "live.pcapng")
    old = shown(process, '"old 9"\n')
    assert '"old 8"' in old
    assert '"old 7"' not in old
    assert old.startswith("connection 1")
    assert "header+payload" in old
    talk.client(masked(1, b"new"))
    assert "11" in shown(process, '"new"\n')
    scene.writer.close(scene.time)
    assert "1 connection, 11 frames" in finish(process)[0]


def test_ctrl_c_ends_it_with_the_summary(tmp_path: Path, talk: Talk) -> None:
    process = start("dump", "--follow", tmp_path / "live.pcapng")
    talk.client(masked(1, b"one"))
    shown(process, '"one"\n')
    process.send_signal(signal.SIGINT)
    out, err, code = finish(process)
    assert "1 connection, 1 frame (1 by clients, 0 by servers)" in out
    assert (err, code) == ("", 0)


def test_a_capture_that_goes_away(tmp_path: Path, talk: Talk) -> None:
    process = start("dump", "--follow", tmp_path / "live.pcapng")
    shown(process, "extensions")
    (tmp_path / "live.pcapng").unlink()
    out, err, code = finish(process)
    assert "1 connection" in out
    assert "it was removed while it was followed" in err
    assert len(err.splitlines()) == 1
    assert code == 2


def test_live_leaves_ctrl_c_to_the_recorder(tmp_path: Path, scene: Scene, talk: Talk) -> None:
    process = start("dump", "--live", tmp_path / "live.pcapng", stdin=subprocess.PIPE)
    shown(process, "extensions")
    process.send_signal(signal.SIGINT)
    talk.client(masked(1, b"still here"))
    shown(process, '"still here"')
    scene.writer.close(scene.time)
    out, err, code = finish(process)
    assert "1 connection, 1 frame" in out
    assert (err, code) == ("", 0)


def test_live_ends_with_its_recorder(tmp_path: Path, talk: Talk) -> None:
    """A recorder that is killed writes no end; its reader notices, and reads what there is."""
    talk.client(masked(1, b"the last words"))
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)\n"
        "sys.stdin.read()\n"  # until it is killed
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *command("dump", "--live", tmp_path / "live.pcapng")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment(),
    ) as recorder:  # fmt: skip
        assert recorder.stdout is not None
        seen = read_until(recorder.stdout.fileno(), lambda data: b"last words" in data)
        recorder.kill()
        seen += read_until(recorder.stdout.fileno())
    assert b"still open where the capture ends" in seen
    assert b"1 connection, 1 frame" in seen


def test_without_any_standard_streams(tmp_path: Path, scene: Scene, talk: Talk) -> None:
    """What `ws101 proxy` starts may have its standard input closed."""
    out = tmp_path / "out.txt"
    line = f'exec "$@" <&- >{out} 2>&1'
    arguments = command("dump", "--live", tmp_path / "live.pcapng")
    process = subprocess.Popen(["sh", "-c", line, "sh", *arguments], cwd=ROOT, env=environment())
    wait_for(lambda: out.exists() and b"extensions" in out.read_bytes())
    scene.writer.close(scene.time)
    assert process.wait(PATIENCE) == 0
    assert os.stat(out).st_size > 100
