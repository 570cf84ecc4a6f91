"""Each decoder on a stream: how many frames it found. All are fed the same portions."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from websockets.protocol import Protocol, Side
from wsproto.frame_protocol import FrameProtocol

from inspector.core.frames import Frame, FrameDecoder
from tests.bench.streams import Stream

type Decode = Callable[[list[bytes]], int]


def wsproto(portions: list[bytes]) -> int:
    protocol = FrameProtocol(client=False, extensions=[])
    count = 0
    for portion in portions:
        protocol.receive_bytes(portion)
        count += sum(frame.frame_finished for frame in protocol.received_frames())
    return count


def websockets(portions: list[bytes]) -> int:
    protocol = Protocol(Side.SERVER, max_size=None)
    count = 0
    for portion in portions:
        protocol.receive_data(portion)
        count += len(protocol.events_received())
        protocol.data_to_send()  # its Pongs, which would pile up
    return count


def aiohttp(portions: list[bytes]) -> int:
    """Its reader in C; it tells messages, so fragments are counted as one."""
    from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
    from aiohttp.base_protocol import BaseProtocol

    loop = asyncio.new_event_loop()
    try:
        queue = WebSocketDataQueue(BaseProtocol(loop), 1 << 28, loop=loop)
        reader = WebSocketReader(queue, 0, False, False)
        count = 0
        for portion in portions:
            reader.feed_data(portion)
            count += len(queue._buffer)
            queue._buffer.clear()
        return count
    finally:
        loop.close()


def scan(portions: list[bytes]) -> int:
    decoder = FrameDecoder("client")
    count = 0
    for portion in portions:
        decoder.feed(portion)
        while found := len(decoder.scan()):
            count += found
    return count


def frames(portions: list[bytes]) -> int:
    decoder = FrameDecoder("client")
    count = 0
    for portion in portions:
        decoder.feed(portion)
        while decoder.next_piece() is not None:
            count += 1
    return count


def payloads(portions: list[bytes]) -> int:
    decoder = FrameDecoder("client")
    count = 0
    for portion in portions:
        decoder.feed(portion)
        while (piece := decoder.next_piece()) is not None:
            count += isinstance(piece, Frame) and piece.payload is not None
    return count


def copy(portions: list[bytes]) -> int:
    """No decoder: what it takes to copy the bytes once."""
    for portion in portions:
        memoryview(portion).tobytes()
    return 0


WSPROTO, WEBSOCKETS, SCAN, COPY = "wsproto", "websockets, sans-I/O", "ws101, scanned", "memory copy"
DECODERS: dict[str, Decode] = {
    WSPROTO: wsproto,
    WEBSOCKETS: websockets,
    "aiohttp, C reader": aiohttp,
    SCAN: scan,
    "ws101, Frame objects": frames,
    "ws101, payloads unmasked": payloads,
    COPY: copy,
}
"""What is told of each stream; a copy is no decoder, and finds nothing."""


def seconds(decode: Decode, stream: Stream) -> float:
    """Processor time that a decoder takes; AssertionError where it loses frames (aiohttp joins)."""
    began = time.process_time()
    count = decode(stream.portions)
    spent = time.process_time() - began
    joins = decode in (copy, aiohttp)
    assert count == stream.frames or joins, f"{decode.__name__} found {count} of {stream.frames}"
    return spent


def tshark(program: str, capture: Path) -> tuple[int, float]:
    """Frames that tshark finds in a capture, and its processor time, start and all."""
    process = subprocess.Popen(
        [program, "-r", capture, "-Y", "websocket", "-T", "fields", "-e", "websocket.opcode"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        told = process.stdout.read().split()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"tshark ended with {process.returncode}"
    return sum(line.count(b",") + 1 for line in told), usage.ru_utime + usage.ru_stime
