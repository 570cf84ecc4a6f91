"""The streams that decoders are measured on, and captures of them by our own recorder.

Chance has a seed: a stream is the same each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from inspector.core.frames import encode_close, encode_frame
from tests.screen.specimens import Scene

PORTION = 64 * 1024
"""Bytes that a decoder is fed with at once."""

DISTINCT = 140_000
"""Frames before a capture repeats itself: more than the masking keys that rules remember."""

Kind = Literal["lawful", "faulty"]


class Stream(NamedTuple):
    """Masked frames of a client: how many, and their bytes in portions."""

    name: str
    frames: int
    portions: list[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.portions))


def texts(sizes: Iterable[int]) -> Iterator[bytes]:
    """Masked text frames with payloads of these sizes."""
    chance = random.Random(101)
    return (encode_frame(1, b"a" * size, masking_key=chance.randbytes(4)) for size in sizes)


def small() -> Iterator[bytes]:
    chance = random.Random(1)
    return texts(iter(lambda: chance.randrange(20, 61), None))


def chat() -> Iterator[bytes]:
    """Frames of mixed sizes, a Ping now and then, some messages in fragments."""
    chance = random.Random(101)

    def frame(opcode: int, payload: bytes, fin: bool = True) -> bytes:
        return encode_frame(opcode, payload, masking_key=chance.randbytes(4), fin=fin)

    while True:
        if chance.random() < 0.02:
            yield frame(9, b"beat")
        text = b"x" * chance.choice([5, 20, 60, 200, 900])
        if chance.random() < 0.1:
            yield frame(1, text, fin=False)
            yield frame(0, text)
        else:
            yield frame(1, text)


def stream(name: str, frames: Iterator[bytes], count: int) -> Stream:
    data = b"".join(islice(frames, count))
    return Stream(name, count, [data[at : at + PORTION] for at in range(0, len(data), PORTION)])


def streams(share: float = 1.0) -> list[Stream]:
    """The four of them, or that share of each."""
    return [
        stream("small", small(), round(200_000 * share)),
        stream("1 KiB", texts(iter(lambda: 1024, None)), round(20_000 * share)),
        stream("1 MiB", texts(iter(lambda: 1 << 20, None)), max(2, round(200 * share))),
        stream("chat", chat(), round(100_000 * share)),
    ]


def capture_stream(path: Path, portions: Iterable[bytes]) -> Path:
    """A capture of one connection on which the client says this, a portion a read."""
    scene = Scene(path)
    scene.open().handshake().client(*portions)
    scene.writer.close(scene.time)
    return path


def capture_frames(path: Path, frames: int, kind: Kind = "lawful", connections: int = 1) -> Path:
    """A capture of so many small frames, a thousand a read: it is made as fast as it is read.

    The connections talk in turn, and all are open until the end. Lawful frames break no rule;
    each of the faulty ones breaks one.
    """
    if kind == "lawful":
        chance = random.Random(1)
        keys = chance.sample(range(1, 2**32), min(DISTINCT, frames))
        made = [
            encode_frame(1, b"a" * chance.randrange(20, 61), masking_key=key.to_bytes(4))
            for key in keys
        ]
    else:
        made = [encode_frame(1, b"unmasked, as no client may send it")] * 1000
    reads = [b"".join(made[at : at + 1000]) for at in range(0, len(made), 1000)]
    scene = Scene(path)
    talks = [scene.open(port).handshake() for port in range(10_000, 10_000 + connections)]
    for number in range(frames // 1000):
        talks[number % connections].client(reads[number % len(reads)])
    for talk in talks:
        talk.client(encode_close(1000, masking_key=b"last")).server(encode_close(1000)).end(
            False, True
        )
    scene.writer.close(scene.time)
    return path
