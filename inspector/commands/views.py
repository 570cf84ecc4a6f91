"""What turns items into text: the listing, or JSON lines."""

from collections.abc import Iterable
from typing import Protocol

from inspector.files.dissect import Connection, Item
from inspector.files.jsonl import dumps, to_line
from inspector.screen.listing import Listing
from inspector.screen.paper import Paper


class View(Protocol):
    """Something that turns items into text."""

    def take(self, item: Item) -> str: ...

    def flush(self) -> str: ...

    def heading(self, connection: Connection) -> str:
        """What stands above the first frame of a connection that is shown."""
        return ""

    def pass_over(self, items: Iterable[Item]) -> None:
        """These won't be shown, but what is shown later may point back to them."""

    def begin_late(self) -> None:
        """The beginning will not be shown: leave headings to whoever shows the rest."""

    def go_on(self) -> None:
        """From here on everything is shown."""


class TextView:
    """The listing, rendered."""

    def __init__(self, paper: Paper, single: bool) -> None:
        self._paper = paper
        self._listing = Listing(paper.width, single=single)

    def take(self, item: Item) -> str:
        return self._paper.rendered(self._listing.take(item))

    def flush(self) -> str:
        return self._paper.rendered(self._listing.flush())

    def heading(self, connection: Connection) -> str:
        return self._paper.rendered(self._listing.heading(connection))

    def pass_over(self, items: Iterable[Item]) -> None:
        for item in items:
            self._listing.pass_over(item)

    def begin_late(self) -> None:
        self._listing.headings = False

    def go_on(self) -> None:
        self._listing.headings = True


class JsonView(View):
    """JSON lines, one an item."""

    def take(self, item: Item) -> str:
        return dumps(to_line(item)) + "\n"

    def flush(self) -> str:
        return ""

    def pass_over(self, items: Iterable[Item]) -> None:
        pass

    def begin_late(self) -> None:
        pass

    def go_on(self) -> None:
        pass
