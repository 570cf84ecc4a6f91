"""`explain`: pictures and JSON of pasted bytes."""

from __future__ import annotations

import base64
import json
import os

import pytest
from click.testing import CliRunner, Result

from inspector.__main__ import main
from inspector.core.deflate import deflate_message
from inspector.core.frames import encode_frame
from tests.commands.run import in_terminal, run
from tests.screen.harm import assert_harmless
from tests.screen.specimens import DEFLATE, HOSTILE, masked, request, response

HELLO = "818537fa213d7f9f4d5158"


def explained(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments], input=given, prog_name="ws101")


def test_the_frame_of_the_rfc() -> None:
    result = explained(HELLO)
    assert (result.exit_code, result.stderr) == (0, "")
    assert_harmless(result.stdout, 80)
    assert result.stdout.startswith("frame   client -> server   text   11 bytes")
    assert "clear    48 65 6c 6c 6f" in result.stdout
    assert explained("81 85", "37fa213d", "7f9f4d5158").stdout == result.stdout


def test_json_is_the_contract() -> None:
    result = explained(HELLO, "--format", "json")
    (part,) = json.loads(result.stdout)
    assert part["kind"] == "frame"
    assert [field["name"] for field in part["fields"]] == [
        "fin", "rsv1", "rsv2", "rsv3", "opcode", "mask", "length", "masking_key", "payload",
    ]  # fmt: skip
    assert [field["bits"] for field in part["fields"]] == [
        [0, 1], [1, 2], [2, 3], [3, 4], [4, 8], [8, 9], [9, 16], [16, 48], [48, 88],
    ]  # fmt: skip
    assert [field["value"] for field in part["fields"]] == [
        1, 0, 0, 0, 1, 1, 5, "37fa213d", "7f9f4d5158",
    ]  # fmt: skip
    assert all(set(f) == {"name", "bits", "value", "words", "rfc"} for f in part["fields"])
    assert part["fields"][0]["rfc"] == "6455 §5.4"
    assert result.stdout.isascii()


def test_several_parts_in_a_row() -> None:
    data = request() + response() + masked(1, b"hi") + masked(8, b"\x03\xe8")
    result = explained("--format", "json", "-", given=data)
    parts = json.loads(result.stdout)
    assert [part["kind"] for part in parts] == ["request", "response", "frame", "frame"]
    at = 0
    for part in parts:
        for field in part["fields"]:
            assert field["bits"][0] == at
            at = field["bits"][1]
    assert at == len(data) * 8
    assert result.stderr == f"read as bytes as they are: {len(data)} bytes\n"
    text = explained("-", given=data).stdout
    assert "frame 1   client -> server   text" in text
    assert "frame 2   client -> server   close" in text


def test_who_sent_it() -> None:
    unmasked = "810548656c6c6f"
    assert "server -> client" in explained(unmasked).stdout
    blamed = explained("--from", "client", unmasked)
    assert "client -> server" in blamed.stdout
    assert "!! error  frame-unmasked-client" in blamed.stdout
    assert blamed.exit_code == 0


def test_the_servers_frame_after_a_handshake_is_the_servers() -> None:
    text = explained("-", given=request() + response() + encode_frame(1, b"Hello")).stdout
    assert "frame   server -> client   text" in text
    assert "!!" not in text


def test_a_refusals_body_is_no_frame() -> None:
    refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot found"
    text = explained("-", given=refusal).stdout
    assert "raw   9 bytes" in text
    assert "a response that is no 101: its body" in text
    assert "opcode" not in text


def test_arguments_need_not_be_utf8() -> None:
    head = run("explain", os.fsdecode(b"GET /\xff HTTP/1.1"))
    assert head.returncode == 0
    assert "GET /ÿ HTTP/1.1" in head.stdout.decode()
    frame = run("explain", os.fsdecode(b"\\x81\\x01\xff"), "--format", "json")
    assert json.loads(frame.stdout)[0]["fields"][-1]["value"] == "ff"
    refused = run("explain", os.fsdecode(b"\xff"))
    assert (refused.returncode, refused.stdout) == (2, b"")
    (line,) = refused.stderr.decode().splitlines()
    assert line.startswith("ws101 explain: column 1: ")


def test_a_length_cut_short_is_a_number_as_far_as_it_came() -> None:
    (part,) = json.loads(explained("817e01", "--format", "json").stdout)
    length = part["fields"][-1]
    assert (length["name"], length["value"]) == ("extended_length", 1)
    assert length["words"].startswith("cut short")


def test_inflating() -> None:
    fragments = deflate_message(b"Hello, hello, hello")
    first = encode_frame(1, fragments[:4], fin=False, rsv=4)
    data = (first + encode_frame(0, fragments[4:])).hex()
    plain = explained(data).stdout
    assert "--deflate inflates it" in plain
    assert "frame-rsv1-unexpected" not in plain
    inflated = explained("--deflate", data).stdout
    assert "Hello, hello, hello" in inflated
    assert "the 2 frames of the message" in inflated
    # A response pasted before it says as much.
    agreed = response(f"Sec-WebSocket-Extensions: {DEFLATE}\r\n") + bytes.fromhex(data)
    assert "Hello, hello, hello" in explained("-", given=agreed).stdout
    refused = response() + bytes.fromhex(data)
    assert "frame-rsv1-unexpected" in explained("-", given=refused).stdout


def test_broken_deflate_data_is_told() -> None:
    text = explained("--deflate", encode_frame(1, b"\xff\xff\xff", rsv=4).hex()).stdout
    assert "pmd-bad-deflate" in text


def test_a_frame_alone_is_not_blamed_for_what_it_lacks() -> None:
    assert "!!" not in explained(encode_frame(0, b"lo").hex()).stdout
    assert "pong-unsolicited" not in explained(encode_frame(10).hex()).stdout


def test_other_spellings_are_said() -> None:
    text = base64.b64encode(bytes.fromhex(HELLO)).decode()
    result = explained(text)
    assert result.stderr == "read as base64: 11 bytes\n"
    assert result.stdout == explained(HELLO).stdout
    head = explained("-", given=b"GET /chat HTTP/1.1\nUpgrade: websocket\n")
    assert head.stderr.startswith("read as the text of a head, each line ended by CR LF")
    assert "may we change the protocol?" in head.stdout


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (["81 8g"], None, "column 5: 'g' is no hex digit"),
        (["8"], None, "column 1: '8' is half a byte"),
        (["8101zz61"], None, "column 5: 'z' is no hex digit"),
        (["0x818"], None, "column 5: '8' is half a byte"),
        (["-"], b"", "standard input is empty"),
        ([], b"", "standard input is empty"),
        (["\x1b[2J"], None, "column 1: '\\x1b' is no hex digit"),
        (["--from", "me", HELLO], None, "'me' is not one of"),
    ],
)
def test_what_can_not_be_explained(arguments: list[str], given: bytes | None, words: str) -> None:
    result = explained(*arguments, given=given)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("ws101 explain: ")
    assert words in line


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.commands import explain as module

    monkeypatch.setattr(module, "MOST", 10)
    assert "longer than 10 bytes" in explained("-", given=bytes(11)).stderr


def test_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = masked(1, HOSTILE.encode()).hex()
    shown, code = in_terminal("explain", hostile)
    assert code == 0
    assert "\x1b[32mFIN\x1b[0m" in shown
    assert_harmless(shown, 80, colour=True)
    plain, _ = in_terminal("explain", hostile, NO_COLOR="1")
    assert plain == run("explain", hostile).stdout.decode()
    nothing, code = in_terminal("explain")
    assert code == 2
    assert "nothing to explain" in nothing


def test_a_message_that_may_be_compressed_is_not_judged_as_it_stands() -> None:
    """RFC 7692 §7.2.3.1's own Hello: an error only for whoever takes it for plain text."""
    wire = "c107f248cdc9c90700"
    unsaid = explained(wire).stdout
    assert "--deflate inflates it" in unsaid
    assert "error" not in unsaid
    assert "UTF-8 from byte" not in unsaid
    assert "Hello" in explained("--deflate", wire).stdout.replace("  ", "").replace("H e", "He")


@pytest.mark.parametrize("key", ["abc", ""])
def test_a_handshakes_head_is_judged_too(key: str) -> None:
    head = request().replace(request().split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0], b"%b")
    result = explained("-", given=head % key.encode())
    assert "error  req-key-" in result.stdout
    assert "error" not in explained("-", given=request()).stdout


def test_a_response_is_judged_behind_its_request_and_a_plain_head_not_at_all() -> None:
    wrong = response().replace(b"Sec-WebSocket-Accept: ", b"Sec-WebSocket-Accept: A")
    assert "error  resp-accept-wrong" in explained("-", given=request() + wrong).stdout
    assert "error" not in explained("-", given=wrong).stdout
    assert "error" not in explained("-", given=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").stdout
