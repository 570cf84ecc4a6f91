"""`--filter`: the option, and the entries that it keeps, as text.

A frame says little without its connection, so the opening of a connection is shown before the first
entry of it that is kept, as `--last` does.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import click

from inspector.commands.views import View
from inspector.core.events import Closed, Framed, Opened
from inspector.files.dissect import Item
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
        raise click.BadParameter(f"column {error.column}: {error.told}", context, param) from None


class Wanted(NamedTuple):
    """One entry that is kept, as text."""

    stream: int
    opening: str
    text: str
    is_frame: bool


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
    _last: deque[Wanted] | None = None

    def __post_init__(self) -> None:
        self.view.begin_late()
        if self.most is not None:
            self._last = deque(maxlen=self.most)

    def take(self, item: Item) -> str:
        """The text of what is known to be wanted by now."""
        return "".join([self._told(entry) for entry in self._entries.take(item)])

    def caught_up(self) -> str:
        """What was held back; from here on nothing is."""
        text = "".join([self._told(entry) for entry in self._entries.flush()])
        last, self._last = self._last, None
        return "".join(map(self._shown, last or ())) + text

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
        wanted = self._judged(entry)
        text = ""
        if wanted is not None and self._last is not None:
            self._last.append(wanted)
        elif wanted is not None:
            text = self._shown(wanted)
        if isinstance(entry.event, Closed):
            stream = entry.connection.stream
            self._openings.pop(stream, None)
            self._introduced.pop(stream, None)
            self._headed.discard(stream)
        return text

    def _judged(self, entry: Entry) -> Wanted | None:
        stream, event = entry.connection.stream, entry.event
        is_frame, opens = isinstance(event, Framed), isinstance(event, Opened)
        found = self.filter.matches(entry)
        self.frames += is_frame
        self.others += not is_frame
        if opens:
            self._openings[stream] = self._text(entry)
        if not found:
            if not opens:
                self.view.pass_over(entry.items)
            return None
        self.kept_frames += is_frame
        self.kept_others += not is_frame
        text = "" if opens else self._text(entry)
        return Wanted(stream, self._openings.get(stream, ""), text, is_frame)

    def _text(self, entry: Entry) -> str:
        return "".join([*map(self.view.take, entry.items), self.view.flush()])

    def _shown(self, wanted: Wanted) -> str:
        """An entry's text, with what has to stand before it."""

        def pieces() -> Iterator[str]:
            stream = wanted.stream
            if wanted.opening and self._introduced.get(stream) is not wanted.opening:
                self._introduced[stream] = wanted.opening
                yield wanted.opening
            if wanted.is_frame and stream not in self._headed:
                self._headed.add(stream)
                yield self.view.heading
            yield wanted.text

        return "".join(pieces())
