"""`--filter`: the option, and the entries that it keeps, as text.

A frame says little without its connection, so the opening of a connection is shown before the first
entry of it that is kept, as `--last` does.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import click

from inspector.commands.last import Last
from inspector.commands.views import View
from inspector.core.events import Closed, Framed, Opened
from inspector.files.dissect import Connection, Item
from inspector.files.entries import Entries, Entry
from inspector.screen.paper import paper_for
from inspector.screen.words import count


def filter_option(words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--filter EXPR`, as the argument `wanted`; `--filter help` lists the fields instead."""
    return click.option(
        "--filter", "wanted", callback=_read, is_eager=True, metavar="EXPR", help=words
    )


def _read(context: click.Context, param: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    # Here, since what reads filters takes a tenth of a second to load.
    from inspector.filter import FilterError, parse
    from inspector.filter.reference import reference

    if text.strip().lower() == "help":
        paper = paper_for(sys.stdout)
        paper.text(reference())
        paper.close()
        context.exit(0)
    try:
        return parse(text)
    except FilterError as error:
        words = f"column {error.column}: {error.told}. --filter help lists all there is"
        raise click.BadParameter(words, context, param) from None


class Judge(Protocol):
    """A filter; `inspector.filter` itself is loaded only if there is one."""

    def matches(self, entry: Entry) -> bool: ...


@dataclass(slots=True)
class Selection:
    """Entries that a filter wants, in the text of a view; with `most`, only the last of them.

    `take` each item, and ask `caught_up` when no more is at hand for now.
    """

    view: View
    filter: Judge
    most: int | None = None
    frames: int = 0
    others: int = 0
    kept_frames: int = 0
    kept_others: int = 0
    _entries: Entries = field(default_factory=Entries)
    _openings: dict[int, str] = field(default_factory=dict)
    """The opening of each connection that is still open, by its TCP stream."""
    _introduced: dict[int, str] = field(default_factory=dict)
    """The opening that was shown last of a TCP stream."""
    _headed: set[int] = field(default_factory=set)
    _last: Last | None = None
    _begun: bool = False

    def __post_init__(self) -> None:
        self.view.begin_late()
        if self.most is not None:
            self._last = Last(self.view, self.most)

    def take(self, item: Item) -> str:
        """The text of what is known to be wanted by now."""
        return "".join([self._told(entry) for entry in self._entries.take(item)])

    def caught_up(self) -> str:
        """What was held back; from here on nothing is."""
        text = "".join([self._told(entry) for entry in self._entries.flush()])
        last, self._last = self._last, None
        if last is not None:
            shown = [
                self._shown(one.connection, one.opening, one.text, one.is_frame)
                for one in last.release()
            ]
            text = "".join(shown)
        return text

    @property
    def words(self) -> str:
        """How much was kept."""
        words = f"the filter keeps {self.kept_frames:,} of {count(self.frames, 'frame')}"
        if self.kept_others:
            words += (
                f" and {self.kept_others:,} of {count(self.others, 'other entry', 'other entries')}"
            )
        return words

    def _told(self, entry: Entry) -> str:
        """The text of an entry, if it is wanted and not kept back."""
        text = self._judged(entry)
        if isinstance(entry.event, Closed):
            stream = entry.connection.stream
            self._openings.pop(stream, None)
            self._introduced.pop(stream, None)
            self._headed.discard(stream)
        return text

    def _judged(self, entry: Entry) -> str:
        stream, event = entry.connection.stream, entry.event
        is_frame, opens = isinstance(event, Framed), isinstance(event, Opened)
        found = self.filter.matches(entry)
        self.frames += is_frame
        self.others += not is_frame
        if opens:
            self._openings[stream] = self._text(entry)
        items = () if opens else entry.items
        if not found:
            (self._last or self.view).pass_over(items)
            return ""
        self.kept_frames += is_frame
        self.kept_others += not is_frame
        opening = self._openings.get(stream, "")
        if self._last is not None:
            self._last.take(items, entry.connection, opening, is_frame=is_frame)
            return ""
        return self._shown(entry.connection, opening, "" if opens else self._text(entry), is_frame)

    def _text(self, entry: Entry) -> str:
        return "".join([*map(self.view.take, entry.items), self.view.flush()])

    def _shown(self, connection: Connection, opening: str, text: str, is_frame: bool) -> str:
        """An entry's text, with what has to stand before it."""
        before, stream = "", connection.stream
        if opening and self._introduced.get(stream) is not opening:
            self._introduced[stream] = opening
            before = opening if self._begun else opening.removeprefix("\n")
        if is_frame and stream not in self._headed:
            self._headed.add(stream)
            before += self.view.heading(connection)
        self._begun = True
        return before + text
