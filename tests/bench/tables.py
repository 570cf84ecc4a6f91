"""What is measured, and what has to hold: tables of ratios, each of one run.

All times are processor time, of rounds in which everything is run in turn: what else the machine
does meanwhile counts for little. The median of a row's rounds is taken.
"""

from __future__ import annotations

import io
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inspector.core.masking import apply_mask, in_python
from inspector.files.capture import open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.jsonl import dumps, to_line
from inspector.screen.listing import Listing
from inspector.screen.paper import Paper
from tests.bench import decoders
from tests.bench.streams import capture_frames, capture_stream, small, stream, streams

SEGMENT = 8 * 1024
"""Bytes of a segment in captures for tshark: where thousands of frames share one, it loses some."""

TSHARK = "tshark -T fields"


@dataclass
class Table:
    """A heading, columns, and rows of numbers; None where something was not measured."""

    title: str
    columns: list[str]
    rows: dict[str, list[float | None]]

    def text(self, digits: int = 1) -> str:
        """As Markdown that reads well as it is."""
        cells = [
            [name, *(_number(value, digits) for value in row)] for name, row in self.rows.items()
        ]
        head = [self.title, *self.columns]
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        lines = [
            head,
            ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])],
            *cells,
        ]
        return "\n".join("| " + " | ".join(_aligned(line, widths)) + " |" for line in lines)


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.{digits}f}"


def _aligned(cells: list[str], widths: list[int]) -> Iterator[str]:
    yield cells[0].ljust(widths[0])
    yield from (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))


def spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def medians(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each gives back, of rounds in which each is asked in turn."""
    told: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            told[name].append(work())
    return {name: max(statistics.median(values), 1e-9) for name, values in told.items()}


def decoding(share: float, rounds: int, tshark: str | None, folder: Path) -> tuple[Table, str]:
    """Frames a second on each stream, wsproto's being 1; and what tshark lost, in words."""
    rows: dict[str, list[float | None]] = {name: [] for name in (*decoders.DECODERS, TSHARK)}
    names: list[str] = []
    lost = ""
    for each in streams(share):
        works: dict[str, Callable[[], float]] = {
            name: partial(decoders.seconds, decode, each)
            for name, decode in decoders.DECODERS.items()
        }
        found = each.frames
        if tshark is not None:
            data = b"".join(each.portions)
            segments = [data[at : at + SEGMENT] for at in range(0, len(data), SEGMENT)]
            path = capture_stream(folder / f"{each.name}.pcapng", segments)
            one = capture_stream(folder / f"{each.name}-1.pcapng", [b"\x81\x80abcd"])
            found, _ = decoders.tshark(tshark, path)
            works["start"] = partial(_tshark_time, tshark, one)
            works[TSHARK] = partial(_tshark_time, tshark, path)
            if not lost:
                whole = capture_stream(folder / "whole.pcapng", each.portions)
                seen, _ = decoders.tshark(tshark, whole)
                lost = (
                    f"Of the {each.name} stream's {each.frames:,} frames it tells {found:,}, "
                    f"but {seen:,} where a segment has 64 KiB."
                )
        told = medians(works, rounds)
        if tshark is not None:
            start, whole_run = told.pop("start"), told.pop(TSHARK)
            if whole_run > 1.1 * start:  # else it was over before it had begun
                told[TSHARK] = (whole_run - start) * each.frames / max(found, 1)
        for name, row in rows.items():
            row.append(told[decoders.WSPROTO] / told[name] if name in told else None)
        names.append(each.name)
    return Table("frames a second, wsproto = 1", names, rows), lost


def broken(table: Table) -> list[str]:
    """Which of the promises do not hold: in words, none if all do."""
    words = []
    for at, name in enumerate(table.columns):
        ours = table.rows[decoders.SCAN][at] or 0
        if ours < 10:
            words.append(f"{name}: scanning is {ours:.1f} times wsproto, and 10 was promised")
        for other in (decoders.WEBSOCKETS, TSHARK):
            theirs = table.rows[other][at]
            if theirs is not None and ours <= theirs:
                words.append(f"{name}: {other} is ahead, {theirs:.1f} to {ours:.1f}")
    return words


def unmasking(rounds: int) -> Table:
    """Bytes a second, a copy in memory being 1."""
    sizes = {"32 B": 32, "1 KiB": 1 << 10, "64 KiB": 1 << 16, "1 MiB": 1 << 20}
    ways: dict[str, Callable[[bytes], object]] = {
        "memory copy": lambda data: memoryview(data).tobytes(),
        "as it is used": lambda data: apply_mask(data, b"\x12\x34\x56\x78"),
        "without the C routine": lambda data: in_python(data, b"\x12\x34\x56\x78"),
    }
    rows: dict[str, list[float | None]] = {name: [] for name in ways}
    for size in sizes.values():
        data, times = os.urandom(size), max(4, (1 << 20) // (size + 1000))
        works: dict[str, Callable[[], float]] = {
            name: partial(spent, partial(_again, times, partial(way, data)))
            for name, way in ways.items()
        }
        told = medians(works, rounds)
        for name, row in rows.items():
            row.append(told["memory copy"] / told[name])
    return Table("bytes unmasked, memory copy = 1", list(sizes), rows)


def reading(share: float, rounds: int, folder: Path) -> Table:
    """Frames a second of a whole capture, wsproto's bare decoding of the same frames being 1."""
    count = max(1000, round(100_000 * share) // 1000 * 1000)
    path = capture_frames(folder / "frames.pcapng", count)
    same = stream("small", small(), count)
    works: dict[str, Callable[[], float]] = {
        "wsproto, decoding alone": lambda: decoders.seconds(decoders.wsproto, same),
        "packets and TCP streams": lambda: spent(lambda: _each(open_capture(path))),
        "frames, messages, rules": lambda: spent(lambda: _each(_items(path))),
        "the same, as JSON lines": lambda: spent(lambda: _each(_json(path))),
        "the same, as a listing": lambda: spent(lambda: _each(_listing(path))),
    }
    told = medians(works, rounds)
    first = told["wsproto, decoding alone"]
    return Table(
        "frames a second, wsproto = 1",
        ["small"],
        {name: [first / took] for name, took in told.items()},
    )


def _items(path: Path) -> Iterator[Item]:
    with open_capture(path) as capture:
        yield from (item for item in dissect(capture) if isinstance(item, Item))


def _json(path: Path) -> Iterator[str]:
    return map(dumps, map(to_line, _items(path)))


def _listing(path: Path) -> Iterator[str]:
    listing, paper = Listing(80), Paper(io.TextIOWrapper(io.BytesIO(), "utf-8"))
    return (paper.rendered(listing.take(item)) for item in _items(path))


def _tshark_time(tshark: str, path: Path) -> float:
    return decoders.tshark(tshark, path)[1]


def _again(times: int, work: Callable[[], object]) -> None:
    for _ in range(times):
        work()


def _each(row: Iterable[object]) -> None:
    for _ in row:
        pass
