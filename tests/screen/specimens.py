"""Captures with a bit of everything in them, written by our own recorder.

A specimen is a function that talks: it opens connections on a `Scene` and lets both sides say
things, each a millisecond or a given time after the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inspector.core.frames import encode_close, encode_frame
from inspector.core.handshake import accept_for
from inspector.files.recorder import CaptureWriter, Stream

KEY = bytes.fromhex("37fa213d")
NONCE = "AQIDBAUGBwgJCgsMDQ4PEA=="
NONCES = ("ERITFBUWFxgZGhscHR4fIA==", "ISIjJCUmJygpKissLS4vMA==")
"""Fresh ones for further connections."""
EPOCH = 1_790_000_000.0
DEFLATE = "permessage-deflate; client_max_window_bits=15"

# Compressed once and for all: another zlib may find other bytes for the same content.
HELLO_DEFLATED = bytes.fromhex("f248cdc9c90700")
LONG = "A message that is too long for the column stands below its frame. " * 5
LONG_DEFLATED = bytes.fromhex(
    "ecccd10d80200c05c055de04eec028550b92b434e195b8bec639fcbd8f2b7025a529"
    "f2924427320216a3a1c67c5171842d1f60ca38895d2d6ef424ea14d70de51fbee101"
)


def masked(opcode: int, payload: bytes = b"", key: bytes = KEY, *, fin: bool = True) -> bytes:
    return encode_frame(opcode, payload, masking_key=key, fin=fin)


def request(target: str = "/chat", extra: str = "", nonce: str = NONCE) -> bytes:
    return (
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:8101\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nOrigin: http://127.0.0.1:8101\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {nonce}\r\n{extra}\r\n"
    ).encode("iso-8859-1")


def response(extra: str = "", accept: str = accept_for(NONCE)) -> bytes:
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n{extra}\r\n"
    ).encode("iso-8859-1")


class Scene:
    """A capture being made; the clock goes on by a millisecond with each thing said."""

    def __init__(self, path: Path) -> None:
        self.writer = CaptureWriter.create(path)
        self.time = EPOCH

    def open(self, port: int = 50312, url: str = "ws://127.0.0.1:8101/chat") -> Talk:
        facts = {"url": url, "server": "127.0.0.1:5000", "tls": False}
        stream = self.writer.open(("127.0.0.1", port), ("127.0.0.1", 8101), facts, self.time)
        return Talk(self, stream)

    def wait(self, seconds: float) -> None:
        self.time += seconds


class Talk:
    """One connection of a scene."""

    def __init__(self, scene: Scene, stream: Stream) -> None:
        self.scene = scene
        self.stream = stream

    def client(self, *pieces: bytes) -> Talk:
        return self._say(True, pieces)

    def server(self, *pieces: bytes) -> Talk:
        return self._say(False, pieces)

    def end(self, *sides: bool) -> Talk:
        for from_client in sides or (True, False):
            self.scene.wait(0.001)
            self.stream.end(from_client, self.scene.time)
        return self

    def lose(self, from_client: bool, size: int) -> Talk:
        """What the recorder could not write: its sequence numbers stay used."""
        self.scene.wait(0.001)
        self.stream._seq[from_client] += size
        return self

    def handshake(
        self, asked: str = "", agreed: str = "", target: str = "/chat", nonce: str = NONCE
    ) -> Talk:
        self.client(request(target, asked, nonce))
        return self.server(response(agreed, accept_for(nonce)))

    def _say(self, from_client: bool, pieces: tuple[bytes, ...]) -> Talk:
        for piece in pieces:
            self.scene.wait(0.001)
            self.stream.data(from_client, piece, self.scene.time)
        return self


def chat(scene: Scene) -> None:
    """All is well: deflate, fragments around a ping, binary, a clean close."""
    asked = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    talk = scene.open().handshake(asked, f"Sec-WebSocket-Extensions: {DEFLATE}\r\n")
    talk.client(encode_frame(1, HELLO_DEFLATED, masking_key=KEY, rsv=4))
    talk.server(encode_frame(1, HELLO_DEFLATED, rsv=4))
    scene.wait(1.2)
    talk.server(encode_frame(9, b"are you there"))
    talk.client(masked(10, b"are you there", b"\x01\x02\x03\x04"))
    talk.client(masked(2, bytes(range(6)), b"\x0a\x0b\x0c\x0d"))
    talk.client(masked(1, "Gr\u00fc\u00dfe, ".encode(), b"\x11\x22\x33\x44", fin=False))
    talk.client(masked(9, b"", b"\x55\x66\x77\x88"))
    talk.server(encode_frame(10))
    talk.client(masked(0, "\u6f22\u5b57".encode(), b"\x99\xaa\xbb\xcc"))
    talk.server(encode_frame(1, LONG_DEFLATED, rsv=4))
    scene.wait(7)
    talk.client(encode_close(1000, "bye", masking_key=b"\xde\xad\xbe\xef"))
    talk.server(encode_close(1000, "bye"))
    talk.end(False, True)


def faults(scene: Scene) -> None:
    """Little is well."""
    talk = scene.open().client(request()).server(response(accept="bm9uc2Vuc2Ugbm9uc2Vuc2U="))
    talk.client(encode_frame(1, b"unmasked"))
    talk.server(encode_frame(1, b"masked", masking_key=KEY))
    talk.client(encode_frame(1, b"RSV2 and RSV3", masking_key=b"\0\0\0\0", rsv=3))
    talk.server(encode_frame(1, b"\xff\xfe not UTF-8"))
    talk.server(encode_frame(3, b"?"))
    talk.server(encode_frame(9, b"x" * 130))
    talk.client(encode_close(1005, "", masking_key=b"\1\2\3\4"))
    talk.server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    talk.server(encode_close(1000))
    talk.server(b"\x81\x7f")
    talk.end()


HOSTILE = (
    "\x1b]0;owned\x07\x1b[31mred\x1b[0m \x9b31m \u202egnirts\u2066 [/x] [link=file:///etc]y[/link] "
    ":skull: \u200b\x00\x7f\u2028 e\u0301 \u6f22 \U0001f44d"
)


def hostile(scene: Scene) -> None:
    """Text that terminals would obey, wherever text can stand."""
    url = "ws://127.0.0.1:8101/" + HOSTILE
    talk = scene.open(url=url)
    head = HOSTILE.encode().decode("iso-8859-1").replace("\r", "")
    asked = f"X-{head}: {head}\r\nSec-WebSocket-Protocol: a\x1b[2J\r\n"
    talk.client(request("/\x1b[2J[red]" + head.replace(" ", "%20"), asked))
    talk.server(response("Sec-WebSocket-Protocol: a\x1b[2J\r\n"))
    talk.client(masked(1, HOSTILE.encode()), masked(9, HOSTILE.encode()))
    talk.server(encode_frame(2, HOSTILE.encode()), encode_frame(10, HOSTILE.encode()))
    talk.client(masked(1, HOSTILE.encode()[:9], fin=False), masked(0, HOSTILE.encode()[9:]))
    talk.server(encode_frame(8, (1000).to_bytes(2) + HOSTILE.encode()))
    talk.server(HOSTILE.encode() * 3).end()


def several(scene: Scene) -> None:
    """Three connections at once, one of them refused, and a plain request."""
    plain = scene.open(50001, "http://127.0.0.1:8101/feed")
    plain.client(b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1:8101\r\n\r\n")
    one = scene.open(50002).handshake()
    two = scene.open(50003, "ws://127.0.0.1:8101/ticker")
    two.handshake(target="/ticker", nonce=NONCES[0])
    plain.server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").end()
    two.server(encode_frame(1, b"1.07"))
    one.client(masked(1, b"first"))
    two.server(encode_frame(1, b"1.08"))
    refused = scene.open(50004, "ws://127.0.0.1:8101/secret")
    refused.client(request("/secret", nonce=NONCES[1]))
    refused.server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").end()
    one.client(encode_close(1001, masking_key=b"\1\2\3\4")).end(True)


def holes(scene: Scene) -> None:
    """Bytes of both sides are not there: between frames, and inside one."""
    talk = scene.open().handshake()
    talk.client(masked(1, b"before")).server(encode_frame(1, b"before"))
    talk.lose(True, 300)
    talk.client(masked(1, b"behind"), masked(9, b"?")).server(encode_frame(10, b"?"))
    talk.server(encode_frame(2, bytes(400))[:50]).lose(False, 354)
    scene.wait(3)
    talk.server(encode_frame(1, b"behind")).client(encode_close(1000, masking_key=KEY))
    talk.server(encode_close(1000)).end(False, True)


SPECIMENS: dict[str, Callable[[Scene], None]] = {
    "chat": chat,
    "faults": faults,
    "hostile": hostile,
    "holes": holes,
    "several": several,
}


def capture(path: Path, specimen: Callable[[Scene], None], *, finished: bool = True) -> Path:
    """Write a specimen to a file; not `finished`, it looks as if the proxy were still at it."""
    scene = Scene(path)
    specimen(scene)
    if finished:
        scene.writer.close(scene.time)
    return path
