"""JSON lines there and back: the same bytes of both streams, the same everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frames import MAX_PAYLOAD, encode_frame
from inspector.files import events as tcp
from inspector.files.capture import open_capture
from inspector.files.events import CaptureEvent
from inspector.files.jsonl_line import address
from inspector.files.text_lines import text_lines
from tests.core.vectors import Step, Vector, handshake, load
from tests.files.round_trip import (
    json_lines,
    lawful,
    lines,
    opened,
    source,
    streams,
    told,
    whole,
)

VECTORS = load()
ANOTHER_ORDER = {
    "late_http: without a length, after the server's Close": "its bytes are told when it has ended",
}
READ_ANEW = {
    "opening: a chunk without a size": "the body of the plain exchange before it is not there",
    "opening: refused, a plain request, and then what is no HTTP": "nor is that one's request",
    "opening: more than is held before an answer": "the end of it is told after the server's bytes",
    "opening: a request for a WebSocket whose head is longer than any": "and of this one, too",
}
"""What had been given up as HTTP is read in another light; the bytes are the same."""
EXACT = [vector for vector in VECTORS if vector.name not in READ_ANEW]


def back(events: list[CaptureEvent]) -> list[CaptureEvent]:
    """The events after a way through JSON lines."""
    return list(opened(json_lines(events)))


@pytest.mark.parametrize("vector", EXACT, ids=lambda vector: vector.name)
def test_every_vector_comes_back_as_it_was(vector: Vector) -> None:
    events = whole(vector)
    before = lines(events)
    if not before:  # no line was written, and nothing can be read
        return
    after = lines(back(events))
    if vector.name in ANOTHER_ORDER:
        before, after = sorted(before, key=str), sorted(after, key=str)
    assert after == before


@pytest.mark.parametrize("name", READ_ANEW)
def test_what_is_read_anew_has_the_same_bytes(name: str) -> None:
    vector = next(vector for vector in VECTORS if vector.name == name)

    def of_the_websocket(events: list[CaptureEvent]) -> dict[str, bytes]:
        sides = {"client": b"", "server": b""}
        for line in lines(events):
            if line["type"] == "connection":
                for side, head in (("client", line["request"]), ("server", line["response"])):
                    sides[side] += bytes.fromhex(head["head"]) if head else b""
            elif line["type"] == "frame":
                frame = bytes.fromhex(line["header"])
                key = bytes.fromhex(line["masking_key"] or "00000000")
                payload = bytes.fromhex(line["payload"])
                sides[line["from"]] += frame + bytes(b ^ key[i % 4] for i, b in enumerate(payload))
            elif line["type"] == "raw":
                sides[line["from"]] += bytes.fromhex(line["bytes"])
        return sides

    events = whole(vector)
    assert of_the_websocket(back(events)) == of_the_websocket(events)


def test_bytes_are_in_their_place_after_a_gap() -> None:
    frame = encode_frame(1, b"here")
    steps = [*handshake(), Step("gap", "server", 5, 1.0), Step("bytes", "server", frame, 2.0)]
    gaps = [event for event in back(list(told(steps))) if isinstance(event, tcp.Gap)]
    assert [(gap.from_client, gap.size) for gap in gaps] == [(False, 5)]


def test_a_frame_too_long_to_keep_comes_back(tmp_path: Path) -> None:
    """Its raw bytes are told before it; they are put behind it, and not in memory."""
    payload = bytes(range(256)) * (MAX_PAYLOAD // 256) + b"the end of it" * 20_000
    frame = encode_frame(2, payload) + encode_frame(1, b"after it")
    pieces = [frame[at : at + 2**20] for at in range(0, len(frame), 2**20)]
    steps = [*handshake(), *(Step("bytes", "server", piece, 1.0) for piece in pieces)]
    events = list(told(steps))
    path = tmp_path / "long.jsonl"
    path.write_bytes(json_lines(events))
    with open_capture(path) as capture:
        assert streams(capture) == streams(events)


def interleaved() -> list[CaptureEvent]:
    """The first to connect is the second to upgrade."""
    first, second = list(told(handshake("x"), 1)), list(told(handshake(), 2))
    return [first[0], *second, *first[1:]]


def test_numbers_count_first_packets_whoever_upgrades_first(tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    path.write_bytes(json_lines(interleaved()))
    lines_before = lines(interleaved())
    # Read once, a row of events numbers them in the order of upgrading: so make the file say else.
    other = {1: 2, 2: 1}
    for line in lines_before:
        line["connection"] = other[line["connection"]]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines_before))
    with open_capture(path) as capture:
        told_again = list(capture)
    order = [event.client[1] for event in told_again if isinstance(event, tcp.Opened)]
    assert order == [50_001, 50_002]
    assert streams(told_again) == streams(interleaved())


def test_keys_and_types_that_nobody_knows_are_passed_over() -> None:
    written = json_lines(list(told(handshake()))).splitlines()
    odd = [json.dumps(json.loads(line) | {"new": [1, {"x": 2}]}).encode() for line in written]
    odd.insert(1, b'{"type": "weather", "sky": "blue"}')
    odd.insert(1, b"")
    odd.insert(1, b"{}")
    assert streams(opened(b"\n".join(odd))) == streams(told(handshake()))


BROKEN = {
    b"{": "line 2 is no JSON: Expecting property name enclosed in double quotes at column 2",
    b"[1]": "line 2 is no JSON object",
    b'{"type": "frame"}': """line 2 of type 'frame': "connection" is no number from 1 on""",
    b'{"type": "raw", "connection": 1, "offset": "x"}': (
        """line 2 of type 'raw': "offset" is no number of bytes"""
    ),
    b'{"type": "raw", "connection": 1, "offset": 0, "from": "me"}': (
        """line 2 of type 'raw': "from" is neither client nor server"""
    ),
    b'{"type": "raw", "connection": 1, "offset": 0, "from": "client", "bytes": "xx"}': (
        """line 2 of type 'raw': "bytes" is not bytes in hex"""
    ),
    b'{"a": "\xff"}': "line 2 is no text in UTF-8",
    b"[" * 100_000: "line 2 is nested too deep",
    b'{"a": ' + b"1" * 10_000 + b"}": "line 2 holds a number that is too long",
}


@pytest.mark.parametrize(("line", "words"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_broken_line_is_told_with_its_number_after_all_before_it(line: bytes, words: str) -> None:
    first, *_ = json_lines(list(told(handshake()))).splitlines(keepends=True)
    events = list(opened(first + line + b"\n" + first))
    assert streams(events) == streams(told(handshake()))
    assert events[-1] == tcp.Fault(len(first), words)


def test_a_last_line_that_is_cut_is_a_note() -> None:
    first, *_ = json_lines(list(told(handshake()))).splitlines(keepends=True)
    events = list(opened(first + b'{"type": "fra'))
    assert streams(events) == streams(told(handshake()))
    assert events[-1] == tcp.Fault(len(first), "it ends inside line 2", cut=True)


def test_a_line_longer_than_any_of_ours_is_not_kept() -> None:
    at_once = list(text_lines(source(b"short\n" + b"x" * 5_000), 1_000))
    assert at_once[0].data == b"short"  # type: ignore[union-attr]
    assert at_once[1] == tcp.Fault(6, "line 2 is longer than 1000 bytes")


def test_what_no_line_opened_is_counted() -> None:
    first, *_ = json_lines(list(told(handshake()))).splitlines(keepends=True)
    line = b'{"type": "raw", "connection": 9, "offset": 0, "from": "client", "bytes": "00"}\n'
    capture = opened(first + line)
    assert streams(capture) == streams(told(handshake()))
    assert capture.counts.notes() == [
        "lines about connections that no line before them opened, passed over: 1"
    ]


def test_addresses() -> None:
    assert address("127.0.0.1:8101") == ("127.0.0.1", 8101)
    assert address("[::1]:80") == ("::1", 80)
    for odd in (None, 7, "here", "here:99999", "here:x"):
        assert address(odd) == ("0.0.0.0", 0)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["client", "server", "00ff", "fin", "rst", "websocket"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)  # fmt: skip
KEYS = ["connection", "from", "offset", "header", "payload", "bytes", "time", "how", "request"]
KEYS += ["response", "opened", "answered", "early", "facts", "client", "server", "head"]


@st.composite
def wild_lines(draw: st.DrawFn) -> bytes:
    kinds = st.sampled_from(["connection", "frame", "raw", "end", "close", "http", "gap", "x"])
    line = {"type": draw(kinds), "connection": draw(st.integers(1, 4)), "offset": 0}
    line |= {"from": draw(st.sampled_from(["client", "server"])), "header": "8100", "payload": ""}
    line |= {"bytes": "0102", "size": 3, "request": None, "response": {"head": "00"}}
    line |= draw(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
    return json.dumps(line).encode()


@given(st.lists(wild_lines() | st.binary(max_size=20), max_size=12))
def test_any_lines_are_read_without_raising(written: list[bytes]) -> None:
    data = b'{"type": "connection"'.join([b"", *written[:1]]) + b"\n" + b"\n".join(written)
    lawful(list(opened(data)))
    events = list(opened(b'{"type": "x"}\n' + b"\n".join(written)))
    lawful(events)
    lines(events)


@given(st.integers(0, 3_000), st.integers(0, 255), st.integers(0, 3_000))
def test_any_damage_is_read_without_raising(place: int, value: int, size: int) -> None:
    whole = bytearray(json_lines(list(told([*handshake(), Step("end", "client", "fin", 2.0)]))))
    whole[place % len(whole)] = value
    lawful(list(opened(bytes(whole))))
    lawful(list(opened(bytes(whole[:size]))))
