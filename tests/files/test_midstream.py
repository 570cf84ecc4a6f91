"""Captures that begin inside a connection: found, numbered, shown and converted like any other."""

from __future__ import annotations

import json
from pathlib import Path

from inspector.core.midstream import MAX_KEPT
from inspector.files.capture import open_capture
from inspector.files.dissect import MAX_JOINING, dissect
from tests.commands.run import run
from tests.core.test_resync import chat
from tests.files.kit import Talk, pcapng
from tests.files.round_trip import json_lines


def inside(count: int = 12, *, client: tuple[str, int] = ("10.0.0.1", 50_000)) -> list[bytes]:
    """Packets of both sides, none of which is the first of its connection."""
    talk = Talk(client=client)
    wires = {True: b"".join(chat("client", count))[5:], False: b"".join(chat("server", count))[3:]}
    packets = []
    for at in range(0, 2_000, 50):
        for from_client, wire in wires.items():
            if piece := wire[at : at + 50]:
                packets.append(talk.data(from_client, piece))
    return packets


def test_a_connection_without_its_handshake(tmp_path: Path) -> None:
    path = tmp_path / "inside.pcapng"
    path.write_bytes(pcapng(inside()))
    done = run("dump", path, "--format", "jsonl")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    first = told[0]
    assert (first["type"], first["request"], first["response"]) == ("connection", None, None)
    assert first["facts"] == {"handshake": "not captured"}
    assert first["accept"]["ok"] is None
    kinds = [line["type"] for line in told]
    assert kinds[1] == "raw"
    assert kinds.count("frame") > 20
    assert "finding" not in kinds or all(
        line["severity"] == "info" for line in told if line["type"] == "finding"
    )
    text = run("dump", path).stdout.decode()
    assert "the handshake is not in the capture" in text
    assert "still open where the capture ends" in text
    for line in text.splitlines():
        assert len(line) <= 80


def test_who_masks_is_the_client_whatever_the_ports_say(tmp_path: Path) -> None:
    path = tmp_path / "swapped.pcapng"
    path.write_bytes(pcapng(inside(client=("10.0.0.1", 7))))
    done = run("dump", path, "--format", "jsonl")
    first = json.loads(done.stdout.splitlines()[0])
    assert (first["client"], first["server"]) == ("10.0.0.1:7", "10.0.0.2:80")
    assert run("lint", path).returncode == 0


def test_there_and_back_through_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "inside.pcapng"
    path.write_bytes(pcapng(inside()))
    before = run("dump", path, "--format", "jsonl").stdout
    for name in ("there.jsonl", "there.pcapng", "there.pcap"):
        made = tmp_path / name
        assert run("convert", path, made).returncode == 0
        assert run("dump", made, "--format", "jsonl").stdout == before, name


def test_memory_for_connections_of_which_nothing_is_known_is_bounded(tmp_path: Path) -> None:
    portion = b"\x05" * 8_000
    talks = [Talk(client=("10.0.0.1", 10_000 + number)) for number in range(MAX_JOINING + 50)]
    packets = [talk.data(True, portion) for talk in talks]
    packets += inside(client=("10.0.0.9", 50_000))
    path = tmp_path / "many.pcapng"
    path.write_bytes(pcapng(packets))
    with open_capture(path) as capture:
        lines = json_lines(capture).splitlines()
    assert json.loads(lines[0])["client"] == "10.0.0.9:50000"
    assert MAX_JOINING * MAX_KEPT <= 64 << 20
    with open_capture(path) as capture:
        assert sum(1 for _ in dissect(capture)) == len(lines)
