"""How fast frames are decoded, beside two other decoders in the same run.

    make bench

Streams of masked client frames, fed in portions of 64 KiB; each decoder reads each stream several
times, in turn, and the median counts. Ratios hold from machine to machine, absolute figures do not.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.progress import track
from rich.table import Table
from websockets.protocol import Protocol, Side
from wsproto.frame_protocol import FrameProtocol

from inspector.core.frames import FrameDecoder, encode_frame

ROUNDS = 5
PORTION = 64 * 1024


def frames(sizes: Iterable[int], seed: int = 101) -> bytes:
    """Masked text frames with payloads of these sizes."""
    chance = random.Random(seed)
    return b"".join(encode_frame(1, b"a" * size, masking_key=chance.randbytes(4)) for size in sizes)


def chat() -> bytes:
    """Mixed sizes, a Ping now and then, some messages in fragments."""
    chance = random.Random(101)
    out = []
    for _ in range(20_000):
        key = chance.randbytes(4)
        if chance.random() < 0.02:
            out.append(encode_frame(9, b"beat", masking_key=key))
        text = b"x" * chance.choice([5, 20, 60, 200, 900])
        if chance.random() < 0.1:
            out.append(encode_frame(1, text, masking_key=key, fin=False))
            out.append(encode_frame(0, text, masking_key=key))
        else:
            out.append(encode_frame(1, text, masking_key=key))
    return b"".join(out)


def ours(portions: list[bytes]) -> int:
    decoder = FrameDecoder("client")
    count = 0
    for portion in portions:
        decoder.feed(portion)
        while decoder.next_piece() is not None:
            count += 1
    return count


def ours_payloads(portions: list[bytes]) -> int:
    decoder = FrameDecoder("client")
    count = 0
    for portion in portions:
        decoder.feed(portion)
        while (piece := decoder.next_piece()) is not None:
            count += bool(getattr(piece, "payload", None))
    return count


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
    return count


DECODERS: dict[str, Callable[[list[bytes]], int]] = {
    "wsproto": wsproto,
    "websockets": websockets,
    "ws101, frames": ours,
    "ws101, payloads too": ours_payloads,
}


def main() -> None:
    small = random.Random(1)
    streams = {
        "small": frames(small.randrange(20, 61) for _ in range(50_000)),
        "1 KiB": frames([1024] * 10_000),
        "1 MiB": frames([1024 * 1024] * 50),
        "chat": chat(),
    }
    table = Table(title="Frames a second, wsproto = 1")
    table.add_column("decoder")
    for name in streams:
        table.add_column(name, justify="right")
    rates: dict[tuple[str, str], float] = {}
    for stream, data in streams.items():
        portions = [data[at : at + PORTION] for at in range(0, len(data), PORTION)]
        spent: dict[str, list[float]] = {name: [] for name in DECODERS}
        for _ in track(range(ROUNDS), f"{stream:6}", transient=True):
            for name, decode in DECODERS.items():
                began = time.perf_counter()
                count = decode(portions)
                spent[name].append((time.perf_counter() - began) / count)
        for name, times in spent.items():
            rates[name, stream] = 1 / statistics.median(times)
    for name in DECODERS:
        ratios = (rates[name, stream] / rates["wsproto", stream] for stream in streams)
        table.add_row(name, *(f"{ratio:.1f}" for ratio in ratios))
    absolute = (f"{rates['ws101, frames', stream]:,.0f}" for stream in streams)
    table.add_row("(ws101, a second)", *absolute, end_section=True)
    Console().print(table)


if __name__ == "__main__":
    main()
