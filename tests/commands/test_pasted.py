"""Bytes as people paste them."""

from __future__ import annotations

import base64
import contextlib
import os
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.commands.pasted import NotBytes, Pasted, read_bytes, read_pasted
from inspector.core.frames import encode_frame

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


def rows(data: bytes, form: str, across: int = 16) -> str:
    """`data` as xxd, hexdump or Wireshark print it."""
    lines = []
    for at in range(0, len(data), across):
        piece = data[at : at + across]
        characters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        if form == "xxd":
            width = (across * 5 + 1) // 2 - 1
            lines.append(f"{at:08x}: {piece.hex(' ', -2):{width}}  {characters}")
        elif form == "xxd -g 1":
            lines.append(f"{at:08x}: {piece.hex(' '):{across * 3 - 1}}  {characters}")
        elif form == "hexdump":
            left, right = piece[:8].hex(" "), piece[8:].hex(" ")
            lines.append(f"{at:08x}  {left:23}  {right:23}  |{characters}|")
        else:
            lines.append(f"{at:04x}   {piece.hex(' '):47}   {characters}")
    return "\n".join(lines)


@given(st.binary(min_size=1, max_size=600), st.sampled_from(["xxd", "hexdump", "wireshark"]))
@example(b"\\x", "xxd")
def test_any_hex_dump(data: bytes, form: str) -> None:
    assert read_pasted(rows(data, form)) == Pasted(data, "a hex dump")


@given(
    st.binary(min_size=1, max_size=600) | st.text("0123456789abcdef", min_size=1).map(str.encode),
    st.sampled_from(["xxd", "xxd -g 1"]),
    st.integers(1, 40),
)
@example(b"ab12cd56", "xxd", 8)
@example(b"ab12cd56" * 2, "xxd", 8)
@example(b"ab cd ef" * 2, "xxd -g 1", 8)
@example(b"0123456789abcdef" * 4, "xxd", 32)
def test_lines_of_any_width(data: bytes, form: str, across: int) -> None:
    if len(data) <= across:
        data = b"\x81" * across + data  # alone, a line wider than 16 bytes is not understood
    assert read_pasted(rows(data, form, across)) == Pasted(data, "a hex dump")


def test_a_line_of_8_bytes_alone() -> None:
    assert read_pasted(rows(b"ab12cd56", "xxd", 8)).data == b"ab12cd56"
    assert read_pasted(rows(b"ab12cd56", "xxd -g 1", 8)).data == b"ab12cd56"


def test_offsets_that_do_not_fit_are_bytes() -> None:
    assert read_pasted("8185  37fa\n213d").data == bytes.fromhex("818537fa213d")
    assert read_pasted("0000\n0000 81 85").data == bytes.fromhex("000000008185")


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("8101zz61", "column 5: 'z'"),
        ("deadbeeg", "column 8: 'g'"),
        ("818537fa213d7f9f4d51o8aa", "column 21: 'o'"),
        ("8101\nzz61", "line 2, column 1: 'z'"),
        ("0x8g", "column 4: 'g'"),
        ("0x" + "Gg" * 41, "column 3: 'G'"),
    ],
)
def test_a_typo_does_not_make_base64_of_hex(text: str, words: str) -> None:
    with pytest.raises(NotBytes, match=words):
        read_pasted(text)


def test_base64_that_has_many_hex_digits() -> None:
    for data in (encode_frame(2, bytes(size)) for size in range(100)):
        assert read_pasted(base64.b64encode(data).decode()) == Pasted(data, "base64")
    fragment = encode_frame(2, bytes(100), fin=False)
    assert read_pasted(base64.b64encode(fragment).decode()) == Pasted(fragment, "base64")


def test_a_number_below_16_may_have_one_digit() -> None:
    assert read_pasted("{0x81, 0x0, 0X8}").data == b"\x81\x00\x08"


def test_arguments_that_are_no_utf8_are_the_bytes_given() -> None:
    given = os.fsdecode(b"GET /\xff HTTP/1.1")
    assert read_pasted(given).data == b"GET /\xff HTTP/1.1\r\n\r\n"
    assert read_pasted(f"{given}\r\n\r\n").data == b"GET /\xff HTTP/1.1\r\n\r\n"
    assert read_pasted(os.fsdecode(rb"\x81\x01" + b"\xff")).data == b"\x81\x01\xff"
    with pytest.raises(NotBytes, match="column 3"):
        read_pasted(os.fsdecode(b"81\xff"))


@pytest.mark.slow
def test_long_texts_are_read_in_time_that_grows_with_their_length() -> None:
    """Each would take many minutes if what was read were copied, or searched, for every byte."""
    many = 4_000_000
    assert read_pasted(r"\x81" * many).data == b"\x81" * many
    assert read_pasted(r"'\x81" + "a" * many + "'").data == b"\x81" + b"a" * many
    line = "81" * 32
    dump = "\n".join(f"{number * 32:08x}: {line}" for number in range(400_000))
    assert len(read_pasted(dump).data) == 400_000 * 32
    with pytest.raises(NotBytes, match="column 4000004: '!'"):
        read_pasted("81 " + " " * many + "!")


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
        ("0x818", "column 5: '8' is half a byte"),
        ("0x1g!", "column 4: 'g' is no hex digit"),
        ("0x81 0x123", "column 10: '3' is half a byte"),
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
