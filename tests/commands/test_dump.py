"""`dump`: what is shown, what is said when it can't be, and the exit codes."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from inspector.__main__ import main
from inspector.commands import reading
from inspector.commands.one_frame import Wanted
from inspector.core.frames import encode_close, encode_frame
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.screen.paper import LEAST_WIDTH
from tests.commands.run import in_terminal, run, start
from tests.screen.golden import assert_golden
from tests.screen.harm import assert_harmless
from tests.screen.specimens import Scene, masked


def test_a_pipe_gets_plain_text_of_80_columns(chat: Path) -> None:
    answer = run("dump", chat)
    assert answer.returncode == 0
    assert answer.stderr == b""
    text = answer.stdout.decode()
    assert_harmless(text, 80)
    golden = Path(__file__).parents[1] / "screen" / "golden" / "dump-chat.txt"
    assert text == golden.read_text("utf-8").removesuffix("note: a note\n")


def test_a_terminal_gets_colour_unless_it_must_not(hostile: Path) -> None:
    coloured, code = in_terminal("dump", hostile)
    assert code == 0
    assert "\x1b[1;31m!!" in coloured
    assert_harmless(coloured, 80, colour=True)
    plain, _ = in_terminal("dump", hostile, NO_COLOR="1")
    assert_harmless(plain, 80)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert in_terminal("dump", hostile, TERM="dumb")[0] == plain
    assert run("dump", hostile, FORCE_COLOR="1").stdout.decode() == coloured


@pytest.mark.parametrize("columns", [20, 40, 100, 200])
def test_a_terminal_of_another_width(chat: Path, columns: int) -> None:
    shown, _ = in_terminal("dump", chat, columns=columns)
    assert_harmless(shown, max(columns, LEAST_WIDTH), colour=True)


def test_a_stream_that_is_not_unicode(chat: Path) -> None:
    answer = run("dump", chat, "--frame", "9", PYTHONIOENCODING="ascii")
    assert answer.returncode == 0
    assert answer.stdout.isascii()
    assert b"+-----+" in answer.stdout


def test_standard_input(chat: Path) -> None:
    piped = run("dump", "-", given=chat.read_bytes())
    assert (piped.returncode, piped.stdout) == (0, run("dump", chat).stdout)


def test_json_lines(several: Path) -> None:
    answer = run("dump", several, "--format", "jsonl", "--http")
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.stdout.isascii()
    assert [line["connection"] for line in lines if line["type"] == "connection"] == [1, 2, 3]
    assert [line["type"] for line in lines].count("http") == 1
    without = run("dump", several, "--format", "jsonl").stdout.splitlines()
    assert len(without) == len(lines) - 1


def test_facts_that_json_can_not_say(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "facts.pcapng")
    facts = {"url": "ws://x/", "odd": float("nan")}
    stream = scene.writer.open(("127.0.0.1", 1), ("127.0.0.1", 2), facts, scene.time)
    stream.data(True, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", scene.time)
    scene.writer.close(scene.time)
    answer = run("dump", tmp_path / "facts.pcapng", "--format", "jsonl")
    assert answer.returncode == 0
    assert b"NaN" not in answer.stdout
    assert json.loads(answer.stdout.splitlines()[0])["facts"] is None


def test_one_connection(several: Path) -> None:
    text = run("dump", several, "--connection", "2").stdout.decode()
    assert "connection 2  ws://127.0.0.1:8101/ticker" in text
    assert "/chat" not in text
    assert "│" not in text
    assert "1 connection, 2 frames" in text


def test_one_frame(chat: Path) -> None:
    text = run("dump", chat, "--frame", "10").stdout.decode()
    assert_harmless(text, 80)
    assert_golden("dump-frame-10", text)
    fragment = run("dump", chat, "--frame", "6").stdout.decode()
    assert "it carries message 4 (frames 6, 9)" in fragment
    assert "Grüße, 漢字" in fragment


def test_the_handshake_is_frame_0(chat: Path, faults: Path) -> None:
    text = run("dump", chat, "--frame", "0").stdout.decode()
    assert "connection 1, request   client -> server" in text
    assert "Sec-WebSocket-Accept: C/0nmHhBztSRGR1CwL6Tf4ZjwpY=␍␊" in text
    assert "resp-accept-wrong" in run("dump", faults, "--frame", "0").stdout.decode()


def test_every_frame_can_be_drawn(faults: Path) -> None:
    for number in range(1, 9):
        answer = run("dump", faults, "--frame", str(number))
        assert answer.returncode == 0
        assert answer.stdout.decode().startswith(f"frame {number}   ")
        assert_harmless(answer.stdout.decode(), 80)


def pinged(path: Path, *, answered: bool) -> Path:
    """Frame 1 is a Ping of the server; a message, perhaps a Pong and another message follow it."""
    scene = Scene(path)
    talk = scene.open().handshake().server(encode_frame(9, b"there?"))
    talk.client(masked(1, b"hello"))
    if answered:
        talk.client(masked(10, b"there?"))
    talk.client(masked(1, b"bye"), masked(8, b"\x03\xe8")).server(encode_close(1000)).end()
    scene.writer.close(scene.time)
    return path


def test_a_ping_that_stays_unanswered_is_told_with_its_frame(tmp_path: Path) -> None:
    silent = pinged(tmp_path / "silent.pcapng", answered=False)
    assert b"ping-unanswered" in run("dump", silent, "--frame", "1").stdout
    answered = pinged(tmp_path / "answered.pcapng", answered=True)
    assert b"ping-unanswered" not in run("dump", answered, "--frame", "1").stdout


@pytest.mark.parametrize(("number", "last"), [(0, 1), (1, 3), (2, 3), (3, 4)])
def test_no_more_is_read_than_is_told_of_a_frame(tmp_path: Path, number: int, last: int) -> None:
    wanted = Wanted(number, None)
    with open_capture(str(pinged(tmp_path / "answered.pcapng", answered=True))) as capture:
        any(isinstance(item, Item) and wanted.take(item) for item in dissect(capture))
    assert wanted.frames == last


def test_the_last_frames(chat: Path) -> None:
    text = run("dump", chat, "--last", "2").stdout.decode()
    whole = run("dump", chat).stdout.decode()
    assert re.findall(r"^ +(\d+) +\d+\.\d{3} ", text, re.MULTILINE) == ["11", "12"]
    assert text.startswith("connection 1  ws://")
    # What is counted is the whole capture; what follows the frames is there, too.
    assert text.splitlines()[-6:] == whole.splitlines()[-6:]
    everything = run("dump", chat, "--last", "100").stdout.decode()
    assert everything == whole
    lines = run("dump", chat, "--last", "1", "--format", "jsonl").stdout.splitlines()
    types = [json.loads(line)["type"] for line in lines]
    assert types == ["connection", "frame", "end", "end", "close"]


def test_a_reader_that_leaves_early(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "long.pcapng")
    talk = scene.open().handshake()
    for number in range(3000):
        talk.server(encode_frame(1, b"%d" % number))
    scene.writer.close(scene.time)
    process = start("dump", tmp_path / "long.pcapng")
    assert process.stdout is not None
    assert process.stderr is not None
    assert os.read(process.stdout.fileno(), 10) == b"connection"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


def refused(*arguments: str | Path, given: bytes = b"") -> str:
    """The one line that a refused call prints."""
    answer = run(*arguments, given=given)
    assert answer.returncode == 2
    (line,) = answer.stderr.decode().splitlines()
    assert "Traceback" not in line
    return line


def test_what_can_not_be_read(tmp_path: Path, chat: Path) -> None:
    missing = tmp_path / "no\x1b[2Jsuch.pcapng"
    assert refused("dump", missing).startswith("ws101 dump: ")
    assert "no such file; check the name" in refused("dump", missing)
    assert "␛[2J" in refused("dump", missing)
    assert "is a folder" in refused("dump", tmp_path)
    words = tmp_path / "words.txt"
    words.write_text("hello")
    line = refused("dump", words)
    assert f"{words}, byte 0: it begins with 68 65 6c 6c" in line
    assert run("dump", words).stdout == b""
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(chat.read_bytes()))
    assert "gunzip" in refused("dump", packed)
    assert "standard input, byte 0" in refused("dump", "-", given=b"hello")


def test_an_unfinished_capture_is_no_mistake(tmp_path: Path, chat: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(chat.read_bytes()[:-150])
    answer = run("dump", cut)
    assert answer.returncode == 0
    assert answer.stderr.decode().startswith(f"note: {cut}, byte ")
    assert b"text FIN deflate" in answer.stdout
    cut.write_bytes(b"")
    answer = run("dump", cut)
    assert (answer.returncode, answer.stdout) == (0, b"")
    assert b"it is empty" in answer.stderr


def test_damage_is_told_after_what_stands_before_it(tmp_path: Path, chat: Path) -> None:
    damaged = tmp_path / "damaged.pcapng"
    whole = chat.read_bytes()
    damaged.write_bytes(whole[:-152] + b"\xff" * 152)
    line = refused("dump", damaged)
    assert re.search(r"damaged\.pcapng, byte \d+: .*; what stands before it was read", line)
    answer = run("dump", damaged)
    assert b"text FIN deflate" in answer.stdout
    assert refused("dump", damaged, "--frame", "99") == line
    assert run("dump", damaged, "--frame", "1").returncode == 0


def test_what_is_not_there(several: Path) -> None:
    there = "the capture has 3 WebSocket connections"
    assert refused("dump", several, "--connection", "9").endswith(there)
    assert refused("dump", several, "--connection", "9", "--frame", "1").endswith(there)
    assert refused("dump", several, "--frame", "5").endswith("connection 1 has 2 frames")


def test_a_capture_without_websockets(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "plain.pcapng")
    plain = scene.open(50001, "http://127.0.0.1:8101/feed")
    plain.client(b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1:8101\r\n\r\n")
    plain.server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").end()
    scene.writer.close(scene.time)
    answer = run("dump", tmp_path / "plain.pcapng")
    assert answer.returncode == 0
    assert b"no WebSocket connection in 7 packets" in answer.stdout
    assert b"GET /feed" in run("dump", tmp_path / "plain.pcapng", "--http").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dump"], "missing argument 'FILE' (see ws101 dump --help)"),
        (["dump", "x", "--last", "0"], "'--last': they count from 1"),
        (["dump", "x", "--frame", "x"], "'--frame': 'x' is no number"),
        (["dump", "x", "--format", "xml"], "'xml' is not one of 'text', 'jsonl'"),
        (["dump", "x", "--frame", "1", "--follow"], "--frame goes with none of"),
        (["dump", "x", "--colour"], "no such option '--colour'"),
        (["dmup"], "no such command 'dmup'"),
    ],
)
def test_wrong_calls_are_told_in_one_line(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, arguments, prog_name="ws101")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


def test_help_teaches() -> None:
    for name in ("dump", "explain", "lint"):
        answer = run(name, "--help").stdout.decode()
        assert f"  ws101 {name} " in answer
        assert_harmless(answer, 80)


def test_a_long_reading_shows_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BEFORE_PROGRESS", 0)
    monkeypatch.setattr(reading, "BETWEEN_PROGRESS", 0)
    meter = reading.Meter("/tmp/big\x1b[2J.pcapng")
    meter.show(30_000_000, 60_000_000)
    meter.clear()
    assert capsys.readouterr().err == "\r\x1b[Kreading big␛[2J.pcapng  50% 30 MB\r\x1b[K"


def test_commands_start_without_what_they_do_not_need() -> None:
    code = (
        "import sys, inspector.commands.dump, inspector.commands.explain, inspector.commands.lint;"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"flask", "mitmproxy", "werkzeug", "asyncio", "rich.console", "rich.text"}
    assert not heavy & set(done.stdout.split())
