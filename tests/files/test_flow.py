"""mitmproxy's flows: its own files as we read them, and ours as it does."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.files import events as tcp
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.flow import MAX_FLOW
from inspector.files.flow import FlowWriter as OurWriter
from tests.core.vectors import handshake, load
from tests.files.mitm import FlowReader, FlowWriter, WebSocketMessage, tflow
from tests.files.round_trip import lawful, lines, opened, told, whole
from tests.screen.specimens import SPECIMENS, capture


def file_of(*flows: Any) -> bytes:
    """A file as mitmproxy writes it."""
    out = io.BytesIO()
    writer = FlowWriter(out)
    for flow in flows:
        writer.add(flow)
    return out.getvalue()


def talk(*messages: WebSocketMessage) -> Any:
    flow = tflow.twebsocketflow()
    assert flow.websocket is not None
    flow.websocket.messages = list(messages)
    return flow


def of_type(told_: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in told_ if line["type"] == kind]


FLOW = talk(
    WebSocketMessage(1, True, "héllo".encode(), 946681205.0),
    WebSocketMessage(2, False, b"\x00\xff", 946681206.5),
)


def test_a_websocket_of_mitmproxy() -> None:
    capture_ = opened(file_of(FLOW, tflow.tflow(resp=True), tflow.tdnsflow(), tflow.tudpflow()))
    told_ = lines(capture_)
    assert capture_.format == "flow"
    (connection,) = of_type(told_, "connection")
    assert (connection["client"], connection["server"]) == ("127.0.0.1:22", "192.168.0.1:22")
    assert connection["facts"] == {
        "rebuilt": "flow", "url": "http://example.com/ws", "tls": False,
        "close_code": 1000, "closed_by": "server",
    }  # fmt: skip
    frames = of_type(told_, "frame")
    assert [(frame["from"], frame["masked"], frame["time"]) for frame in frames] == [
        ("client", True, 946681205.0),
        ("server", False, 946681206.5),
    ]
    text, binary = of_type(told_, "message")
    assert (text["text"], binary["payload"]) == ("héllo", "00ff")
    assert not of_type(told_, "end")
    # mitmproxy's example has neither a real key nor a real answer to it: that is in the file.
    assert [line["rule"] for line in of_type(told_, "finding")] == [
        "req-key-wrong-length",
        "resp-accept-wrong",
    ]
    assert len(of_type(told_, "http")) == 1
    counts = capture_.counts
    assert (counts.rebuilt, counts.heads_only, counts.other_flows) == (1, 1, 2)


def test_a_tcp_flow_has_the_bytes_themselves() -> None:
    vector = next(vector for vector in load() if vector.name.startswith("frames: "))
    steps = [step for step in (*vector.handshake, *vector.steps) if step.kind == "bytes"]
    flow = tflow.ttcpflow(
        messages=[tflow.tcp.TCPMessage(s.side == "client", s.value, s.time or 0.5) for s in steps]
    )
    back = lines(opened(file_of(flow)))
    expected = lines(told(step._replace(time=step.time or 0.5) for step in steps))
    own = {"client", "server", "opened", "facts"}  # addresses and times of the flow
    assert [{k: v for k, v in line.items() if k not in own} for line in back] == [
        {k: v for k, v in line.items() if k not in own} for line in expected
    ]


def written(events: list[tcp.CaptureEvent], path: Path) -> tuple[bytes, OurWriter]:
    writer = OurWriter(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    for item in dissect(events):
        if isinstance(item, Item):
            writer.take(item)
    writer.close()
    return path.read_bytes(), writer


@pytest.mark.parametrize("name", SPECIMENS)
def test_mitmproxy_reads_ours(name: str, tmp_path: Path) -> None:
    with open_capture(capture(tmp_path / "x.pcapng", SPECIMENS[name])) as read:
        events = list(read)
    data, _ = written(events, tmp_path / "x.flow")
    flows = list(FlowReader(io.BytesIO(data)).stream())
    told_ = lines(events)
    upgraded = [f for f in flows if f.websocket is not None]  # type: ignore[attr-defined]
    closes = {line["connection"]: line["code"] for line in of_type(told_, "close")}
    assert sorted(str(f.websocket.close_code) for f in upgraded) == sorted(  # type: ignore[attr-defined]
        str(closes[line["connection"]])
        for line in of_type(told_, "connection") if "101" in line["response"]["line"]
    )  # fmt: skip
    said = [m.content for f in upgraded for m in f.websocket.messages]  # type: ignore[attr-defined]
    assert len(said) == len(of_type(told_, "message"))
    assert len(flows) == len(of_type(told_, "connection")) + len(of_type(told_, "http"))


@pytest.mark.parametrize(
    "vector",
    [vector for vector in load() if vector.handshake and not vector.long],
    ids=lambda vector: vector.name,
)
def test_messages_of_every_vector_come_back(vector: Any, tmp_path: Path) -> None:
    events = whole(vector)
    data, _ = written(events, tmp_path / "x.flow")
    back = list(opened(data))
    assert not [event for event in back if isinstance(event, tcp.Fault)]

    def said(told_: list[dict[str, Any]]) -> list[tuple[str, str]]:
        messages = of_type(told_, "message")
        return [
            (line["from"], line["text"] if line["kind"] == "text" and line["valid"]
             else line["payload"])
            for line in messages
        ]  # fmt: skip

    told_ = lines(events)
    if all(line["valid"] is not None for line in of_type(told_, "message")):
        assert said(lines(back)) == said(told_)


def test_what_a_flow_cannot_hold_is_counted(tmp_path: Path) -> None:
    with open_capture(capture(tmp_path / "x.pcapng", SPECIMENS["chat"])) as read:
        _, writer = written(list(read), tmp_path / "x.flow")
    assert writer.left_out == {
        "frames' boundaries": 2, "masking keys": 7, "compressed forms of messages": 3, "Pings": 2,
        "Pongs": 2, "ends of TCP directions": 2,
    }  # fmt: skip


def test_what_stands_before_the_damage_is_shown() -> None:
    one = file_of(FLOW)
    cut = list(opened(one + one[: len(one) // 2]))
    assert len(of_type(lines(cut), "connection")) == 1
    assert cut[-1] == tcp.Fault(len(one), "it ends inside a flow", cut=True)
    broken = list(opened(one + b"5:hello," + one))
    assert len(of_type(lines(broken), "connection")) == 1
    assert broken[-1] == tcp.Fault(len(one), "it is no flow that mitmproxy can read")
    (fault,) = opened(f"{MAX_FLOW + 1}:".encode() + b"x" * 20)
    assert isinstance(fault, tcp.Fault)
    assert "larger than 256 MiB" in fault.words


def test_other_commands_do_not_wait_for_mitmproxy() -> None:
    code = "import sys, inspector.files.capture, inspector.files.targets; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "inspector.files.flow" in done.stdout
    assert "mitmproxy" not in done.stdout.replace("inspector.files.flow", "")


GOOD = file_of(FLOW, tflow.ttcpflow())


@given(st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=3), st.integers(0, len(GOOD)))
def test_any_damage_is_read_without_raising(place: int, value: bytes, size: int) -> None:
    data = bytearray(GOOD)
    data[place : place + len(value)] = value
    for each in (bytes(data), bytes(data[:size])):
        events = list(opened(b"1:" + each[2:] if not each[:1].isdigit() else each))
        lawful(events)
        lines(events)


@given(st.binary(max_size=40), st.integers(0, 50))
def test_any_bytes_are_read_without_raising(rest: bytes, size: int) -> None:
    lawful(list(opened(f"{size}:".encode() + rest)))


def test_nested_without_end() -> None:
    data = b"0:]"
    for _ in range(3_000):
        data = f"{len(data)}:".encode() + data + b"]"
    lawful(list(opened(data)))


def test_a_handshake_alone_comes_back(tmp_path: Path) -> None:
    data, _ = written(list(told(handshake("permessage-deflate"))), tmp_path / "x.flow")
    (before,) = of_type(lines(told(handshake("permessage-deflate"))), "connection")
    (after,) = of_type(lines(opened(data)), "connection")
    for key in ("request", "response", "accept", "extensions", "client", "server"):
        assert after[key] == before[key]
