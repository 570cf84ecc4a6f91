"""One direction on one leg, frame by frame made into units that can be compared."""

from hashlib import blake2b
from typing import Final

from inspector.compare.align import Unit
from inspector.core.events import Framed, Messaged
from inspector.core.frames import Frame
from inspector.core.rfc import CLOSE, PING, PONG, close_code_words
from inspector.core.rules.closing import close_code, close_reason
from inspector.core.safe import safe_bytes

DIGEST: Final = 16
"""Bytes of a digest: two contents with the same one won't be met by chance."""
TOLD: Final = 40


def digest(*parts: bytes) -> bytes:
    """A digest of parts, each set apart from the next."""
    whole = blake2b(digest_size=DIGEST)
    for part in parts:
        whole.update(len(part).to_bytes(8))
        whole.update(part)
    return whole.digest()


class Track:
    """Frames and messages of one side in, units out."""

    def __init__(self) -> None:
        self.messages = 0
        self._after = b""
        """The key of the last message."""
        self._amid: Framed | None = None
        """The first frame of the message that is being sent."""
        self._start()

    def _start(self) -> None:
        self._count, self._size, self._masked = 0, 0, False
        self._shape, self._masks, self._headers, self._payload = (
            blake2b(digest_size=DIGEST) for _ in range(4)
        )

    def frame(self, framed: Framed) -> Unit | None:
        """A frame; those of messages wait for their message, others are units of their own."""
        frame = framed.frame
        if frame.is_control or frame.kind.is_reserved or not frame.complete:
            return self._alone(framed)
        if frame.opcode or self._amid is None:
            self._start()
            self._amid = framed
        self._add(frame)
        return None

    def _add(self, frame: Frame) -> None:
        self._count += 1
        self._size += len(frame.wire_payload)
        self._masked = self._masked or frame.masking_key is not None
        self._shape.update(len(frame.wire_payload).to_bytes(8))
        self._masks.update(frame.masking_key or b"none")
        self._headers.update(_bare(frame))
        if not (frame.fin and frame.opcode):
            self._payload.update(frame.payload)

    def message(self, messaged: Messaged) -> Unit:
        """The message that has just ended."""
        message = messaged.message
        whole = message.inflated is None or message.inflated.whole
        content = message.data if whole else message.payload
        if message.valid is None:
            content = self._payload.digest()
        unit = self._unit(
            message.kind, digest(message.kind.encode(), content), messaged.time,
            message.frames[0], message.frames[-1], message.compressed, message.payload,
            _told(message.kind, content),
        )  # fmt: skip
        self.messages += 1
        self._after = unit.key
        self._amid = None
        return unit

    def rest(self) -> Unit | None:
        """A message that was begun and never ended; no more comes."""
        first, self._amid = self._amid, None
        if first is None:
            return None
        key = digest(b"unfinished", self._payload.digest())
        return self._unit("unfinished message", key, first.time, first.number, first.number,
                          first.frame.rsv1, key, "")  # fmt: skip

    def _unit(
        self, kind: str, key: bytes, time: float, first: int, last: int, compressed: bool,
        wire: bytes, told: str,
    ) -> Unit:  # fmt: skip
        return Unit(
            kind, key, time, first, last, self._count, self._size, compressed, digest(wire),
            self._shape.digest(), self._masks.digest(), self._masked, self._headers.digest(),
            (self.messages, False), self._after, told,
        )  # fmt: skip

    def _alone(self, framed: Framed) -> Unit:
        frame = framed.frame
        payload = frame.payload
        kind = frame.name if frame.complete else f"cut {frame.name}"
        told = _close(frame) if frame.opcode == CLOSE else _told(kind, payload)
        size = len(frame.wire_payload)
        return Unit(
            kind, digest(kind.encode(), payload), framed.time, framed.number, framed.number, 1,
            size, False, digest(payload), digest(size.to_bytes(8)),
            digest(frame.masking_key or b"none"), frame.masking_key is not None,
            digest(_bare(frame)), (self.messages, self._amid is not None), self._after, told,
            payload if frame.opcode in (PING, PONG) else b"",
        )  # fmt: skip


def _bare(frame: Frame) -> bytes:
    """A frame's header without FIN, mask bit and key: opcode, reserved bits, form of the length."""
    header = frame.header
    form = frame.length_bits or 0
    return bytes([header[0] & 0x7F, form]) if header else b""


def _told(kind: str, content: bytes) -> str:
    if kind == "binary":
        return content[: TOLD // 3].hex(" ") + ("" if len(content) <= TOLD // 3 else " …")
    return f'"{safe_bytes(content, TOLD)}"' if content else ""


def _close(frame: Frame) -> str:
    code = close_code(frame)
    if code is None:
        return "no code"
    reason = close_reason(frame)
    words = f"{code} {close_code_words(code)}"
    return f'{words}, "{safe_bytes(reason, TOLD)}"' if reason else words
