"""permessage-deflate as lawful peers speak it (RFC 7692).

wsproto's extension does the work; this subclass mends what a lawful or a hostile peer trips over:

* a Ping between the fragments of a compressed message (RFC 6455 §5.4 allows it, Node sends it) made
  wsproto forget that the message is compressed;
* a block with BFINAL set (RFC 7692 §7.2.3.4) ended the stream for good, and every later byte was
  kept in memory, unread;
* an offer with an unknown, doubled or ill-formed parameter must be declined, not half understood
  (RFC 7692 §7.1), and of several offers the first good one is taken.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, RsvBits

FLAGS = frozenset({"client_no_context_takeover", "server_no_context_takeover"})
WINDOWS = frozenset({"client_max_window_bits", "server_max_window_bits"})
_BITS = re.compile(r"9|1[0-5]")  # 8 is lawful too, but zlib's deflate has no such window: decline
_TAIL = b"\x00\x00\xff\xff"  # what the sender cut off each message, RFC 7692 §7.2.1


def read_offer(offer: str) -> dict[str, str | None] | None:
    """The parameters of one offer ("permessage-deflate; name; name=value"), or None to decline."""
    params: dict[str, str | None] = {}
    for part in offer.split(";")[1:]:
        name, has_value, value = (piece.strip() for piece in part.partition("="))
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        if name in params or name not in FLAGS | WINDOWS:
            return None
        if name in FLAGS and has_value:
            return None
        if name in WINDOWS and has_value and not _BITS.fullmatch(value):
            return None
        if name == "server_max_window_bits" and not has_value:
            return None
        params[name] = value if has_value else None
    return params


class Deflate(PerMessageDeflate):
    """The server's half of the negotiation, and inflating that survives what peers really send."""

    def accept(self, offer: str) -> bool | str | None:
        params = None if self.enabled() else read_offer(offer)
        if params is None:
            return None
        answer: list[str] = []
        for name, value in params.items():
            if name in FLAGS:
                setattr(self, name, True)
                answer.append(name)
            else:
                bits = int(value or 15)
                setattr(self, name, bits)
                answer.append(f"{name}={bits}")
        self._enabled = True
        return "; ".join(answer)

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        if not opcode.iscontrol():
            return super().frame_inbound_header(proto, opcode, rsv, payload_length)
        self._inbound_is_compressible = False
        return CloseReason.PROTOCOL_ERROR if rsv.rsv1 else RsvBits(True, False, False)

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes | CloseReason:
        if not (self._inbound_compressed and self._inbound_is_compressible):
            return data
        try:
            return self._inflate(data)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        if not (fin and self._inbound_is_compressible):
            return None
        compressed, self._inbound_compressed = self._inbound_compressed, None
        if not compressed:
            return None
        try:
            rest = self._inflate(_TAIL)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        if self.client_no_context_takeover:
            self._decompressor = None
        return rest

    def _inflate(self, data: bytes) -> bytes:
        """Inflate `data`; a stream that ends inside it (BFINAL) is followed by a new one."""
        clear = bytearray()
        while True:
            stream: Any = self._decompressor
            if stream is None:
                stream = self._decompressor = zlib.decompressobj(-self.client_max_window_bits)
            clear += stream.decompress(data)
            if not stream.eof:
                return bytes(clear)
            data, self._decompressor = stream.unused_data, None
            if not data:
                return bytes(clear)
