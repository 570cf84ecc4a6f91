"""tshark reads the captures that our recorder writes, and finds the frames that we find.

Conversations are hypothesis's: both directions at once, cut into segments anywhere. What tshark 4.0
is known to get wrong is left out by name: `KNOWN`.
"""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from inspector.core.events import Framed
from inspector.core.frames import Frame, encode_frame
from inspector.core.handshake import Deflate
from inspector.core.rfc import CLOSE, PING, PONG, SIDES, TEXT, Side
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.recorder import CaptureWriter
from tests.core import strategies
from tests.core.vectors import Step, handshake
from tests.needs import program

TSHARK = program("tshark")

KNOWN = {
    "compressed": "its two inflaters are swapped, so no content of compressed messages is compared",
    "fragments": "it shows only the reassembled text, and forgets it is text: lengths are compared",
    "494": "it gives up after 494 frames in one segment, in what was written and what was seen",
}
FIRST_PORT = 50_000


@st.composite
def conversations(draw: st.DrawFn) -> list[Step]:
    """A handshake, then both directions' lawful bytes in portions, one after the other at will."""
    agreed = draw(strategies.agreements)
    steps = handshake("" if agreed is None else header(agreed))
    wires = {
        side: draw(strategies.cut(draw(strategies.streams(st.just(side), st.just(agreed))).wire))
        for side in SIDES
    }
    turns = draw(st.permutations([side for side in SIDES for _ in wires[side]]))
    for side in turns:
        if portion := wires[side].pop(0):
            steps.append(Step("bytes", side, portion))
    return steps


def header(agreed: dict[Side, Deflate]) -> str:
    parts = ["permessage-deflate"]
    for side, deflate in agreed.items():
        parts.append(f"{side}_max_window_bits={deflate.window_bits}")
        parts += [] if deflate.context_takeover else [f"{side}_no_context_takeover"]
    return "; ".join(parts)


def record(path: Path, talks: list[list[Step]]) -> None:
    writer = CaptureWriter.create(path, force=True)
    for number, steps in enumerate(talks):
        stream = writer.open(("127.0.0.1", FIRST_PORT + number), ("127.0.0.2", 80), {}, number)
        for step in steps:
            stream.data(step.side == "client", step.value, number)
    writer.close(len(talks))


def ours(path: Path) -> dict[tuple[int, Side], list[Frame]]:
    """Frames of each direction, by the client's port."""
    found: dict[tuple[int, Side], list[Frame]] = {}
    with open_capture(path) as capture:
        for item in dissect(capture):
            if isinstance(item, Item) and isinstance(item.event, Framed):
                frame = item.event.frame
                found.setdefault((item.connection.client[1], frame.side), []).append(frame)
    return found


type Fields = dict[str, Any]


def theirs(path: Path) -> dict[tuple[int, Side], list[Fields]]:
    """The same by tshark: the fields of each frame, as numbers and hex."""
    command = [TSHARK, "-r", str(path), "-Y", "websocket", "-T", "pdml"]
    done = subprocess.run(command, capture_output=True, check=True)
    found: dict[tuple[int, Side], list[Fields]] = {}
    for _, packet in ElementTree.iterparse(BytesIO(done.stdout)):
        if packet.tag != "packet":
            continue
        ports = {
            name: int(field.get("show", ""))
            for field in packet.iter("field")
            if (name := field.get("name")) in ("tcp.srcport", "tcp.dstport")
        }
        client = ports["tcp.srcport"] != 80
        key: tuple[int, Side] = (max(ports.values()), "client" if client else "server")
        found.setdefault(key, []).extend(map(fields, packet.iter("proto")) if client else [])
        if not client:
            found[key] += map(fields, packet.iter("proto"))
        found[key] = [each for each in found[key] if each]
        packet.clear()
    return found


def fields(proto: ElementTree.Element) -> Fields:
    if proto.get("name") != "websocket":
        return {}
    return {
        field.get("name", "").removeprefix("websocket."): field for field in proto.iter("field")
    }


def agree(frame: Frame, told: Fields) -> None:
    """Header, key and length, bit by bit; what a control frame or a plain text says."""

    def number(name: str) -> int:
        return int(told[name].get("show"), 0)

    def octets(name: str) -> bytes:
        return bytes.fromhex(told[name].get("value")) if name in told else b""

    assert number("fin") == frame.fin
    assert number("opcode") == frame.opcode
    assert number("mask") == frame.masked
    assert ("pmc" in told and number("pmc") == 1) == frame.rsv1
    assert number("payload_length") == frame.length_code
    longer = {16: "payload_length_ext_16", 64: "payload_length_ext_64"}.get(frame.length_bits or 7)
    assert longer is None or number(longer) == frame.length
    assert octets("masking_key") == (frame.masking_key or b"")
    if frame.masked and frame.length:
        assert int(told["masked_payload"].get("size")) == frame.length
    if frame.opcode in (PING, PONG):
        assert octets("payload.ping" if frame.opcode == PING else "payload.pong") == frame.payload
    if frame.opcode == CLOSE and frame.payload:
        assert octets("payload.close.status_code") == frame.payload[:2]
        assert octets("payload.close.reason") == frame.payload[2:]
    if "payload.text" in told and frame.opcode == TEXT and frame.fin and not frame.rsv1:
        assert octets("payload.text") == frame.payload


@settings(
    max_examples=4,
    phases=[Phase.generate],  # each example is a run of tshark
    suppress_health_check=list(HealthCheck),
)
@given(talks=st.lists(conversations(), min_size=8, max_size=8))
def test_tshark_finds_the_same_frames(
    talks: list[list[Step]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("talks") / "talks.pcapng"
    record(path, talks)
    we, they = ours(path), theirs(path)
    assert we.keys() == they.keys()
    for key, frames in we.items():
        assert len(frames) == len(they[key]), key
        for frame, told in zip(frames, they[key], strict=True):
            agree(frame, told)


@pytest.mark.parametrize("count", [490, 1000])
def test_tshark_gives_up_where_we_go_on(count: int, tmp_path: Path) -> None:
    """Many frames in one segment: `KNOWN` says how many it reads. We read all of them."""
    path = tmp_path / "many.pcapng"
    many = Step("bytes", "server", encode_frame(PING, b"x") * count)
    record(path, [[*handshake(), many]])
    key: tuple[int, Side] = (FIRST_PORT, "server")
    assert len(ours(path)[key]) == count
    assert len(theirs(path)[key]) in ({count} if count < 494 else {494, count})
