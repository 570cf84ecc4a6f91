"""The chain of a frame: from the bytes on the wire to what the application reads, step by step.

    wire       the payload as it came
    unmasked   XORed with the key                                       RFC 6455 §5.3
    joined     with the other frames of its message                     §5.4
    inflated   where the message is compressed                          RFC 7692 §7.2.2
    text       where it is text                                         §5.6

Each step has its bytes and its words. Pictures, JSON and pages draw this chain and no other; what
an application's own format says (`inspector.payloads`) is one step more.
"""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from inspector.core.distances import blocks_of
from inspector.core.frames import Frame
from inspector.core.handshake import Deflate
from inspector.core.messages import Message
from inspector.core.rfc import DEFLATE_TAIL, TEXT

MAX_WALKED: Final = 64 * 1024
"""Bytes of a compressed message whose blocks are looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, the bytes after it, what was done, and where that is written.

    `facts` are sentences more. `text` is there where the bytes are to be read as such.
    """

    name: str
    data: bytes
    words: str
    rfc: str
    facts: tuple[str, ...] = ()
    text: str | None = None


def chain(
    frame: Frame,
    message: Message | None = None,
    at: int | None = None,
    agreed: Deflate | None = None,
) -> list[Step]:
    """The steps of a frame's payload, as far as they can be gone.

    `message` is the whole message that it belongs to, `at` where in that message's joined payload
    this frame's part begins, `agreed` what its direction's compressor agreed to: None where nobody
    knows. A frame without payload, alone, has no steps.
    """
    if not frame.wire_payload and (message is None or not message.payload):
        return []
    return list(_steps(frame, message, at, agreed))


def _steps(
    frame: Frame, message: Message | None, at: int | None, agreed: Deflate | None
) -> Iterator[Step]:
    came = f"{_bytes(len(frame.wire_payload))} of payload as they came"
    if frame.spilled:
        came += f"; {_bytes(frame.spilled)} more were not kept"
    yield Step("wire", frame.wire_payload, came, "6455 §5.2")
    if frame.masking_key is not None:
        key = frame.masking_key.hex(" ")
        yield Step("unmasked", frame.payload, f"each byte XOR a byte of the key {key}", "6455 §5.3")
    if message is None:
        if frame.opcode == TEXT and frame.fin and frame.complete and not frame.rsv1:
            yield _text(frame.payload)
        return
    if message.valid is None:
        yield Step("joined", b"", "the message is too long to be kept", "6455 §5.4")
        return
    if len(message.frames) > 1:
        words = f"the {len(message.frames)} frames of the message"
        facts = () if at is None else (_place(frame, message, at),)
        yield Step("joined", message.payload, words, "6455 §5.4", facts)
    if message.inflated is not None:
        inflated = message.inflated
        found = tuple(_facts(message, agreed))
        words = "00 00 ff ff put back at the end, and inflated"
        if inflated.fault:
            words = f"not all of it could be inflated: {inflated.words}"
            if inflated.whole:
                words = f"inflated, but it {inflated.words}"
        yield Step("inflated", message.data, words, "7692 §7.2.2", found)
    if message.kind == "text" and (message.data or message.valid):
        text = _text(message.data)
        first = message.first
        if not message.valid and not message.inflated and (first.rsv1 or first.rsv2 or first.rsv3):
            text = replace(text, words=f"{text.words}: a reserved bit says that it was changed")
        yield text


def _text(data: bytes) -> Step:
    try:
        text = data.decode()
        count = len(text)
        words = f"UTF-8: {count:,} {'character' if count == 1 else 'characters'}"
        if data and count == len(data):
            words += ", each of one byte"
    except UnicodeDecodeError as fault:
        text = data.decode("utf-8", "backslashreplace")
        words = f"no UTF-8 from byte {fault.start} on"
    return Step("text", data, words, "6455 §5.6", text=text)


def _place(frame: Frame, message: Message, at: int) -> str:
    end = at + len(frame.wire_payload)
    if end == at:
        return f"this frame adds nothing, at byte {at:,} of {len(message.payload):,}"
    return f"this frame's part is bytes {at:,} to {end - 1:,} of {len(message.payload):,}"


_KINDS: Final = ("stored", "fixed Huffman codes", "Huffman codes of its own", "")


def _facts(message: Message, agreed: Deflate | None) -> Iterator[str]:
    """A few facts of a compressed message."""
    payload, data = message.payload, message.data
    if data and payload:
        ratio = f"{len(payload) / len(data):.0%} of their size"
        yield f"{_bytes(len(data))} were deflated to {_bytes(len(payload))}: {ratio}"
    if agreed is not None:
        size = f"{1 << agreed.window_bits:,} bytes"
        past = "the messages before it are in it" if agreed.context_takeover else "empty at first"
        yield f"window {agreed.window_bits} bits, {size}; {past}"
    if message.inflated is not None and message.inflated.whole and data:
        if _alone(payload, data):
            yield "it can be read without the messages before it"
        else:
            yield "it copies from messages before it, and can't be read without them"
    if payload and len(payload) <= MAX_WALKED:
        blocks = blocks_of(payload + DEFLATE_TAIL)[:-1]  # the last is the empty one put back
        counts = Counter(_KINDS[kind] for kind, _ in blocks)
        told = ", ".join(f"{count} with {kind}" for kind, count in counts.items())
        told = told.replace("with stored", "stored")
        if told:
            yield f"{len(blocks)} deflate {'block' if len(blocks) == 1 else 'blocks'}: {told}"


def _alone(payload: bytes, data: bytes) -> bool:
    """Does it inflate to the same with nothing before it?"""
    out = bytearray()
    rest = payload + DEFLATE_TAIL
    try:
        while rest and len(out) <= len(data):
            inflater = zlib.decompressobj(-15, zdict=bytes(out[-(1 << 15) :]))
            out += inflater.decompress(rest, len(data) + 1 - len(out))
            if not inflater.eof:
                break
            rest = inflater.unused_data
    except zlib.error:
        return False
    return bytes(out) == data


def _bytes(count: int) -> str:
    return f"{count:,} {'byte' if count == 1 else 'bytes'}"
