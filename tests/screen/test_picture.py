"""The annotated picture: golden at 80 columns, whole and harmless for any bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.commands.alone import judged
from inspector.core.explain import explain
from inspector.core.frames import encode_close, encode_frame
from inspector.core.safe import safe
from inspector.screen.boxes import label
from inspector.screen.lines import Line
from inspector.screen.picture import picture
from tests.screen.golden import assert_golden
from tests.screen.harm import assert_harmless
from tests.screen.specimens import HELLO_DEFLATED, HOSTILE, KEY, request, response
from tests.screen.traffic import contents, frames

HELLO = encode_frame(1, b"Hello", masking_key=KEY)
PICTURES = {
    "hello-masked": HELLO,
    "hello-unmasked": encode_frame(1, b"Hello"),
    "two-fragments": encode_frame(1, b"Hel", fin=False) + encode_frame(0, b"lo"),
    "utf8": encode_frame(1, "Grüße, 漢字 👍 e\u0301".encode(), masking_key=KEY),
    "length-16": encode_frame(2, bytes(range(256)), masking_key=KEY),
    "length-64": encode_frame(2, bytes(65536)),
    "length-not-minimal": encode_frame(1, b"Hello", length_bits=64),
    "ping-empty": encode_frame(9),
    "close-reason": encode_close(1000, "bye", masking_key=KEY),
    "close-empty": encode_close(),
    "close-code-alone": encode_close(4999, masking_key=KEY),
    "close-half-a-code": encode_frame(8, b"\x03"),
    "deflated": encode_frame(1, HELLO_DEFLATED, masking_key=KEY, rsv=4),
    "reserved": encode_frame(11, b"?", rsv=3),
    "not-utf8": encode_frame(1, b"ab\xff\xfecd"),
    "hostile": encode_frame(1, HOSTILE.encode(), masking_key=KEY),
    "cut-after-1-byte": HELLO[:1],
    "cut-in-key": HELLO[:4],
    "cut-in-length": encode_frame(2, bytes(65536))[:7],
    "cut-in-payload": HELLO[:8],
    "length-too-large": b"\x82\x7f\xff" + bytes(9),
    "request": request(extra="Cookie: a=b; c=\x1b[2J\r\n"),
    "response": response("Sec-WebSocket-Protocol: chat\r\n"),
    "faulty-head": b"GET /chat\r\nHost localhost\nUpgrade : websocket\r\n folded\r\n\r\n",
    "handshake-and-frame": response() + encode_frame(1, b"hi"),
}


def drawn(data: bytes, width: int = 80, *, deflate: bool = True, colour: bool = False) -> str:
    lines: list[Line] = []
    for said in judged(explain(data), deflate):
        found = said.findings
        lines += picture(said.part, width, message=said.message, beside=said.beside, findings=found)
        lines.append(Line())
    return "".join(f"{line.ansi if colour else line.plain}\n" for line in lines)


@pytest.mark.parametrize("name", PICTURES)
def test_golden(name: str) -> None:
    text = drawn(PICTURES[name])
    assert_harmless(text, 80)
    assert_golden(name, text)


@pytest.mark.parametrize("name", ["hello-masked", "close-reason", "cut-in-payload", "request"])
def test_golden_in_colour(name: str) -> None:
    text = drawn(PICTURES[name], colour=True)
    assert_harmless(text, 80, colour=True)
    assert_golden(f"{name}-colour", text)


@pytest.mark.parametrize("name", ["hello-masked", "cut-in-payload", "request"])
@pytest.mark.parametrize("width", [40, 56, 132])
def test_golden_at_other_widths(name: str, width: int) -> None:
    text = drawn(PICTURES[name], width)
    assert_harmless(text, width)
    assert_golden(f"{name}-{width}", text)


anything = st.one_of(
    st.binary(max_size=200),
    contents,
    st.lists(frames(), max_size=3).map(b"".join),
    contents.map(lambda data: b"GET /" + data + b" HTTP/1.1\r\nX: " + data + b"\r\n\r\n"),
    contents.map(lambda data: b"HTTP/1.1 101 " + data + b"\r\n" + data),
)


@given(anything, st.sampled_from([None, "client", "server"]))
def test_explain_tiles_every_bit(data: bytes, side: object) -> None:
    at = 0
    for part in explain(data, side):  # type: ignore[arg-type]
        assert part.fields
        start = at
        for field in part.fields:
            assert field.bits[0] == at < field.bits[1]
            assert field.name
            assert field.words
            assert field.rfc
            at = field.bits[1]
        assert part.wire == data[start // 8 : at // 8]
    assert at == len(data) * 8


@given(anything, st.integers(40, 140), st.booleans())
def test_every_picture_is_harmless_and_fits(data: bytes, width: int, deflate: bool) -> None:
    assert_harmless(drawn(data, width, deflate=deflate), width)
    assert_harmless(drawn(data, width, deflate=deflate, colour=True), width, colour=True)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(anything)
def test_every_field_is_told(data: bytes) -> None:
    for part in explain(data):
        # At the widest no sentence is broken.
        text = "\n".join(line.plain for line in picture(part, 100))
        seen = squeezed(text)
        for field in part.fields:
            assert squeezed(safe(field.words)) in seen or broken(field.words, text)
            if part.kind == "frame":
                assert label(field.name) in text
                if isinstance(field.value, int) and "cut short" not in field.words:
                    assert str(field.value) in text


def broken(words: str, text: str) -> bool:
    """Are all the words there, though other columns stand between their lines?"""
    return all(word in text for word in safe(words).split() if len(word) < 20)


def test_a_bits_place_is_what_the_boxes_say() -> None:
    """Each bit of the first two bytes stands in the box of its field."""
    for first in range(256):
        (part,) = explain(bytes([first, 0]))
        text = "\n".join(line.plain for line in picture(part, 80))
        bits = f"{first:08b}"
        row = next(line for line in text.splitlines() if line.startswith("  │"))
        cells = [cell.strip() for cell in row.split("│")]
        assert cells[1:6] == [*bits[:4], " ".join(bits[4:])]
        assert cells[7:9] == ["0", "0 0 0 0 0 0 0"]


def test_the_masking_is_worked_for_every_byte_shown() -> None:
    payload = bytes(range(60))
    (part,) = explain(encode_frame(2, payload, masking_key=KEY))
    rows: dict[str, bytes] = {"wire": b"", "key": b"", "clear": b""}
    for line in picture(part, 80):
        words = line.plain.split()
        name = words[1] if words and words[0].isdigit() else words[0] if words else ""
        # The row above the boxes is called wire, too, and has all the bytes of the header.
        if name in rows and "81" not in words[:2] and "82" not in words[:2]:
            rows[name] += bytes.fromhex("".join(words[words.index(name) + 1 :]))
    assert rows["clear"] == payload
    assert bytes(a ^ b for a, b in zip(rows["wire"], rows["key"], strict=True)) == payload


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
        encode_close(1000, "a" * 2_000_000),
    ],
    ids=["field value", "close reason"],
)
def test_of_a_long_value_the_beginning_is_drawn(data: bytes) -> None:
    (part,) = explain(data)
    lines = [line.plain for line in picture(part, 80)]
    assert len(lines) < 120
    assert re.search(r"… 1,99\d,\d{3} more characters$", squeezed_lines(lines))


def squeezed_lines(lines: list[str]) -> str:
    """The lines up to the one that says how much was left out, as one."""
    end = next(number for number, line in enumerate(lines) if "more characters" in line)
    return " ".join(line.strip() for line in lines[: end + 1])


def test_raw_bytes_are_drawn_as_such() -> None:
    parts = explain(b"\x82\x7f\xff" + bytes(9) + b"\x1b[2J" * 100)
    assert [part.kind for part in parts] == ["frame", "raw"]
    text = "\n".join(line.plain for line in picture(parts[1], 80))
    assert "more bytes" in text
    assert "\x1b" not in text
