"""Every bit in words: fields tile what was given, whatever it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.explain import Field, explain
from inspector.core.frames import encode_frame
from inspector.core.rfc import SIDES, Side
from tests.core import strategies
from tests.core.vectors import REQUEST, RESPONSE

NAMES = [
    *("fin", "rsv1", "rsv2", "rsv3", "opcode", "mask", "length"),
    *("extended_length", "masking_key", "payload"),
]


def assert_tiles(data: bytes, side: Side | None = None) -> None:
    parts = explain(data, side)
    at = 0
    for part in parts:
        names = [field.name for field in part.fields]
        if part.kind == "frame":
            assert names == [name for name in NAMES if name in names]
        for field in part.fields:
            assert field.bits[0] == at < field.bits[1]
            assert field.words
            assert field.rfc.split(" §")[0] in {"6455", "7692", "9110", "9112", "6265"}
            at = field.bits[1]
    assert at == len(data) * 8
    assert b"".join(part.wire for part in parts) == data


heads = st.sampled_from([f"{REQUEST}\r\n", f"{RESPONSE}\r\n", "GET / HTTP/1.0\n\n"]).map(str.encode)
anything = st.lists(heads | strategies.any_frames() | st.binary(max_size=30), max_size=4)


@given(anything.map(b"".join), st.none() | strategies.sides)
@example(b"", None)
@example(b"\x82\x7f" + b"\x01" * 8 + b"more", None)
@example(b"\x82\xff" + b"\xff" * 8 + b"keys, and then some", "client")
@example(b"GET  two  spaces \r\n A\r\nB:\t c \t\r\nnever ends\r", None)
@example(b"HTTP/1.1 101\n\n\x81", None)
def test_the_fields_tile_anything(data: bytes, side: Side | None) -> None:
    assert_tiles(data, side)


@given(strategies.any_frames(), st.data())
def test_the_fields_tile_a_frame_cut_anywhere(wire: bytes, data: st.DataObject) -> None:
    cut = wire[: data.draw(st.integers(0, len(wire)))]
    assert_tiles(cut)


def fields(data: bytes, side: Side | None = None) -> dict[str, Field]:
    (part,) = explain(data, side)
    return {field.name: field for field in part.fields}


def test_the_rfcs_masked_hello() -> None:
    found = fields(bytes.fromhex("818537fa213d7f9f4d5158"))
    assert {name: (field.bits, field.value) for name, field in found.items()} == {
        "fin": ((0, 1), 1),
        "rsv1": ((1, 2), 0),
        "rsv2": ((2, 3), 0),
        "rsv3": ((3, 4), 0),
        "opcode": ((4, 8), 1),
        "mask": ((8, 9), 1),
        "length": ((9, 16), 5),
        "masking_key": ((16, 48), "37fa213d"),
        "payload": ((48, 88), "7f9f4d5158"),
    }
    assert found["mask"].words == "a client masks every frame"


def test_the_sender_is_the_one_who_would_mask_so() -> None:
    assert explain(b"\x81\x00")[0].frame is not None
    assert fields(b"\x81\x00")["mask"].words == "a server does not mask"
    assert fields(b"\x81\x80abcd")["mask"].words == "a client masks every frame"
    assert fields(b"\x81\x00", "client")["mask"].words == "a client must mask every frame"
    assert fields(b"\x81\x80abcd", "server")["mask"].words == "a server must not mask"


def test_after_heads_the_mask_bit_tells_too() -> None:
    request, response = f"{REQUEST}\r\n".encode(), f"{RESPONSE}\r\n".encode()
    for heads in (request, response, request + response):
        for frame, side in ((b"\x81\x00", "server"), (b"\x81\x80abcd", "client")):
            last = explain(heads + frame)[-1]
            assert last.frame is not None
            assert last.frame.side == side
    for side in SIDES:
        last = explain(request + response + b"\x81\x00", side)[-1]
        assert last.frame is not None
        assert last.frame.side == side


REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.parametrize("body", [b"Not found", b"NOT FOUND", b"\x81\x05Hello"])
def test_what_follows_a_refusal_is_its_body(body: bytes) -> None:
    response, raw = explain(REFUSAL + body)
    assert (response.kind, raw.kind, raw.wire) == ("response", "raw", body)
    (field,) = raw.fields
    assert field.bits == (len(REFUSAL) * 8, (len(REFUSAL) + len(body)) * 8)
    assert field.words == "what follows a response that is no 101: its body, not frames"


def test_another_try_may_follow_a_refusal() -> None:
    request = f"{REQUEST}\r\n".encode()
    agreed = f"{RESPONSE}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
    parts = explain(request + REFUSAL + request + agreed + b"\xc1\x01\x00")
    kinds = ["request", "response", "request", "response", "frame"]
    assert [part.kind for part in parts] == kinds
    assert parts[-1].fields[1].words == "compressed, as was agreed"
    # A refusal agrees to nothing, and says nothing of what is agreed later.
    assert [part.kind for part in explain(REFUSAL + agreed)] == ["response", "response"]


def test_each_frames_mask_bit_tells_who_sent_it() -> None:
    parts = explain(b"\x81\x80abcd" + b"\x81\x00" + b"\x8a\x80abcd")
    assert [part.frame.side for part in parts if part.frame] == ["client", "server", "client"]
    parts = explain(b"\x81\x80abcd" + b"\x81\x00", "server")
    assert [part.frame.side for part in parts if part.frame] == ["server", "server"]


def test_a_body_of_known_length_ends_where_it_says() -> None:
    request = f"{REQUEST}\r\n".encode()
    parts = explain(request + REFUSAL + b"Not found" + request + b"\r\n" + REFUSAL)
    kinds = ["request", "response", "raw", "request", "raw", "response"]
    assert [part.kind for part in parts] == kinds
    assert parts[2].raw == b"Not found"
    assert parts[4].fields[0].words == "empty lines before a head: passed over"
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    parts = explain(request + early + f"{RESPONSE}\r\n".encode() + b"\x81\x00")
    assert [part.kind for part in parts] == ["request", "response", "response", "frame"]
    # The answer is the 101: it is laid beside the request's key.
    accept = next(field for field in parts[2].fields if str(field.value).startswith("Bz3q"))
    assert "just this" in accept.words


def test_a_late_response_after_a_close_is_a_head() -> None:
    late = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    parts = explain(b"\x88\x00" + late + b"\x88\x02\x03\xe8", "server")
    assert [part.kind for part in parts] == ["frame", "response", "raw", "frame"]
    # Before any Close the same bytes are taken for frames: nothing says that they are none.
    assert explain(late[:0] + b"\x81\x00" + late, "server")[1].kind == "frame"


@pytest.mark.parametrize(
    ("wire", "name", "value", "words"),
    [
        (b"\x01\x00", "fin", 0, "first fragment of its message; more follow"),
        (b"\x00\x00", "fin", 0, "a fragment; more follow"),
        (b"\x80\x00", "fin", 1, "last frame of its message"),
        (b"\x81\x00", "fin", 1, "last frame of its message, here the only one"),
        (b"\x89\x00", "fin", 1, "a control frame is always whole"),
        (b"\x09\x00", "fin", 0, "a control frame must be whole"),
        (
            b"\xc1\x00",
            "rsv1",
            1,
            "compressed, if permessage-deflate was agreed; else it has to be 0",
        ),
        (b"\x81\x00", "rsv1", 0, "not compressed"),
        (b"\x80\x00", "rsv1", 0, "the first frame of a message says if it is compressed"),
        (
            b"\xc0\x00",
            "rsv1",
            1,
            "has to be 0: the first frame of a message says if it is compressed",
        ),
        (b"\x89\x00", "rsv1", 0, "no control frame is ever compressed"),
        (b"\xc9\x00", "rsv1", 1, "has to be 0: no control frame is ever compressed"),
        (b"\xa1\x00", "rsv2", 1, "has to be 0: no registered extension uses it"),
        (b"\x91\x00", "rsv3", 1, "has to be 0: no registered extension uses it"),
        (b"\x8b\x00", "opcode", 11, "reserved-b: reserved for later control frames"),
        (b"\x81\x01a", "length", 1, "1 byte of payload; up to 125 fit these 7 bits"),
        (b"\x81\x7e\x00\x01a", "length", 126, "126: the length stands in the next 2 bytes"),
        (
            b"\x81\x7e\x00\x01a",
            "extended_length",
            1,
            "1 byte of payload, which would have fitted a shorter form: not allowed",
        ),
        (
            b"\x81\x7e\x00",
            "extended_length",
            0,
            "cut short: only 1 of the length's 2 bytes came",
        ),
        (
            b"\x82\xff\x01\x02",
            "extended_length",
            258,
            "cut short: only 2 of the length's 8 bytes came",
        ),
        (
            b"\x82\x7f\x80" + bytes(7),
            "extended_length",
            1 << 63,
            f"{1 << 63} bytes of payload: the highest bit has to be 0",
        ),
        (b"\x82\x7f" + bytes(8), "length", 127, "127: the length stands in the next 8 bytes"),
        (b"\x81\x85ab", "masking_key", "6162", "only 2 of the key's 4 bytes came"),
        (b"\x81\x05He", "payload", "4865", "2 of 5 bytes, the rest did not come"),
        (
            b"\x88\x02\x03\xe8",
            "payload",
            "03e8",
            "2 bytes: close code 1000 (normal closure) and no reason",
        ),
        (
            b"\x88\x03\x0b\xb8x",
            "payload",
            "0bb878",
            "3 bytes: close code 3000 (registered by libraries and frameworks) and a reason",
        ),
        (
            b"\x88\x01\x03",
            "payload",
            "03",
            "1 byte: half a close code, which takes two",
        ),
    ],
)
def test_words(wire: bytes, name: str, value: int | str, words: str) -> None:
    field = fields(wire)[name]
    assert (field.value, field.words) == (value, words)


def test_a_head_in_words() -> None:
    request, response = explain(f"{REQUEST}X-Other: 1\r\n\r\n{RESPONSE}\r\n".encode())
    assert (request.kind, response.kind) == ("request", "response")
    told = [(field.name, field.value) for field in request.fields]
    assert told[:6] == [
        ("method", "GET"),
        ("space", " "),
        ("target", "/chat"),
        ("space", " "),
        ("version", "HTTP/1.1"),
        ("line_end", "\r\n"),
    ]
    assert told[6:11] == [
        ("name", "Host"),
        ("colon", ":"),
        ("white_space", " "),
        ("value", "server.example.com"),
        ("line_end", "\r\n"),
    ]
    assert told[-1] == ("empty_line", "\r\n")
    assert any("Bz3qJYTGdOe8gUSpLosEdiLKDrk=" in field.words for field in request.fields)
    words = {field.value: field.words for field in request.fields if field.name == "name"}
    assert words["X-Other"] == "not a part of the WebSocket handshake"
    assert [field.name for field in response.fields][:5] == [
        *("version", "space", "status", "space", "reason"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "GET  /chat HTTP/1.1",
            [
                *(("method", "GET"), ("space", "  "), ("target", "/chat"), ("space", " ")),
                ("version", "HTTP/1.1"),
            ],
        ),
        (
            "HTTP/1.1 101  Well",
            [
                *(("version", "HTTP/1.1"), ("space", " "), ("status", "101"), ("space", " ")),
                ("reason", " Well"),
            ],
        ),
        ("HTTP/1.1 101", [("version", "HTTP/1.1"), ("space", " "), ("status", "101")]),
    ],
)
def test_a_start_line_with_blanks_too_many(line: str, told: list[tuple[str, str]]) -> None:
    (part,) = explain(f"{line}\r\n\r\n".encode())
    assert [(field.name, field.value) for field in part.fields][: len(told)] == told
    gaps = {field.value: field.words for field in part.fields if field.name == "space"}
    assert gaps[" "] == "one space"
    assert gaps.get("  ", "has to be one space") == "has to be one space"


def test_bytes_that_are_no_frame() -> None:
    frame, raw = explain(b"\x82\x7f" + b"\xff" * 8 + b"rest")
    assert (frame.kind, raw.kind) == ("frame", "raw")
    assert raw.fields[0].value == b"rest".hex()
    assert "framing lost" in raw.fields[0].words
    assert (raw.frame, raw.head, raw.raw) == (None, None, b"rest")


def test_many_heads_and_a_large_frame() -> None:
    assert len(explain(b"GET /\n\n" * 20_000)) == 20_000
    (part,) = explain(encode_frame(2, bytes(65 << 20)))
    assert part.frame is not None
    assert (part.frame.spilled, part.frame.complete) == (0, True)
