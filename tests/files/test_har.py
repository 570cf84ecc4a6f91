"""HAR files as browsers and proxies write them, and ours as others read them."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.findings import RULES
from inspector.files import events as tcp
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.har import read_har
from inspector.files.har_writer import HarWriter
from inspector.files.rebuilt import PROVEN
from tests.core.vectors import handshake, load
from tests.files.mitm import FlowReader, SaveHar, WebSocketMessage, tflow
from tests.files.round_trip import lawful, lines, opened, source, told, whole
from tests.screen.specimens import SPECIMENS, capture

REQUEST = [
    {"name": "Host", "value": "echo.example"},
    {"name": "Upgrade", "value": "websocket"},
    {"name": "Connection", "value": "Upgrade"},
    {"name": "Sec-WebSocket-Key", "value": "AAECAwQFBgcICQoLDA0ODw=="},
    {"name": "Sec-WebSocket-Version", "value": "13"},
]
RESPONSE = [
    {"name": "Upgrade", "value": "websocket"},
    {"name": "Connection", "value": "Upgrade"},
    {"name": "Sec-WebSocket-Accept", "value": "Bz3qJYTGdOe8gUSpLosEdiLKDrk="},
]
SAID = [
    {"type": "send", "time": 1_700_000_001.5, "opcode": 1, "data": "Grüße"},
    {"type": "receive", "time": 1_700_000_002.0, "opcode": 2, "data": "AAEC/w=="},
]


def entry(**changes: Any) -> dict[str, Any]:
    """An entry with the fields that Chrome's developer tools write."""
    return {
        "_connectionId": "17",
        "_initiator": {"type": "script"},
        "_priority": None,
        "_resourceType": "websocket",
        "_webSocketMessages": SAID,
        "cache": {},
        "request": {
            "method": "GET", "url": "wss://echo.example/a?b=c", "httpVersion": "HTTP/1.1",
            "headers": REQUEST, "queryString": [{"name": "b", "value": "c"}], "cookies": [],
            "headersSize": 400, "bodySize": 0,
        },
        "response": {
            "status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1",
            "headers": RESPONSE, "cookies": [], "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "", "headersSize": 100, "bodySize": 0, "_transferSize": 100,
            "_error": None,
        },
        "serverIPAddress": "93.184.216.34",
        "startedDateTime": "2023-11-14T22:13:20.250Z",
        "time": 5000.0,
        "timings": {"blocked": 1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": 3},
        **changes,
    }  # fmt: skip


def har(*entries: Any, indent: int | None = 2) -> bytes:
    creator = {"name": "WebInspector", "version": "537.36"}
    log = {"version": "1.2", "creator": creator, "pages": [], "entries": list(entries)}
    return json.dumps({"log": log}, indent=indent, ensure_ascii=False).encode(errors="replace")


def of_type(told_: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in told_ if line["type"] == kind]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_entry_becomes_a_connection(indent: int | None) -> None:
    capture_ = opened(har(entry(), indent=indent))
    told_ = lines(capture_)
    assert capture_.format == "har"
    (connection,) = of_type(told_, "connection")
    assert connection["url"] == "wss://echo.example/a?b=c"
    assert connection["server"] == "93.184.216.34:443"
    assert connection["opened"] == 1_700_000_000.25
    assert connection["accept"]["ok"] is True
    assert connection["request"]["line"] == "GET /a?b=c HTTP/1.1"
    assert connection["request"]["headers"] == [[h["name"], h["value"]] for h in REQUEST]
    assert connection["facts"] == {
        "rebuilt": "har", "url": "wss://echo.example/a?b=c", "tls": True,
    }  # fmt: skip
    frames = of_type(told_, "frame")
    assert [(frame["from"], frame["time"], frame["masked"]) for frame in frames] == [
        ("client", 1_700_000_001.5, True),
        ("server", 1_700_000_002.0, False),
    ]
    text, binary = of_type(told_, "message")
    assert (text["text"], binary["payload"]) == ("Grüße", "000102ff")
    assert not of_type(told_, "finding") + of_type(told_, "raw") + of_type(told_, "end")
    assert "WebSockets rebuilt from messages" in capture_.counts.notes()[0]


def test_what_is_missing_blames_nobody() -> None:
    """A sanitised HAR: fields are left out, the offer of an extension among them."""
    answer = [*RESPONSE[:2], {"name": "Sec-WebSocket-Extensions", "value": "permessage-deflate"}]
    bare = entry(request=entry()["request"] | {"headers": [], "httpVersion": ""})
    bare["response"] = entry()["response"] | {"headers": answer}
    told_ = lines(opened(har(bare)))
    assert [message["length"] for message in of_type(told_, "message")] == [7, 4]
    assert not of_type(told_, "finding")


def test_what_is_there_and_wrong_is_found() -> None:
    wrong = [*RESPONSE[:2], {"name": "Sec-WebSocket-Accept", "value": "nonsense"}]
    told_ = lines(opened(har(entry(response=entry()["response"] | {"headers": wrong}))))
    assert [finding["rule"] for finding in of_type(told_, "finding")] == ["resp-accept-wrong"]
    assert {rule.id for rule in RULES.values()} >= PROVEN


def test_what_else_is_in_a_har() -> None:
    """Plain exchanges, HTTP/2, control frames as some write them, a WebSocket without a 101."""
    plain = entry(
        _resourceType="xhr", request={**entry()["request"], "url": "http://a/", "headers": []}
    )
    plain["response"] = {"status": 200, "statusText": "OK", "httpVersion": "http/1.1"}
    del plain["_webSocketMessages"]
    second = {**plain, "request": {**plain["request"], "httpVersion": "h2"}}
    odd = entry(_webSocketMessages=[
        *SAID, {"type": "receive", "opcode": 9, "data": "hi"}, {"type": "error", "opcode": 1}, 7,
        {"type": "sent", "opcode": 2, "data": "\u00ff\u0000"}, {"type": "send", "data": "\ud800"},
    ])  # fmt: skip
    without = entry(response={"status": 0, "_error": "net::ERR_FAILED"})
    capture_ = opened(har(plain, second, odd, without))
    told_ = lines(capture_)
    assert [line["request"]["line"] for line in of_type(told_, "http")] == ["GET / HTTP/1.1"]
    assert [frame["name"] for frame in of_type(told_, "frame")] == [
        "text", "binary", "ping", "binary", "text",
    ]  # fmt: skip
    assert of_type(told_, "frame")[3]["payload"] == "ff00"
    # Two of these entries are copies of one, their keys included: that is a fault, and known.
    assert {finding["rule"] for finding in of_type(told_, "finding")} == {"req-key-reused"}
    counts = capture_.counts
    assert (counts.heads_only, counts.not_http_1, counts.odd_messages, counts.no_101) == (
        1,
        1,
        2,
        1,
    )


def test_a_har_of_mitmproxy() -> None:
    """Made by mitmproxy's own addon."""
    flow = tflow.twebsocketflow()
    assert flow.websocket is not None
    flow.websocket.messages = [
        WebSocketMessage(1, True, "héllo".encode(), 5.0),
        WebSocketMessage(2, False, b"\x00\xff", 6.0),
    ]
    made = json.dumps(SaveHar().make_har([flow, tflow.tflow(resp=True)]), indent=4).encode()
    told_ = lines(opened(made))
    (connection,) = of_type(told_, "connection")
    assert (connection["facts"]["url"], connection["server"]) == (
        "http://example.com/ws", "192.168.0.1:80",
    )  # fmt: skip
    text, binary = of_type(told_, "message")
    assert (text["text"], binary["payload"]) == ("héllo", "00ff")
    assert [frame["time"] for frame in of_type(told_, "frame")] == [5.0, 6.0]
    assert len(of_type(told_, "http")) == 1


def written(events: list[tcp.CaptureEvent], path: Path) -> tuple[bytes, HarWriter]:
    writer = HarWriter(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    for item in dissect(events):
        if isinstance(item, Item):
            writer.take(item)
    writer.close()
    return path.read_bytes(), writer


@pytest.mark.parametrize("name", SPECIMENS)
def test_mitmproxy_reads_ours(name: str, tmp_path: Path) -> None:
    with open_capture(capture(tmp_path / "x.pcapng", SPECIMENS[name])) as read:
        events = list(read)
    data, _ = written(events, tmp_path / "x.har")
    flows = list(FlowReader(io.BytesIO(data)).stream())
    expected = [line for line in lines(events) if line["type"] in ("connection", "http")]
    assert sorted(flow.response.status_code for flow in flows) == sorted(  # type: ignore[attr-defined]
        int(line["response"]["line"].split()[1]) for line in expected
    )


SHORT = [vector for vector in load() if not vector.long]


@pytest.mark.parametrize("vector", SHORT, ids=lambda vector: vector.name)
def test_messages_of_every_vector_come_back(vector: Any, tmp_path: Path) -> None:
    events = whole(vector)
    data, _ = written(events, tmp_path / "x.har")
    assert json.loads(data)["log"]["version"] == "1.2"
    back = list(opened(data))
    assert not [event for event in back if isinstance(event, tcp.Fault)]

    def content(told_: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        open_ = [line for line in told_ if line["type"] == "connection"]
        if not any(line["response"] and "101" in line["response"]["line"] for line in open_):
            return []
        return [
            (line["from"], line["text"] if line["valid"] and line["kind"] == "text"
             else line["payload"])
            for line in told_ if line["type"] == "message"
        ]  # fmt: skip

    told_ = lines(events)
    if all(
        line["length"] is not None or line["valid"] is False for line in of_type(told_, "message")
    ):
        assert content(lines(back)) == content(told_)


def test_what_a_har_cannot_hold_is_counted(tmp_path: Path) -> None:
    with open_capture(capture(tmp_path / "x.pcapng", SPECIMENS["chat"])) as read:
        _, writer = written(list(read), tmp_path / "x.har")
    assert writer.left_out == {
        "frames' boundaries": 2, "masking keys": 7, "compressed forms of messages": 3, "Pings": 2,
        "Pongs": 2, "Close frames": 2, "ends of TCP directions": 2,
    }  # fmt: skip


def test_text_that_is_no_text_goes_as_binary(tmp_path: Path) -> None:
    from inspector.core.encode import encode_frame

    steps = [*handshake()]
    step = steps[1]._replace(value=steps[1].value + encode_frame(1, b"\xff\xfe"))
    data, _ = written(list(told([steps[0], step])), tmp_path / "x.har")
    (message,) = json.loads(data)["log"]["entries"][0]["_webSocketMessages"]
    assert (message["opcode"], base64.b64decode(message["data"])) == (2, b"\xff\xfe")


def test_what_stands_before_the_damage_is_shown() -> None:
    data = har(entry(), entry())
    second = data.rindex(b'"_connectionId"')
    cut = list(opened(data[:second]))
    assert len(of_type(lines(cut), "connection")) == 1
    assert cut[-1] == tcp.Fault(second, "it ends in the middle of its entries", cut=True)
    broken = list(opened(data[:second] + b"!" + data[second:]))
    assert len(of_type(lines(broken), "connection")) == 1
    assert isinstance(broken[-1], tcp.Fault)
    assert broken[-1].offset == second
    assert not broken[-1].cut
    at = data.index("Grüße".encode()) + 2
    (fault,) = [e for e in opened(data[:at] + b"\xff" + data[at + 1 :]) if isinstance(e, tcp.Fault)]
    assert fault == tcp.Fault(at, "it is no text in UTF-8")


def test_one_that_is_too_large_is_told() -> None:
    capture_ = list(read_har(source(har(entry())), tcp.Counts(), 1_000))
    (fault,) = capture_
    assert isinstance(fault, tcp.Fault)
    assert "larger than 0 MiB" in fault.words


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@st.composite
def wild(draw: st.DrawFn) -> Any:
    """An entry in which anything may be anything."""
    changes = draw(st.dictionaries(st.sampled_from(sorted(entry())), VALUES, max_size=2))
    made = entry(**changes)
    for key in ("request", "response"):
        if isinstance(made[key], dict) and made[key]:
            of = st.sampled_from(sorted(made[key]))
            made[key] = {**made[key], **draw(st.dictionaries(of, VALUES, max_size=2))}
    message = {**SAID[0], **draw(st.dictionaries(st.sampled_from(sorted(SAID[0])), VALUES))}
    if draw(st.booleans()):
        made["_webSocketMessages"] = [message, draw(VALUES)]
    return made


@given(st.lists(wild() | VALUES, max_size=4))
def test_any_entries_are_read_without_raising(entries: list[Any]) -> None:
    log = json.dumps({"log": {"entries": entries}})
    events = list(opened(log.encode()))
    lawful(events)
    lines(events)


@given(st.integers(0, 5_000), st.binary(min_size=1, max_size=3), st.integers(0, 5_000))
def test_any_damage_is_read_without_raising(place: int, value: bytes, size: int) -> None:
    data = bytearray(har(entry()))
    place %= len(data)
    data[place : place + len(value)] = value
    lawful(list(opened(bytes(data))))
    lawful(list(opened(bytes(data[:size]))))


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:log entris0\n', max_size=60))
def test_any_document_is_read_without_raising(rest: bytes | str) -> None:
    data = rest if isinstance(rest, bytes) else rest.encode()
    lawful(list(opened(b'{"log": ' + data)))
    lawful(list(opened(b'{"log": {"entries": [' + data)))
