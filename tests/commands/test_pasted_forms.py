"""What other programs print and copy, as it is: by the programs themselves where they are here."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.commands.dumps import read_dumps
from inspector.commands.pasted import NotBytes, read_bytes, read_pasted
from inspector.commands.peel import peel
from inspector.core.frames import encode_frame
from tests.core.vectors import REQUEST, RESPONSE
from tests.needs import program
from tests.screen.specimens import SPECIMENS, capture

KEY = bytes.fromhex("37fa213d")
HELLO = bytes.fromhex("818537fa213d7f9f4d5158")
ZEROS = encode_frame(2, bytes(4 * 40) + b"tail", masking_key=KEY) + encode_frame(1, b"Hello")
MANY = encode_frame(2, bytes(range(256)))


def printed(data: bytes, *command: str) -> str:
    path = program(command[0])
    run = subprocess.run([path, *command[1:]], input=data, capture_output=True, check=True)
    return run.stdout.decode()


@pytest.mark.parametrize("data", [HELLO, ZEROS, MANY, HELLO + b"\x00"], ids=len)
@pytest.mark.parametrize(
    "command",
    [
        ("xxd",), ("xxd", "-p"), ("xxd", "-i"), ("xxd", "-g", "1"), ("xxd", "-c", "8"),
        ("xxd", "-u"), ("xxd", "-a"), ("xxd", "-g", "4"),
        ("hexdump", "-C"), ("hexdump", "-C", "-v"),
        ("od", "-t", "x1"), ("od", "-A", "d", "-t", "x1"), ("od", "-A", "x", "-t", "x1z"),
        ("od", "-A", "n", "-t", "x1", "-v"), ("od", "-A", "x", "-t", "x1", "-v", "-w8"),
        ("base64",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_programs_print(data: bytes, command: tuple[str, ...]) -> None:
    own = command == ("base64",)
    text = base64.encodebytes(data).decode() if own else printed(data, *command)
    if command == ("xxd", "-i"):  # from a pipe it prints no name round the numbers
        array = f"unsigned char f[] = {{\n{text}}};\nunsigned int f_len = 9;\n"
        assert read_pasted(array).data == data
    assert read_pasted(text).data == data
    assert read_bytes(text.encode()).data == data


@pytest.mark.parametrize("command", [("hexdump",), ("od",), ("od", "-x")], ids=" ".join)
def test_words_of_16_bits_have_their_low_byte_first(command: tuple[str, ...]) -> None:
    for data in (HELLO, ZEROS, MANY):
        pasted = read_pasted(printed(data, *command))
        assert pasted.data == data
        assert pasted.taken_for == "a hex dump of 16-bit words, the low byte first"


def packets(tmp_path: Path) -> tuple[str, bytes]:
    """What tshark -x prints of a conversation's frames, and the frames."""
    file = capture(tmp_path / "chat.pcapng", SPECIMENS["chat"])
    tshark = program("tshark")
    common = [tshark, "-r", str(file), "-Y", "websocket"]
    text = subprocess.run([*common, "-x"], capture_output=True, check=True).stdout.decode()
    fields = [*common, "-T", "fields", "-e", "tcp.payload"]
    payloads = subprocess.run(fields, capture_output=True, check=True).stdout.decode()
    return text, bytes.fromhex("".join(payloads.split()))


def test_tshark_x_prints_packets_and_what_it_made_of_them(tmp_path: Path) -> None:
    text, frames = packets(tmp_path)
    assert "Unmasked data" in text
    pasted = read_pasted(text)
    assert pasted.data == frames
    assert re.fullmatch(r"\d+ packets in hex dumps, their IP and TCP headers passed over",
                        pasted.taken_for)  # fmt: skip


def one_packet(tmp_path: Path) -> tuple[bytes, bytes]:
    text, frames = packets(tmp_path)
    dumps = read_dumps(text)
    assert dumps is not None
    packet = dumps.blocks[0]
    peeled = peel(packet)
    assert peeled is not None
    assert frames.startswith(peeled.payload)
    return packet, peeled.payload


def as_tcpdump(packet: bytes) -> str:
    """As `tcpdump -X` prints it."""
    lines = ["12:00:00.000000 IP 127.0.0.1.50312 > 127.0.0.1.8101: Flags [P.], length 13"]
    for at in range(0, len(packet), 16):
        row = packet[at : at + 16]
        shown = "".join(chr(octet) if 32 < octet < 127 else "." for octet in row)
        lines.append(f"\t0x{at:04x}:  {row.hex(' ', -2):<39}  {shown}")
    return "\n".join(lines) + "\n"


def test_a_whole_packet_is_peeled(tmp_path: Path) -> None:
    packet, payload = one_packet(tmp_path)
    ethernet = bytes(12) + b"\x08\x00" + packet
    told = "a whole packet, 40 bytes of IP and TCP headers passed over"
    assert (read_pasted(packet.hex()).data, read_pasted(packet.hex()).taken_for) == (payload, told)
    assert read_pasted(ethernet.hex()).data == payload
    assert "Ethernet, IP and TCP" in read_pasted(ethernet.hex()).taken_for
    assert read_bytes(packet).data == payload
    assert read_pasted(as_tcpdump(packet)).data == payload
    assert read_pasted(as_tcpdump(packet) + as_tcpdump(packet)).data == payload * 2
    empty = packet[:2] + (40).to_bytes(2) + packet[4:40]
    with pytest.raises(NotBytes, match="carries nothing: all 40 bytes are headers"):
        read_pasted(empty.hex())
    # One byte more or less, and it is no packet.
    assert read_pasted((packet + b"\0").hex()).data == packet + b"\0"


@given(st.binary(min_size=1, max_size=200))
def test_bytes_are_seldom_a_packet_and_never_raise(data: bytes) -> None:
    assert peel(data) is None
    assert peel(b"\x45\x00" + len(data + bytes(40)).to_bytes(2) + bytes(36) + data) is None


WIRESHARK_ESCAPED = '"\\x81\\x85\\x37\\xfa" \\\n"\\x21\\x3d\\x7f\\x9f\\x4d" \\\n"\\x51\\x58"'
LITERALS = [
    WIRESHARK_ESCAPED,
    'const char frame[] = "\\x81\\x85\\x37\\xfa\\x21\\x3d"\n    "\\x7f\\x9f\\x4d\\x51\\x58";',
    "data = (b'\\x81\\x857\\xfa!='\n        b'\\x7f\\x9fMQX')",
    '"\\201\\2057\\372!=\\177\\237MQX"',
    '"\\u0081\\u00857\\u00fa!=\\u007f\\u009fMQX"',
    "$'\\x81\\x857\\xfa!=\\x7f\\x9fMQX'",
    '"\\x81\\x857\\xfa" + "!=\\x7f\\x9fMQX"',
]


@pytest.mark.parametrize("text", LITERALS)
def test_strings_of_programs(text: str) -> None:
    pasted = read_pasted(text)
    assert pasted.data == HELLO
    assert pasted.taken_for == "a string with escapes"


DECIMAL = ", ".join(map(str, HELLO))
SIGNED = ", ".join(str(octet - 256 if octet > 127 else octet) for octet in HELLO)
ARRAYS = [
    "/* Frame (11 bytes) */\nstatic const unsigned char pkt1[11] = {\n0x81, 0x85, 0x37, 0xfa, "
    "0x21, 0x3d, 0x7f, 0x9f, /* .!.. */\n0x4d, 0x51, 0x58\n};\n",
    "char peer0_0[] = { /* Packet 1 */\n0x81, 0x85, 0x37, 0xfa };\nchar peer0_1[] = {\n"
    "0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58 };\n",
    f"[{DECIMAL}]",
    f"new Uint8Array([{DECIMAL}])",
    f"bytes([{DECIMAL}])",
    f"new byte[] {{ {SIGNED} }}",
    json.dumps({"type": "Buffer", "data": list(HELLO)}),
    json.dumps({str(at): octet for at, octet in enumerate(HELLO)}),
]


@pytest.mark.parametrize("text", ARRAYS)
def test_arrays_of_programs(text: str) -> None:
    assert read_pasted(text).data == HELLO


def test_a_buffer_of_nodes() -> None:
    assert read_pasted(f"<Buffer {HELLO.hex(' ')}>").data == HELLO
    with pytest.raises(NotBytes, match="column 15: Node left bytes out"):
        read_pasted("<Buffer 81 85 ... 9 more bytes>")


def test_a_browsers_base64_may_be_a_url() -> None:
    text = base64.b64encode(HELLO).decode()
    url = f"data:application/octet-stream;base64,{text}"
    assert (read_pasted(url).data, read_pasted(url).taken_for) == (HELLO, "base64")
    assert read_pasted(f'"{text}"').data == HELLO


def test_what_could_be_either_is_said() -> None:
    assert read_pasted("deadbeef").taken_for == ""
    either = read_pasted("[12, 13, 14]")
    assert either.data == b"\x12\x13\x14"
    assert either.taken_for == "hex (if these are decimal numbers, put decimal: before them)"
    assert read_pasted("decimal: 12, 13, 14").data == b"\x0c\x0d\x0e"
    assert read_pasted("base64: deadbeef").data == base64.b64decode("deadbeef")
    assert read_pasted("hex: deadbeef").taken_for == ""
    assert read_pasted("text:GET me\r\n").data == b"GET me\r\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hex: 81 8g", "column 10: 'g' is no hex digit"),
        ("base64: !", "base64: takes A-Z"),
        ("decimal: 256", "decimal: takes numbers from 0 to 255"),
        ('"\\x81" "\\xzz"', "column 9: no escape that is known"),
        ("0000  81 85 zz\n", "column 13: 'z'"),
        (f"{RESPONSE}\r\n81 8g", "after the head of the 101: column 5: 'g'"),
    ],
)
def test_errors_point_at_their_place(text: str, words: str) -> None:
    with pytest.raises(NotBytes) as caught:
        read_pasted(text)
    assert words in str(caught.value)


def test_a_handshake_as_text_and_its_frames_as_hex() -> None:
    heads = f"{REQUEST}\r\n{RESPONSE}\r\n"
    for text in (heads + HELLO.hex(" "), (heads + HELLO.hex()).replace("\r\n", "\n")):
        pasted = read_pasted(text)
        assert pasted.data == heads.encode() + HELLO
        assert pasted.taken_for.endswith(", then hex")
    assert read_pasted(heads).data == heads.encode()
    dump = f"{heads}0000  {HELLO.hex(' ')}\n"
    assert read_pasted(dump).data == heads.encode() + HELLO


def test_standard_input_may_begin_with_a_mark() -> None:
    assert read_bytes(b"\xef\xbb\xbf81 85 37\r\n").data == b"\x81\x85\x37"


def test_several_dumps_that_are_no_packets() -> None:
    pasted = read_pasted("0000  81 01 61\n\n0000  81 01 62\n")
    assert (pasted.data, pasted.taken_for) == (b"\x81\x01a\x81\x01b", "2 hex dumps in a row")


def test_a_star_stands_for_no_more_than_fits() -> None:
    row = "00000000  81 01 61 81 01 61 81 01  61 81 01 61 81 01 61 81\n"
    with pytest.raises(NotBytes):
        read_pasted(f"{row}*\nffffffff0000\n")
    assert len(read_pasted(f"{row}*\n00000040\n").data) == 64


@given(st.text("0123456789abcdef:x*|. \n\t(){}[],\"'\\", max_size=200))
def test_any_text_of_such_marks_is_read_or_told(text: str) -> None:
    with contextlib.suppress(NotBytes):
        assert read_pasted(text).data


@pytest.mark.parametrize(
    "text",
    [
        "/*" * 500_000 + "zz",
        '{"1":1' + " " * 1_000_000 + "zz",
        '"\\x81"' + " " * 1_000_000 + "zz",
        "{" * 1_000_000,
        "[129," * 200_000,
        "'\\x81' '" * 100_000,
        "0000  81\n" * 100_000 + "zz",
        "x\n0000  81\n" * 50_000 + "*\n",
    ],
    ids=lambda text: text[:8],
)
def test_long_texts_take_time_that_grows_with_their_length(text: str) -> None:
    """Each would take many minutes if text were searched anew from each of its places."""
    with contextlib.suppress(NotBytes):
        read_pasted(text)
