"""`dump`: what a capture holds, as lines to read, as JSON lines, or as the picture of one frame."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import click

from inspector.commands.ladder import LadderView
from inspector.commands.last import LastFrames
from inspector.commands.mistakes import Command
from inspector.commands.one_frame import show_frame
from inspector.commands.reading import Reading, keylog_option, shows_progress
from inspector.commands.selection import Judge, Selection, filter_option
from inspector.commands.stats import kept, show_stats
from inspector.commands.views import JsonView, TextView, View
from inspector.core.http1 import Exchange
from inspector.core.safe import safe
from inspector.files.dissect import Item
from inspector.screen.paper import Paper, paper_for
from inspector.screen.tally import Tally
from inspector.screen.words import count


def number(least: int) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """An option's value as a number from `least` on; click's own says `[x>=1]` in the help."""

    def convert(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) < 19):
            raise click.BadParameter(f"{value!r} is no number", ctx, param)
        if int(value) < least:
            raise click.BadParameter(f"they count from {least}", ctx, param)
        return int(value)

    return convert


@click.command(cls=Command)
@click.argument("file")
@click.option(
    "--format", "form", type=click.Choice(["text", "jsonl"]), default="text",
    help="Lines to read (the default), or one JSON object a line.",
)  # fmt: skip
@filter_option("Only what this filter wants; --filter help lists what it can ask for.")
@click.option("--connection", callback=number(1), metavar="N", help="Only this connection.")
@click.option(
    "--frame", callback=number(0), metavar="N",
    help="The picture of this frame (of connection 1, or --connection); 0: the handshake.",
)  # fmt: skip
@click.option("--last", callback=number(1), metavar="N", help="Only the last N frames.")
@click.option(
    "--ladder", is_flag=True,
    help="A sequence diagram of each connection; the listing tells the same in words.",
)  # fmt: skip
@click.option("--stats", is_flag=True, help="Numbers instead: sizes, pace, round trips, overhead.")
@click.option("--follow", is_flag=True, help="Go on while the capture grows; Ctrl-C ends it.")
@click.option("--http", is_flag=True, help="Show plain HTTP exchanges, too.")
@keylog_option
@click.option("--live", is_flag=True, hidden=True)
@click.pass_context
def dump(
    context: click.Context,
    file: str,
    form: Literal["text", "jsonl"],
    connection: int | None,
    frame: int | None,
    last: int | None,
    ladder: bool,
    stats: bool,
    follow: bool,
    http: bool,
    live: bool,
    wanted: Judge | None,
    keylog: str | None,
) -> None:
    """Show what a capture holds, frame by frame.

    Of each WebSocket connection: its handshake, its frames and messages, what broke a rule, and how
    it closed. FILE is a capture by whomever: pcapng, pcap, JSON lines, HAR, mitmproxy's flows; - is
    standard input.

    \b
    ws101 dump chat.pcapng                    all of it
    ws101 dump chat.pcapng --frame 4          every bit of frame 4
    ws101 dump chat.pcapng --format jsonl     for other programs
    ws101 dump chat.pcapng --last 5 --follow  what happens now
    ws101 dump chat.pcapng --ladder           who says what when, drawn
    ws101 dump chat.pcapng --stats            how many, how large, how fast
    ws101 dump chat.pcapng --filter 'from client and opcode == ping'
    ws101 dump chat.pcapng --filter 'length > 64KiB or finding'
    ws101 dump tls.pcapng --keylog keys.log   wss://, decrypted
    """
    if frame is not None:
        drawn = ladder or stats
        if follow or live or last is not None or form != "text" or wanted is not None or drawn:
            others = "--follow, --last, --filter, --ladder, --stats and --format"
            raise click.UsageError(f"--frame goes with none of {others}.")
        context.exit(show_frame(file, frame, connection, keylog))
    if stats and (follow or live or last is not None or ladder):
        raise click.UsageError("--stats goes with none of --follow, --last and --ladder.")
    if ladder and form != "text":
        raise click.UsageError("--ladder is a picture: it does not go with --format jsonl.")
    paper = paper_for(sys.stdout, live=follow or live or file == "-")
    if keylog is not None and (follow or live):
        raise click.UsageError("--keylog needs a whole capture: it does not go with --follow.")
    progress = shows_progress(last is not None or stats)
    reading = Reading(file, follow or live, live, progress, keylog)
    paper.before = reading.hush
    view = view_for(paper, form, connection)
    if ladder:
        in_turn = wanted is None and last is None and not reading.follow
        view = LadderView(paper, single=connection is not None, in_turn=in_turn)
    tally = Tally()
    selection = None if wanted is None else Selection(view, wanted, last)
    items = items_of(reading, connection, http)
    try:
        if stats:
            counted = tallied(items, tally)
            show_stats(counted if wanted is None else kept(counted, wanted), paper, form)
        elif selection is not None:
            select(reading, items, selection, paper, tally)
        else:
            show(reading, items, view, paper, tally, last)
    except KeyboardInterrupt:
        if not reading.follow:
            paper.close()
            context.exit(130)
    lacking = connection is not None and tally.connections == 0
    unread = reading.fault is not None and reading.packets == 0
    if form == "text" and not lacking and not unread:
        told = [] if selection is None or stats else [selection.words]
        if stats and wanted is not None:
            told = ["the statistics are of what the filter keeps; these lines are of all"]
        paper.lines(tally.summary(paper.width, [*told, *notes(reading, tally)]))
    elif form == "jsonl":
        for note in notes(reading, tally):
            print(f"note: {safe(note)}", file=sys.stderr)
    paper.close()
    code = reading.complain()
    if connection is not None and lacking:
        raise reading.lacks(connection)
    context.exit(code)


def view_for(paper: Paper, form: Literal["text", "jsonl"], connection: int | None) -> View:
    return TextView(paper, connection is not None) if form == "text" else JsonView()


def tallied(items: Iterable[Item], tally: Tally) -> Iterator[Item]:
    """The same items, counted."""
    for item in items:
        tally.take(item)
        yield item


def show(
    reading: Reading,
    items: Iterable[Item],
    view: View,
    paper: Paper,
    tally: Tally,
    last: int | None,
) -> None:
    """Write items as they come; with `last`, only from the last frames on."""
    kept = LastFrames(view, last) if last is not None else None

    def release() -> None:
        nonlocal kept
        if kept is not None:
            paper.text(kept.release())
            kept = None

    reading.caught_up = release
    for item in items:
        tally.take(item)
        if kept is not None:
            kept.take(item)
        else:
            paper.text(view.take(item))
        if paper.gone:
            return
    release()
    paper.text(view.flush())


def select(
    reading: Reading, items: Iterable[Item], selection: Selection, paper: Paper, tally: Tally
) -> None:
    """Write what a filter wants as it comes."""
    reading.caught_up = lambda: paper.text(selection.caught_up())
    for item in items:
        tally.take(item)
        paper.text(selection.take(item))
        if paper.gone:
            return
    paper.text(selection.caught_up())


def items_of(reading: Reading, connection: int | None, http: bool) -> Iterator[Item]:
    """The items of this connection (None for all), plain HTTP only where it was asked for."""
    for item in reading:
        if connection is not None and item.connection.number != connection:
            continue
        if http or not isinstance(item.event, Exchange):
            yield item


def notes(reading: Reading, tally: Tally) -> list[str]:
    """What to say of the capture, and of an empty listing."""
    words = list(reading.notes)
    if tally.connections == 0 and reading.connections == 0 and reading.fault is None:
        words.append(
            f"no WebSocket connection in {count(reading.packets, 'packet')}. Plain HTTP is shown "
            "with --http; what was encrypted (wss, https) takes its keys (--keylog), or "
            "a recording by ws101 proxy, which keeps what was inside"
        )
    return words
