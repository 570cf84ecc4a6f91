"""The facts of RFC 6455 and RFC 7692, as tables.

Every number that the RFCs give stands here once, with its section, so that the decoder, the
rules and the explanation in words can not disagree about it.
"""

from dataclasses import dataclass
from typing import Final, Literal

Side = Literal["client", "server"]
"""Who sent it. The client is whoever opened the TCP connection and asked for the upgrade."""

SIDES: Final[tuple[Side, Side]] = ("client", "server")

PEER: Final[dict[Side, Side]] = {"client": "server", "server": "client"}

GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""Joined to the key before hashing (RFC 6455 §1.3): a constant no other protocol would use."""

VERSION: Final = "13"
"""The only `Sec-WebSocket-Version` in use (RFC 6455 §4.1, field 9)."""

KEY_BYTES: Final = 16
"""Length of the nonce behind `Sec-WebSocket-Key` (RFC 6455 §4.1, field 7)."""

SAMPLE_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
"""The key printed in RFC 6455 §1.3; a client that sends it has copied the page."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

MAX_CONTROL_PAYLOAD: Final = 125
"""Bytes a control frame may carry (RFC 6455 §5.5): the most that the 7-bit length can say."""

DEFLATE: Final = "permessage-deflate"
DEFLATE_TAIL: Final = b"\x00\x00\xff\xff"
"""The end of an empty stored block, cut off by the sender, put back to inflate (RFC 7692 §7.2)."""

EXTENSIONS: Final = frozenset({DEFLATE, "bbf-usp-protocol"})
"""IANA's registry of extensions (RFC 6455 §11.4)."""

EXTENSIONS_WITH_RSV1: Final = frozenset(
    [
        *("permessage-bzip2", "permessage-compress", "permessage-snappy"),
        *("deflate-frame", "perframe-deflate", "x-webkit-deflate-frame"),
    ]
)
"""Compressions of drafts and of single libraries, all marked by RSV1 (RFC 7692 §6)."""

EXTENSIONS_WITHOUT_BITS: Final = frozenset({"bbf-usp-protocol"})
"""Extensions known to give no reserved bit a meaning: of IANA's registry, all but deflate."""


@dataclass(frozen=True, slots=True)
class Opcode:
    """One row of RFC 6455 §5.2's opcode table."""

    number: int
    name: str
    words: str
    rfc: str

    @property
    def is_control(self) -> bool:
        """Control frames are those with the highest opcode bit set (RFC 6455 §5.5)."""
        return self.number >= 8

    @property
    def is_reserved(self) -> bool:
        return self.name.startswith("reserved")


def _opcodes() -> dict[int, Opcode]:
    known = [
        Opcode(CONTINUATION, "continuation", "goes on with the message begun before", "6455 §5.4"),
        Opcode(TEXT, "text", "the payload is UTF-8", "6455 §5.6"),
        Opcode(BINARY, "binary", "the payload is bytes; the application knows them", "6455 §5.6"),
        Opcode(CLOSE, "close", "the sender will send nothing more", "6455 §5.5.1"),
        Opcode(PING, "ping", "are you there? answer with the same payload", "6455 §5.5.2"),
        Opcode(PONG, "pong", "I am here", "6455 §5.5.3"),
    ]
    table = {opcode.number: opcode for opcode in known}
    for number in range(16):
        words = f"reserved for later {'control' if number >= 8 else 'data'} frames"
        table.setdefault(number, Opcode(number, f"reserved-{number:x}", words, "6455 §5.2"))
    return table


OPCODES: Final = _opcodes()


@dataclass(frozen=True, slots=True)
class CloseCode:
    """One registered status code of RFC 6455 §7.4.1 or of the IANA registry that it opened.

    `on_wire` is false for the codes that an API reports but no frame may carry.
    """

    code: int
    name: str
    words: str
    on_wire: bool = True
    rfc: str = "6455 §7.4.1"


CLOSE_CODES: Final[dict[int, CloseCode]] = {
    row.code: row
    for row in [
        CloseCode(1000, "normal closure", "the purpose of the connection is fulfilled"),
        CloseCode(1001, "going away", "the server goes down, or the page is being left"),
        CloseCode(1002, "protocol error", "the peer broke the protocol"),
        CloseCode(1003, "unsupported data", "a kind of data that this endpoint can not take"),
        CloseCode(1005, "no status received", "a Close came without a code", on_wire=False),
        CloseCode(1006, "abnormal closure", "the connection ended without a Close", on_wire=False),
        CloseCode(1007, "invalid payload data", "such as text that is not UTF-8"),
        CloseCode(1008, "policy violation", "the general refusal"),
        CloseCode(1009, "message too big", "more than this endpoint will take"),
        CloseCode(1010, "mandatory extension", "the server did not agree to an extension"),
        CloseCode(1011, "internal error", "something unexpected on the server's side"),
        CloseCode(1012, "service restart", "come back in a while", rfc="IANA registry"),
        CloseCode(1013, "try again later", "overloaded", rfc="IANA registry"),
        CloseCode(1014, "bad gateway", "the server behind the server failed", rfc="IANA registry"),
        CloseCode(1015, "TLS handshake", "the TLS handshake failed", on_wire=False),
    ]
}


def close_code_words(code: int) -> str:
    """A close code in a few words, registered or not (RFC 6455 §7.4)."""
    if code in CLOSE_CODES:
        return CLOSE_CODES[code].name
    if code < 1000:
        return "not used"
    if code < 3000:
        return "reserved, not registered"
    if code < 4000:
        return "registered by libraries and frameworks"
    if code < 5000:
        return "private use"
    return "out of range"
