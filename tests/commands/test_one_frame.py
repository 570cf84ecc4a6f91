"""`dump --frame 0`: the opening, all of it."""

from __future__ import annotations

from pathlib import Path

from tests.commands.run import run
from tests.screen.specimens import Scene, capture, request, response

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
