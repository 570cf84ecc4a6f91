"""docs/benchmarks.md, made of the tables of one run."""

from __future__ import annotations

from pathlib import Path

from tests.bench.tables import Table
from tests.house.tree import ROOT

PAGE: Path = ROOT / "docs" / "benchmarks.md"

WORDS = """# Benchmarks

How fast the inspector is beside other tools, measured in one run on one machine. Ratios hold from
machine to machine, more or less; seconds do not, so there are none here. This page is written by

    .venv/bin/python -m tests.bench --write

and `make bench` prints the same tables. The command fails, and writes nothing, if a promise is not
kept: on each stream, scanning is at least ten times as fast as wsproto, and ahead of websockets
and of tshark.

## Decoding

{decoding}

The streams are frames of a client, all masked, fed in portions of 64 KiB: *small* is 200,000 text
frames of 20 to 60 bytes, *1 KiB* 20,000 and *1 MiB* 200 frames of that size, *chat* 100,000 frames
of mixed sizes with Pings and fragments among them.

- *Scanned*: all frames are found, by `FrameDecoder.scan`. Nothing of them is read but what it takes
  to find the next one. This is what the others never do: they can't help to make an object of each
  frame, and to unmask it.
- *Frame objects*: each frame is made, as `FrameDecoder.next_piece` gives it to the inspector. Its
  payload is still masked.
- *Payloads unmasked*: the row to compare with the other decoders, which all do this much.
- aiohttp's reader is written in C, and tells whole messages. It stops at the first fault, as
  wsproto and websockets do, and keeps neither masking keys nor places.
- tshark reads a capture by our recorder, in segments of 8 KiB, and prints the opcodes. The time
  that it takes to start (on a capture of one frame) is subtracted. {lost}
- *Memory copy* is the ceiling: the bytes copied once, as if they were that many frames.

Times are processor time, medians of rounds in which each decoder has its turn.

## Unmasking

{unmasking}

The C routine is that of the package `websockets`; without it the inspector XORs big integers. Of
small payloads, calling any function at all is most of what it takes.

## Reading a capture

{reading}

Of a capture of small frames, one row more than the one before it. wsproto, beside it, has no
capture to read, no rules to judge by and no frame to keep; it only decodes the same bytes.

## Where we are behind

- Whoever wants every payload, and nothing else, is served faster by aiohttp's reader in C.
- Whoever wants frames and nothing else is served faster by any decoder that does nothing else: with
  the rules, messages and places of all frames, a capture is read about as fast as wsproto decodes.
- A listing costs several times what reading the capture does: it is meant for eyes. For programs
  there is `--format jsonl`, and for both `--filter` and `--last`.
"""


def page(tables: list[Table], lost: str) -> str:
    decoding, unmasking, reading = (
        table.text(digits) for table, digits in zip(tables, (1, 2, 2), strict=True)
    )
    return WORDS.format(decoding=decoding, unmasking=unmasking, reading=reading, lost=lost)
