"""`diff`: what an intermediary changed between two legs of the same connections."""

import sys
from collections.abc import Iterator
from typing import Literal

import click

from inspector.commands.dump import number
from inspector.commands.mistakes import Command
from inspector.commands.reading import Reading, shows_progress
from inspector.compare.changes import Changes
from inspector.compare.changes_line import diff_line
from inspector.compare.legs import Asked, Match, asked, compared, matched
from inspector.files.dissect import Item
from inspector.files.jsonl import dumps
from inspector.screen.changes import match_lines, totals
from inspector.screen.in_turn import InTurn
from inspector.screen.paper import Paper, paper_for


@click.command(cls=Command)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl"]), default="text",
    help="Lines to read (the default), or one JSON object a connection.",
)  # fmt: skip
@click.option("--connection", callback=number(1), metavar="N", help="Only this connection of A.")
@click.option(
    "--with", "other", callback=number(1), metavar="M",
    help="Compare it with this connection of B, whatever their handshakes say.",
)  # fmt: skip
@click.pass_context
def diff(
    context: click.Context,
    a: str,
    b: str,
    form: Literal["text", "jsonl"],
    connection: int | None,
    other: int | None,
) -> None:
    """Say what an intermediary changed between two legs.

    A is the capture of its client's side, B that of its server's side. Connections are found by
    the key of their handshake, else by what they ask for, else by order. Heads, messages and their
    frames, control frames, compression, masks and ends are compared; of what came through, how
    long it took.

    The exit code is 0 if nothing was changed, 1 if something was, 2 if A or B can't be read.

    \b
    ws101 diff client-side.pcapng server-side.pcapng
    ws101 diff both.pcapng both.pcapng --connection 1 --with 2
    """
    if other is not None and connection is None:
        raise click.UsageError("--with needs --connection: it is compared with that one.")
    if "-" in (a, b):
        raise click.UsageError("A and B are read twice: give files, not standard input.")
    paper = paper_for(sys.stdout)
    first = [Reading(path, progress=shows_progress(True)) for path in (a, b)]
    legs = [asked(reading) for reading in first]
    for reading in first:
        if not reading.packets:
            reading.complain()
    damaged = [reading for reading in first if reading.fault is not None]
    matches = _chosen(legs, first, connection, other)
    second = [Reading(path, progress=shows_progress(True)) for path in (a, b)]
    same = _show(iter(second[0]), iter(second[1]), matches, paper, form)
    paper.close()
    for reading in damaged:
        reading.complain()
    context.exit(0 if same else 1)


def _chosen(
    legs: list[list[Asked]], readings: list[Reading], connection: int | None, other: int | None
) -> list[Match]:
    """The pairs to compare; a mistake where one that was asked for is not there."""
    if connection is None:
        return matched(*legs)
    one = _numbered(legs[0], connection, readings[0])
    if other is not None:
        return [Match(one, _numbered(legs[1], other, readings[1]), "choice")]
    return [match for match in matched(*legs) if match.a is one]


def _numbered(leg: list[Asked], wanted: int, reading: Reading) -> Asked:
    for each in leg:
        if each.number == wanted:
            return each
    raise reading.lacks(wanted)


def _show(
    one: Iterator[Item], other: Iterator[Item], matches: list[Match], paper: Paper,
    form: Literal["text", "jsonl"],
) -> bool:  # fmt: skip
    """Write what became of each pair, in order; is all of it the same?"""
    alike = changed = alone = 0

    def told(match: Match, changes: Changes | None) -> str:
        if form == "jsonl":
            return dumps(diff_line(match, changes)) + "\n"
        return paper.rendered(match_lines(match, changes, paper.width)) + "\n"

    places = {id(match): place for place, match in enumerate(matches)}
    with InTurn(paper.text) as turns:
        for match in matches:
            turns.take(places[id(match)], "")
        for match in matches:
            if match.a is None or match.b is None:
                alone += 1
                turns.take(places[id(match)], told(match, None), over=True)
        for match, changes in compared(one, other, matches):
            same = not changes.differences
            alike, changed = alike + same, changed + (not same)
            turns.take(places[id(match)], told(match, changes), over=True)
        turns.finish()
    if form == "text":
        paper.lines(totals(alike, changed, alone, paper.width))
    return not changed and not alone
