"""`dump --frame`: the opening, all of it; a frame, and the message that it is a part of."""

from __future__ import annotations

import json
from pathlib import Path

import msgpack

from inspector.core.deflate import deflate_message
from inspector.core.frames import encode_frame
from tests.commands.run import run
from tests.screen.harm import assert_harmless
from tests.screen.specimens import HOSTILE, Scene, capture, request, response

LOGIN = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 8\r\n\r\nwho? you"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


def twice(scene: Scene) -> None:
    talk = scene.open().client(b"\r\n" + request("/first")).server(LOGIN)
    talk.client(request("/second")).server(EARLY + response(), b"\x81\x02hi").end()


def test_all_handshakes_and_what_stands_beside_their_heads(tmp_path: Path) -> None:
    file = capture(tmp_path / "twice.pcapng", twice)
    shown = run("dump", file, "--frame", "0").stdout.decode()
    titles = [line for line in shown.splitlines() if line.startswith("connection 1, ")]
    assert [line.split("   ")[0] for line in titles] == [
        "connection 1, request",
        "connection 1, response",
        "connection 1, client, empty lines before the request",
        "connection 1, server, the body of the answer",
        "connection 1, request",
        "connection 1, response",
        "connection 1, server, what came before the answer's head",
    ]
    for words in ("GET /first", "GET /second", "who? you", "103 Early", "early hints", "just this"):
        assert words in shown, words
    assert "refused: who are you?" in shown


def in_pieces(scene: Scene) -> None:
    agreed = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    target = "/socket.io/?EIO=4&transport=websocket"
    talk = scene.open().handshake(agreed, agreed, target)
    event = b'42["chat",{"text":"hi"}]'
    packed = deflate_message(event)
    talk.server(encode_frame(1, packed[:5], fin=False, rsv=4), encode_frame(9, b"?"))
    talk.server(encode_frame(0, packed[5:]))
    talk.server(encode_frame(1, b'451-["file",{"_placeholder":true,"num":0}]'))
    talk.server(encode_frame(2, b"\x89PNG")).end()


def test_a_fragments_picture_has_its_message_whole(tmp_path: Path) -> None:
    file = capture(tmp_path / "pieces.pcapng", in_pieces)
    packed = len(deflate_message(b'42["chat",{"text":"hi"}]'))
    for frame, place in (("1", "bytes 0 to 4 of"), ("3", f"bytes 5 to {packed - 1} of {packed}")):
        shown = " ".join(run("dump", file, "--frame", frame).stdout.decode().split())
        assert f"this frame's part is {place}" in shown
        assert "the 2 frames of the message" in shown
        assert "window 15 bits, 32,768 bytes" in shown
        assert 'decoded: Socket.IO event "chat"' in shown
        assert "a guess: the request's target has EIO" in shown
    attachment = run("dump", file, "--frame", "5").stdout.decode()
    assert "Socket.IO attachment, 4 bytes" in attachment
    assert '"file"' in attachment


def test_explain_has_the_chain_as_json() -> None:
    wire = encode_frame(1, b'{"a":[1,2]}', masking_key=b"\1\2\3\4").hex()
    (part,) = json.loads(run("explain", wire, "--format", "json").stdout)
    steps = {step["name"]: step for step in part["chain"]}
    assert list(steps) == ["wire", "unmasked", "text", "decoded"]
    assert bytes.fromhex(steps["unmasked"]["bytes"]) == b'{"a":[1,2]}'
    assert steps["text"]["text"] == '{"a":[1,2]}'
    assert steps["decoded"]["view"] == "JSON"
    assert steps["decoded"]["lines"] == ['{"a": [1, 2]}']
    assert steps["decoded"]["guess"] == "begins with {"
    (ping,) = json.loads(run("explain", "8900", "--format", "json").stdout)
    assert "chain" not in ping


def test_what_a_view_shows_is_harmless() -> None:
    text = json.dumps({"a": HOSTILE, HOSTILE: [HOSTILE] * 30}, ensure_ascii=False).encode()
    packed = msgpack.packb({"a": HOSTILE})
    event = b'42["' + HOSTILE.encode().replace(b"\x1b", b"").replace(b"\x07", b"") + b'"]'
    for frame in (encode_frame(1, text), encode_frame(2, packed), encode_frame(1, event)):
        assert_harmless(run("explain", frame.hex()).stdout.decode(), 80)
    deep = run("explain", "-", given=encode_frame(1, b"[" * 100_000 + b"]" * 100_000))
    assert (deep.returncode, deep.stderr.decode().count("\n")) == (0, 1)
