"""`lint`: the findings of a capture, and nothing else; its exit code is for scripts."""

import sys
from typing import Literal

import click

from inspector.commands.mistakes import Command
from inspector.commands.reading import Reading
from inspector.core.findings import Finding
from inspector.files.jsonl import dumps, to_line
from inspector.screen.findings import finding_lines
from inspector.screen.opening import title
from inspector.screen.paper import paper_for
from inspector.screen.tally import Tally


@click.command(cls=Command)
@click.argument("file")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl"]), default="text",
    help="Lines to read (the default), or one JSON object a line.",
)  # fmt: skip
@click.pass_context
def lint(context: click.Context, file: str, form: Literal["text", "jsonl"]) -> None:
    """Say which rules of the RFCs a capture breaks.

    FILE is a pcapng or pcap file, whoever recorded it; - is standard input. The exit code is 0 if
    nothing of severity error was found, 1 if something was, 2 if FILE can't be read.

    \b
    ws101 lint chat.pcapng
    ws101 lint chat.pcapng --format jsonl | jq .rule
    """
    paper = paper_for(sys.stdout)
    reading = Reading(file)
    tally = Tally()
    shown = None
    for item in reading:
        tally.take(item)
        finding = item.event
        if not isinstance(finding, Finding):
            continue
        if form == "jsonl":
            paper.text(dumps(to_line(item)) + "\n")
            continue
        if item.connection is not shown:
            shown = item.connection
            paper.lines(title(shown, paper.width))
        paper.lines(finding_lines(finding, paper.width, 2))
    if form == "text" and (reading.fault is None or reading.packets):
        paper.lines(tally.summary(paper.width, reading.notes))
    paper.close()
    context.exit(reading.complain() or int(tally.findings["error"] > 0))
