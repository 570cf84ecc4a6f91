"""JSON lines: ASCII, parseable, and every byte of both streams in them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from inspector.core.masking import apply_mask
from inspector.files.jsonl import dumps, to_line
from tests.screen.traffic import conversations, items

TYPES = {"connection", "frame", "message", "finding", "raw", "end", "close", "http"}


def lines(said: list[tuple[bool, bytes]]) -> list[dict[str, Any]]:
    written = [dumps(to_line(item)) for item in items(said)]
    assert all(line.isascii() and "\n" not in line for line in written)
    return [json.loads(line, parse_constant=_no_constant) for line in written]


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def rebuilt(told: list[dict[str, Any]], side: str, head: str) -> bytes:
    """A direction's bytes, from nothing but the lines."""
    (connection,) = (line for line in told if line["type"] == "connection")
    pieces: list[tuple[int, bytes]] = []
    for line in told:
        if line["type"] == "frame" and line["from"] == side:
            payload = bytes.fromhex(line["payload"])
            key = line["masking_key"]
            masked = apply_mask(payload, bytes.fromhex(key)) if key else payload
            pieces.append((line["offset"], bytes.fromhex(line["header"]) + masked))
        elif line["type"] == "raw" and line["from"] == side:
            pieces.append((line["offset"], bytes.fromhex(line["bytes"])))
    whole = bytes.fromhex(connection[head]["head"])
    after = b""
    for offset, data in sorted(pieces):
        assert offset == len(after)
        after += data
    return whole + after


@given(conversations())
def test_both_streams_can_be_rebuilt(said: list[tuple[bool, bytes]]) -> None:
    told = lines(said)
    for side, head in (("client", "request"), ("server", "response")):
        sent = b"".join(data for from_client, data in said if from_client == (side == "client"))
        assert rebuilt(told, side, head) == sent
    assert {line["type"] for line in told} <= TYPES
    assert told[0]["type"] == "connection"
    assert told[-1]["type"] == "close"


@given(conversations())
def test_numbers_count_and_findings_point_at_frames(said: list[tuple[bool, bytes]]) -> None:
    told = lines(said)
    frames = [line for line in told if line["type"] == "frame"]
    messages = [line for line in told if line["type"] == "message"]
    assert [line["frame"] for line in frames] == [*range(1, len(frames) + 1)]
    assert [line["message"] for line in messages] == [*range(1, len(messages) + 1)]
    for message in messages:
        for number in message["frames"]:
            assert frames[number - 1]["message"] == message["message"]
            assert frames[number - 1]["from"] == message["from"]
    for finding in (line for line in told if line["type"] == "finding"):
        if finding["frame"] is not None:
            frame = frames[finding["frame"] - 1]
            if finding["stream"] == frame["from"]:
                assert finding["offset"] == frame["offset"]
