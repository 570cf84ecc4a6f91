"""`lint`: the findings of a capture, and nothing else; its exit code is for scripts."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

import click

from inspector.commands.mistakes import Command
from inspector.commands.reading import Reading, keylog_option, shows_progress
from inspector.commands.selection import Judge, filter_option
from inspector.core.findings import Finding
from inspector.files.dissect import Item
from inspector.files.entries import entries
from inspector.files.jsonl import dumps, to_line
from inspector.screen.findings import finding_lines
from inspector.screen.github import annotation
from inspector.screen.opening import title
from inspector.screen.paper import paper_for
from inspector.screen.tally import Tally


@click.command(cls=Command)
@click.argument("file")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl", "github"]), default="text",
    help="Lines to read (the default), a JSON object a line, or annotations of a GitHub workflow.",
)  # fmt: skip
@filter_option("Only findings that this filter wants; --filter help lists what it can ask for.")
@keylog_option
@click.pass_context
def lint(
    context: click.Context,
    file: str,
    form: Literal["text", "jsonl", "github"],
    wanted: Judge | None,
    keylog: str | None,
) -> None:
    """Say which rules of the RFCs a capture breaks.

    FILE is a capture by whomever: pcapng, pcap, JSON lines, HAR, mitmproxy's flows; - is standard
    input. The exit code is 0 if nothing of severity error was found, 1 if something was, 2 if FILE
    can't be read. With --filter, only findings that it wants are shown and counted, each looked at
    alone.

    \b
    ws101 lint chat.pcapng
    ws101 lint chat.pcapng --format jsonl | jq .rule
    ws101 lint chat.pcapng --format github
    ws101 lint chat.pcapng --filter 'finding.severity == error'
    ws101 lint chat.pcapng --filter 'finding.from server and not control'
    """
    paper = paper_for(sys.stdout)
    reading = Reading(file, progress=shows_progress(False), keylog=keylog)
    paper.before = reading.hush
    tally = Tally()
    shown = None
    for item in reading if wanted is None else only(reading, wanted):
        tally.take(item)
        finding = item.event
        if not isinstance(finding, Finding):
            continue
        if form == "jsonl":
            paper.text(dumps(to_line(item)) + "\n")
            continue
        if form == "github":
            paper.text(annotation(item.connection, finding, file) + "\n")
            continue
        if item.connection is not shown:
            shown = item.connection
            paper.lines(title(shown, paper.width))
        paper.lines(finding_lines(finding, paper.width, 2))
    if form != "jsonl" and (reading.fault is None or reading.packets):
        paper.lines(tally.summary(paper.width, reading.notes))
    paper.close()
    context.exit(reading.complain() or int(tally.findings["error"] > 0))


def only(items: Iterable[Item], wanted: Judge) -> Iterator[Item]:
    """All items but the findings that a filter does not want.

    It is shown an entry with one of its findings at a time, so that what it asks of a finding and
    what it asks of a frame are asked of that finding, and of the frame where it was found.
    """
    for entry in entries(items):
        if not entry.findings:
            wanted.matches(entry)  # it may have to remember
            yield from entry.items
            continue
        kept = {
            id(finding)
            for finding in entry.findings
            if wanted.matches(replace(entry, findings=[finding]))
        }
        for item in entry.items:
            if not isinstance(item.event, Finding) or id(item.event) in kept:
                yield item
