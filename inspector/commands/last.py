"""`--last N`: the last of what is shown, made into text only when it is known to be the last.

Of a long capture nearly everything falls out again, and to draw it costs far more than to read it.
So entries are held as they came. One that falls out is told to the view in its turn, which costs it
little: a Pong may answer a Ping that is not shown. What is held is bounded in bytes; beyond that
the oldest are made into text early, for text is short, whatever it is made of.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from inspector.commands.views import View
from inspector.core.events import Closed, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.core.http1 import Exchange
from inspector.files.dissect import Connection, Item
from inspector.files.entries import Entries, Entry

MAX_BESIDE: Final = 256
"""Entries kept with each of the last ones."""
MOST_HELD: Final = 8 << 20
"""Bytes."""
ITEM: Final = 1000
"""Bytes, about, of an item without what it carries."""


@dataclass(slots=True)
class Held:
    """An entry that may be shown; `text` once it was made."""

    items: Sequence[Item]
    weight: int
    wanted: bool = True
    text: str | None = None


@dataclass(slots=True)
class Shown:
    """One of the last: its connection, the opening to show before it, and what stands below it."""

    connection: Connection
    opening: str
    is_frame: bool
    entries: deque[Held]

    @property
    def text(self) -> str:
        return "".join([entry.text or "" for entry in self.entries])


@dataclass(slots=True)
class Last:
    """The last `most` of what is taken. `take` and `pass_over` all entries in their order."""

    view: View
    most: int
    most_held: int = MOST_HELD
    _shown: deque[Shown] = field(default_factory=deque)
    _waiting: deque[Held] = field(default_factory=deque)
    """What the view was not told yet, in order; the first one is wanted."""
    _weight: int = 0

    def take(
        self, items: Sequence[Item], connection: Connection, opening: str = "", *, is_frame: bool
    ) -> None:
        """An entry that counts as one of the last."""
        if len(self._shown) == self.most:
            for entry in self._shown.popleft().entries:
                self._drop(entry)
        self._shown.append(Shown(connection, opening, is_frame, deque([self._wait(items)])))
        self._settle()

    def beside(self, items: Sequence[Item]) -> None:
        """An entry that is shown if the one before it is."""
        if not self._shown:
            return self.pass_over(items)
        entries = self._shown[-1].entries
        if len(entries) > MAX_BESIDE:
            first = entries.popleft()
            self._drop(entries.popleft())
            entries.appendleft(first)
        entries.append(self._wait(items))
        return self._settle()

    def pass_over(self, items: Sequence[Item]) -> None:
        """An entry that is not shown."""
        if not self._waiting:
            self.view.pass_over(items)
        else:
            self._wait(items).wanted = False
            self._settle()

    def release(self) -> Iterator[Shown]:
        """All that is left, as text."""
        while self._waiting:
            self._tell()
        while self._shown:
            yield self._shown.popleft()

    def _wait(self, items: Sequence[Item]) -> Held:
        held = Held(items, sum(map(weight, items)))
        self._waiting.append(held)
        self._weight += held.weight
        return held

    def _settle(self) -> None:
        """Tell the view of what nobody waits for, and of what is too much to hold."""
        while self._waiting and (not self._waiting[0].wanted or self._weight > self.most_held):
            self._tell()

    def _tell(self) -> None:
        held = self._waiting.popleft()
        self._weight -= held.weight
        if held.wanted:
            held.text = "".join([*map(self.view.take, held.items), self.view.flush()])
        else:
            self.view.pass_over(held.items)
        held.items = ()

    def _drop(self, held: Held) -> None:
        held.wanted, held.text = False, None


def weight(item: Item) -> int:
    """The bytes that an item keeps in memory, about."""
    match item.event:
        case Framed(frame=frame):
            return ITEM + len(frame.wire_payload)
        case Messaged(message=message):
            return ITEM + len(message.payload) + len(message.data)
        case Raw(data=data):
            return ITEM + len(data)
        case _:
            return ITEM


class LastFrames:
    """`--last` without a filter: the last frames (or raw bytes), with what belongs to each."""

    def __init__(self, view: View, most: int, *, most_held: int = MOST_HELD) -> None:
        view.begin_late()
        self._view = view
        self._last = Last(view, most, most_held)
        self._entries = Entries()
        self._opened: dict[int, str] = {}
        """The opening of each connection that is still open, by its TCP stream."""

    def take(self, item: Item) -> None:
        for entry in self._entries.take(item):
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        stream, event = entry.connection.stream, entry.event
        if isinstance(event, Opened):
            self._opened[stream] = self._text(entry)
        elif isinstance(event, Framed | Raw | Exchange):
            opening = self._opened.get(stream, "")
            self._last.take(entry.items, entry.connection, opening, is_frame=True)
        elif isinstance(event, Finding) and event.stream in ("request", "response"):
            self._opened[stream] = self._opened.get(stream, "") + self._text(entry)
        else:
            self._last.beside(entry.items)
        if isinstance(event, Closed):
            self._opened.pop(stream, None)

    def _text(self, entry: Entry) -> str:
        return "".join([*map(self._view.take, entry.items), self._view.flush()])

    def release(self) -> str:
        """All that is kept, each connection's opening before its first frame."""
        for entry in self._entries.flush():
            self._take(entry)
        introduced: set[int] = set()
        texts: list[str] = []
        for shown in self._last.release():
            connection = shown.connection
            if connection.stream not in introduced and shown.opening:
                introduced.add(connection.stream)
                texts += [shown.opening, self._view.heading(connection)]
            texts.append(shown.text)
        self._view.go_on()
        return "".join(texts).removeprefix("\n")
