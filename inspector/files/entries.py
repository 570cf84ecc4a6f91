"""What belongs together in a listing: a frame, the message that it ends, and what both break.

Items come one by one; an entry is the run of them that a reader would look at as one thing, and so
what a filter keeps or leaves out. It begins with anything but a message or a finding, and goes on
with those that belong to it. A finding that belongs to nothing before it is an entry of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from inspector.core.events import Event, Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.messages import Message
from inspector.files.dissect import Connection, Item


@dataclass(slots=True)
class Entry:
    """One event of a connection, with the message and the findings that go with it.

    `items` are all of them, `event`'s own first, in the order in which they came.
    """

    connection: Connection
    event: Event
    message: Message | None = None
    """The message that a frame ends."""
    findings: list[Finding] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def takes(self, item: Item) -> bool:
        """Does the item belong here, right after what is here already?"""
        if item.connection is not self.connection:
            return False
        event = item.event
        if isinstance(event, Messaged):
            return isinstance(self.event, Framed) and self.message is None
        if not isinstance(event, Finding):
            return False
        match self.event:
            case Opened():
                return event.stream in ("request", "response")
            case Framed() as framed:
                first = self.message.frames[0] if self.message is not None else framed.number
                return event.frame in (framed.number, first)
            case _:
                return False

    def add(self, item: Item) -> None:
        self.items.append(item)
        if isinstance(item.event, Messaged):
            self.message = item.event.message
        elif isinstance(item.event, Finding):
            self.findings.append(item.event)


class Entries:
    """Put items together: `take` each one, and `flush` when no more is at hand for now."""

    def __init__(self) -> None:
        self._open: Entry | None = None

    def take(self, item: Item) -> Iterator[Entry]:
        """The entry that is whole now that this item came, if there is one."""
        if self._open is not None and self._open.takes(item):
            self._open.add(item)
            return
        yield from self.flush()
        self._open = Entry(item.connection, item.event, items=[item])
        if isinstance(item.event, Finding):
            self._open.findings.append(item.event)

    def flush(self) -> Iterator[Entry]:
        """What is open is whole: nothing that belongs to it can come any more."""
        entry, self._open = self._open, None
        if entry is not None:
            yield entry


def entries(items: Iterable[Item]) -> Iterator[Entry]:
    """All entries of a row of items."""
    open_one = Entries()
    for item in items:
        yield from open_one.take(item)
    yield from open_one.flush()
