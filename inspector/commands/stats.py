"""`dump --stats`: what each connection and all of them were made of, in numbers."""

from collections.abc import Iterable, Iterator
from typing import Literal

from inspector.commands.selection import Judge
from inspector.core.events import Closed, Opened
from inspector.core.http1 import Exchange
from inspector.files.dissect import Item
from inspector.files.entries import entries
from inspector.files.jsonl import dumps
from inspector.files.stats import Count, Numbers, stats_line
from inspector.screen.in_turn import InTurn
from inspector.screen.paper import Paper
from inspector.screen.stats import connection_stats, total_stats
from inspector.screen.words import count


def kept(items: Iterable[Item], wanted: Judge) -> Iterator[Item]:
    """What a filter wants, and of each connection that has any, how it opened and closed."""
    openings: dict[int, list[Item]] = {}
    begun: set[int] = set()
    for entry in entries(items):
        stream, found = entry.connection.stream, wanted.matches(entry)
        if isinstance(entry.event, Opened):
            openings[stream] = entry.items
            if found or stream in begun:
                begun.add(stream)
                yield from openings.pop(stream)
        elif found or (isinstance(entry.event, Closed) and stream in begun):
            begun.add(stream)
            yield from openings.pop(stream, ())
            yield from entry.items
        if isinstance(entry.event, Closed):
            openings.pop(stream, None)
            begun.discard(stream)


def show_stats(items: Iterable[Item], paper: Paper, form: Literal["text", "jsonl"]) -> Numbers:
    """Count all items, and write the numbers of each connection, then of all: these come back.

    A connection's numbers are written, in order, once it is over: no more is kept of it.
    """
    total = Numbers()
    going: dict[int, Count] = {}

    def told(counted: Count) -> str:
        if form == "jsonl":
            return dumps(stats_line(counted.own, counted.connection)) + "\n"
        return paper.rendered(connection_stats(counted, paper.width)) + "\n"

    with InTurn(paper.text) as turns:
        for item in items:
            if isinstance(item.event, Exchange):
                continue
            stream = item.connection.stream
            counted = going.get(stream)
            if counted is None:
                counted = going[stream] = Count(item.connection, total)
                turns.take(stream, "")
            counted.take(item)
            if isinstance(item.event, Closed):
                turns.take(stream, told(going.pop(stream)), over=True)
            if paper.gone:
                return total
        for stream, counted in going.items():
            turns.take(stream, told(counted), over=True)
        turns.finish()
    if form == "jsonl":
        paper.text(dumps(stats_line(total)) + "\n")
    elif total.connections > 1:
        paper.lines(total_stats(total, paper.width))
    elif not total.connections:
        paper.text(f"{count(0, 'connection')}: there is nothing to count\n")
    return total
