"""`convert`: a capture in another format, and what that format could not hold."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from inspector.commands.mistakes import Command, Mistake
from inspector.commands.reading import Meter, complain, fault_words, keylog_option
from inspector.core.safe import safe
from inspector.files.annotate import annotate
from inspector.files.capture import CannotOpen, Capture, open_capture
from inspector.files.dissect import Item, dissect
from inspector.files.events import CaptureEvent, Fault, Finished, Opened
from inspector.files.output import CannotMake, Output
from inspector.files.targets import TARGETS, ItemTarget, LeftOut, Target, extensions, target_for


@click.command(cls=Command)
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option(
    "--to", "form", type=click.Choice([target.name for target in TARGETS]),
    help="The format of OUT, where its name does not tell.",
)  # fmt: skip
@click.option(
    "--annotate", "annotated", is_flag=True,
    help="Put findings into a pcapng as packet comments, for Wireshark.",
)  # fmt: skip
@keylog_option
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.pass_context
def convert(
    context: click.Context,
    source: str,
    target: str,
    form: str | None,
    annotated: bool,
    keylog: str | None,
    force: bool,
) -> None:
    """Write a capture in another format.

    IN is a capture of any format that ws101 reads: its first bytes tell which. OUT's extension says
    what to write: .pcapng for Wireshark and every other tool that reads packets, .jsonl for
    programs, .har for browsers' developer tools, .flow for mitmproxy. - is standard input or
    output. What OUT's format can't hold is counted in a line on standard error. OUT is not touched
    before it is whole, and never replaced without --force.

    \b
    ws101 convert chat.pcapng chat.jsonl
    ws101 convert chat.jsonl chat.pcapng
    ws101 convert capture.pcap - --to jsonl | jq .type
    ws101 convert capture.pcap found.pcapng --annotate   # frame.comment in Wireshark
    """
    chosen = _chosen(target, form)
    if annotated and chosen.name != "pcapng":
        raise click.UsageError(f"--annotate goes with pcapng: {chosen.name} has no comments.")
    if target != "-" and _same(source, target):
        raise Mistake(f"{target}: is the capture itself; give OUT another name")
    try:
        with open_capture(source, keylog=keylog) as capture:
            conversion = Conversion(source, capture, annotated, keylog)
            if target == "-":
                _to_standard_output(conversion, chosen)
            else:
                with Output(Path(target), force) as output:
                    conversion.write(chosen, output.fd)
                    if conversion.readable:
                        output.keep()
    except (CannotOpen, CannotMake) as error:
        raise Mistake(str(error)) from None
    except KeyboardInterrupt:
        context.exit(130)
    except OSError as error:
        where = "standard output" if target == "-" else target
        raise Mistake(f"{where}: can't be written: {error.strerror or error}") from None
    context.exit(conversion.tell())


class Conversion:
    """One pass over a capture, into one target."""

    def __init__(self, path: str, capture: Capture, annotated: bool, keylog: str | None) -> None:
        self.path = path
        self.keylog = keylog
        self.annotated = annotated
        self.capture = capture
        self.fault: Fault | None = None
        self.notes: list[str] = []
        self.left_out: LeftOut = Counter()
        self.connections = 0

    @property
    def readable(self) -> bool:
        """Was there anything to read?"""
        return self.fault is None or self.capture.counts.packets > 0

    def write(self, target: Target, fd: int) -> None:
        """All of it to an open descriptor, which stays open. Raises OSError."""
        if self.annotated:
            self._annotate(fd)
            return
        fd = os.dup(fd)
        if target.from_events is not None:
            writer = target.from_events(fd)
            for event in self._events():
                writer.take(event)
            writer.close()
            self.left_out += writer.left_out
        elif target.from_items is not None:
            self._write_items(target.from_items(fd))

    def _write_items(self, writer: ItemTarget) -> None:
        told: set[int] = set()
        reopen = self._again if self.path != "-" else None
        for item in dissect(self._events(), reopen=reopen):
            if isinstance(item, Item):
                told.add(item.connection.stream)
                writer.take(item)
        writer.close()
        self.left_out += writer.left_out
        if untold := self.connections - len(told):
            self.left_out["TCP connections that are neither WebSocket nor HTTP"] += untold

    def _annotate(self, fd: int) -> None:
        """A copy with comments; it reads the capture by itself, twice."""
        told = annotate(self.path, fd, self.keylog)
        self.fault, self.capture.counts = told.fault, told.counts
        if told.left_out:
            self.left_out["findings without a packet or without room"] += told.left_out

    def _events(self) -> Iterator[CaptureEvent]:
        meter = Meter(self.path) if sys.stderr.isatty() else None
        for number, event in enumerate(self.capture):
            if meter is not None and number % 256 == 0:
                meter.show(*self.capture.progress)
            if isinstance(event, Fault):
                self.fault = event
            elif isinstance(event, Opened):
                self.connections += 1
            elif isinstance(event, Finished) and event.stats.dropped:
                words = f"records that the recorder could not write: {event.stats.dropped}"
                self.notes.append(words)
            yield event
        if meter is not None:
            meter.clear()

    def _again(self) -> Iterator[CaptureEvent]:
        with (
            contextlib.suppress(CannotOpen),
            open_capture(self.path, keylog=self.keylog) as capture,
        ):
            yield from capture

    def tell(self) -> int:
        """What was wrong with the capture and what was left out of it; the exit code."""
        for note in [*self.notes, *self.capture.counts.notes()]:
            print(f"note: {safe(note)}", file=sys.stderr)
        if self.left_out:
            words = ", ".join(f"{what}: {many:,}" for what, many in self.left_out.items())
            print(f"left out, since the format can't hold it: {words}", file=sys.stderr)
        if not self.readable and self.fault is not None:
            raise Mistake(f"{fault_words(self.path, self.fault)}; nothing was written")
        return complain(self.path, self.fault, self.capture.counts.packets)


def _chosen(path: str, form: str | None) -> Target:
    if form is not None:
        return next(target for target in TARGETS if target.name == form)
    if path == "-":
        raise click.UsageError("To standard output, say in which format: --to FORMAT.")
    target = target_for(path)
    if target is None:
        raise Mistake(f"{path}: no format is known by this name; end it in {extensions()}, or --to")
    return target


def _same(source: str, target: str) -> bool:
    try:
        return source != "-" and os.path.samefile(source, target)
    except (OSError, ValueError):
        return False


def _to_standard_output(conversion: Conversion, target: Target) -> None:
    if sys.stdout is None:
        raise Mistake("can't write to standard output: it is closed")
    if sys.stdout.isatty() and target.binary:
        raise Mistake(f"{target.name} is not for terminals: redirect it, or name a file")
    sys.stdout.flush()
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more
        conversion.write(target, sys.stdout.fileno())
