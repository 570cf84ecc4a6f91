"""A WebSocket connection through a proxy, driven from both ends at once."""

from __future__ import annotations

from dataclasses import dataclass

from tests.addons.peers import PATIENCE, Peer
from tests.addons.proxies import Way
from tests.addons.walk import Connection

REQUEST = (
    b"GET /chat?x=1 HTTP/1.1\r\nHost: localhost:8101\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"
KEY = bytes.fromhex("37fa213d")


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    key: bytes | None = None,
    fin: bool = True,
    rsv: int = 0,
    length: bytes | None = None,
) -> bytes:
    """A frame, RFC 6455 §5.2; `length` replaces the shortest length field by a faulty one."""
    size = len(payload)
    if length is None:
        if size < 126:
            length = bytes([size])
        elif size < 1 << 16:
            length = b"\x7e" + size.to_bytes(2)
        else:
            length = b"\x7f" + size.to_bytes(8)
    head = bytes([fin << 7 | rsv << 4 | opcode, length[0] | (0x80 if key else 0)]) + length[1:]
    if not key:
        return head + payload
    pad = (key * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload) ^ int.from_bytes(pad)).to_bytes(size)
    return head + key + masked


def text(words: bytes, **how: object) -> bytes:
    return frame(1, words, **how)  # type: ignore[arg-type]


def close(code: int | None = 1000, reason: bytes = b"", *, key: bytes | None = None) -> bytes:
    return frame(8, (code.to_bytes(2) + reason) if code else b"", key=key)


@dataclass
class Talk:
    way: Way
    client: Peer
    server: Peer

    @classmethod
    def open(cls, way: Way, request: bytes = REQUEST, response: bytes = RESPONSE) -> Talk:
        """Through the handshake, as these bytes have it."""
        talk = cls.begin(way, request)
        talk.down(response)
        return talk

    @classmethod
    def begin(cls, way: Way, request: bytes = REQUEST, alpn: tuple[str, ...] = ()) -> Talk:
        """As far as the request, which has to arrive as it was sent."""
        way.proxy.mark()
        client = way.connect(alpn=alpn)
        client.forget()
        client.send(request)
        # mitmdump connects to the origin before it knows what for, and may leave again.
        while not (got := (server := way.origin.accept()).read(len(request))):
            server.close()
        assert got == request
        return cls(way, client, server)

    def up(self, data: bytes) -> None:
        """The client sends, the server gets just that."""
        sending = self.client.send_in_background(data)
        assert self.server.read(len(data)) == data
        sending.result(PATIENCE)

    def down(self, data: bytes) -> None:
        sending = self.server.send_in_background(data)
        assert self.client.read(len(data)) == data
        sending.result(PATIENCE)

    def up_end(self) -> None:
        """The client ends its sending; the server learns it, in the same manner where TLS is."""
        self.client.shut()
        assert self.server.rest() == b""
        assert self.server.end == ("close_notify" if self.server.is_tls else "fin")

    def down_end(self) -> None:
        self.server.shut()
        assert self.client.rest() == b""
        assert self.client.end == ("close_notify" if self.client.is_tls else "fin")

    def settle(self) -> Connection:
        """Both legs and the capture hold the same bytes; the recorded connection."""
        assert self.client.sent == self.server.received
        assert self.server.sent == self.client.received
        recorded = self.way.proxy.connection()
        assert recorded.sent == self.client.sent
        assert recorded.answered == self.server.sent
        assert recorded.facts["reserialised"] is False
        assert recorded.lost == {True: 0, False: 0}
        assert not recorded.acked_unseen
        self.client.close()
        self.server.close()
        return recorded

    def end(self) -> Connection:
        """A plain end, the client's first."""
        self.up_end()
        self.down_end()
        return self.settle()


def after_a_plain_request(way: Way) -> tuple[Peer, Peer]:
    """Both ends of a connection that mitmproxy's HTTP layer has taken."""
    way.proxy.mark()
    client = way.connect()
    client.forget()
    client.send(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
    server = way.origin.accept()
    server.head()
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    client.head()
    client.read(2)
    client.forget()
    server.forget()
    return client, server
