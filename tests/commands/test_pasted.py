"""Bytes as people paste them."""

from __future__ import annotations

import base64
import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.commands.pasted import NotBytes, Pasted, read_bytes, read_pasted

HELLO = bytes.fromhex("818537fa213d7f9f4d5158")
LONG = bytes(range(256)) * 2

HEX = [
    "818537fa213d7f9f4d5158",
    "81 85 37 fa 21 3d 7f 9f 4d 51 58",
    "8185 37FA 213D 7F9F 4D51 58",
    "81:85:37:fa:21:3d:7f:9f:4d:51:58",
    "81-85-37-fa-21-3d-7f-9f-4d-51-58",
    "0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58",
    "0x818537fa213d7f9f4d5158",
    "{ 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58 };",
    "[0x81,0x85,0x37,0xfa,0x21,0x3d,0x7f,0x9f,0x4d,0x51,0x58]",
    '"818537fa213d7f9f4d5158"',
    "81 85\n37 fa 21 3d\n7f 9f 4d 51 58\n",
]


@pytest.mark.parametrize("text", HEX)
def test_hex_in_any_spacing(text: str) -> None:
    assert read_pasted(text) == Pasted(HELLO)


ESCAPED = [
    r"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
    r"\x81 \x85 \x37 \xfa \x21 \x3d \x7f \x9f \x4d \x51 \x58",
    r"b'\x81\x857\xfa!=\x7f\x9fMQX'",
    r'"\x81\x857\xfa!=\x7f\x9fMQX"',
    r"$'\x81\x857\xfa!=\x7f\x9fMQX'",
]


@pytest.mark.parametrize("text", ESCAPED)
def test_escapes(text: str) -> None:
    assert read_pasted(text) == Pasted(HELLO, "a string with escapes")


@given(st.binary(min_size=1))
def test_pythons_own_spelling(data: bytes) -> None:
    text = repr(data)
    if "\\x" in text:
        assert read_pasted(text).data == data


XXD = "00000000: 8185 37fa 213d 7f9f 4d51 58              ..7.!=..MQX\n"
HEXDUMP = "00000000  81 85 37 fa 21 3d 7f 9f  4d 51 58                 |..7.!=..MQX|\n0000000b\n"
WIRESHARK = "0000   81 85 37 fa 21 3d 7f 9f 4d 51 58                  ..7.!=..MQX\n"
OD = "000000 81 85 37 fa 21 3d 7f 9f 4d 51 58\n00000b\n"


@pytest.mark.parametrize("text", [XXD, HEXDUMP, WIRESHARK, WIRESHARK[:40], OD])
def test_hex_dumps(text: str) -> None:
    assert read_pasted(text) == Pasted(HELLO, "a hex dump")


def rows(data: bytes, form: str) -> str:
    """`data` as xxd, hexdump or Wireshark print it."""
    lines = []
    for at in range(0, len(data), 16):
        piece = data[at : at + 16]
        characters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        if form == "xxd":
            lines.append(f"{at:08x}: {piece.hex(' ', -2):39}  {characters}")
        elif form == "hexdump":
            left, right = piece[:8].hex(" "), piece[8:].hex(" ")
            lines.append(f"{at:08x}  {left:23}  {right:23}  |{characters}|")
        else:
            lines.append(f"{at:04x}   {piece.hex(' '):47}   {characters}")
    return "\n".join(lines)


@given(st.binary(min_size=1, max_size=600), st.sampled_from(["xxd", "hexdump", "wireshark"]))
def test_any_hex_dump(data: bytes, form: str) -> None:
    assert read_pasted(rows(data, form)) == Pasted(data, "a hex dump")


def test_characters_beside_a_dump_are_no_bytes() -> None:
    data = b"ab cd ef 01 2345 deadbeef 00 ff"
    for form in ("xxd", "hexdump", "wireshark"):
        assert read_pasted(rows(data, form)).data == data


@pytest.mark.parametrize("data", [HELLO, LONG])
def test_base64(data: bytes) -> None:
    assert read_pasted(base64.b64encode(data).decode()) == Pasted(data, "base64")
    assert read_pasted(base64.urlsafe_b64encode(data).decode()) == Pasted(data, "base64")
    assert read_pasted(base64.encodebytes(data).decode()) == Pasted(data, "base64")


def test_hex_is_never_taken_for_base64() -> None:
    assert read_pasted("deadbeef").data == b"\xde\xad\xbe\xef"
    with pytest.raises(NotBytes, match="column 5"):
        read_pasted("81 8g")
    # Blanks between are a way to write hex; that it is also four characters of base64 is chance.
    with pytest.raises(NotBytes, match=re.escape("column 8: 'x' is no hex digit")):
        read_pasted("8185 37x1")


def test_a_head_as_text() -> None:
    pasted = read_pasted("GET /chat HTTP/1.1\nHost: x\n")
    assert pasted.data == b"GET /chat HTTP/1.1\r\nHost: x\r\n\r\n"
    assert pasted.taken_for == "the text of a head, each line ended by CR LF"
    exact = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\n\r\n"
    assert read_pasted(exact) == Pasted(exact.encode(), "the text of a head")


def test_standard_input_may_be_the_bytes_themselves() -> None:
    assert read_bytes(HELLO) == Pasted(HELLO, "bytes as they are")
    assert read_bytes(b"818537fa213d7f9f4d5158\n") == Pasted(HELLO)
    head = b"GET / HTTP/1.1\r\n\r\n"
    assert read_bytes(head + HELLO) == Pasted(head + HELLO, "bytes as they are")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to explain"),
        (" \n ", "nothing to explain"),
        ("'", "nothing to explain"),
        ("81 85 3", "column 7: '3' is half a byte"),
        ("818", "column 3: '8' is half a byte"),
        ("81 85\n37 zz", "line 2, column 4: 'z' is no hex digit"),
        ("hello?", "column 1: 'h' is no hex digit"),
        (r"\x81\x8", "column 5: no escape that is known"),
        (r"\x81\q", "column 5: no escape that is known"),
    ],
)
def test_what_is_no_bytes_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(NotBytes) as caught:
        read_pasted(text)
    assert str(caught.value).startswith(words)


@given(st.one_of(st.text(), st.text("0123456789abcdefx\\ \n:|GHTP/.=+")))
def test_any_text_is_bytes_or_told_why_not(text: str) -> None:
    with contextlib.suppress(NotBytes):
        assert read_pasted(text).data


@given(st.binary())
def test_any_bytes_are_read_or_told_why_not(data: bytes) -> None:
    with contextlib.suppress(NotBytes):
        assert read_bytes(data).data
