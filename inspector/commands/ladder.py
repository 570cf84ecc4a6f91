"""`dump --ladder`: each connection as a sequence diagram, one ladder after another.

While a capture grows, or where only a part of it is wanted, ladders don't wait for each other: then
lines come in the order of the capture, each with the number of its connection once there are
several.
"""

from collections.abc import Iterable

from inspector.core.events import Closed
from inspector.files.dissect import Connection, Item
from inspector.screen.in_turn import InTurn
from inspector.screen.ladder import Ladder
from inspector.screen.lines import Line
from inspector.screen.paper import Paper


class LadderView:
    """The ladder as one of `dump`'s views: items in, text out."""

    def __init__(self, paper: Paper, *, single: bool = False, in_turn: bool = True) -> None:
        """`single`: of one connection only. `in_turn`: it writes by itself, ladder by ladder."""
        self._paper = paper
        self._ladder = Ladder(paper.width, single=single or in_turn, say=paper.encodable)
        self._turns = InTurn(paper.text) if in_turn else None
        self._latest: Connection | None = None

    def take(self, item: Item) -> str:
        if self._turns is None:
            return self._paper.rendered(self._ladder.take(item))
        connection = item.connection
        if self._latest is not None and self._latest is not connection:
            self._give(self._latest, self._ladder.flush())
        self._latest = connection
        over = isinstance(item.event, Closed) or connection.number is None
        self._give(connection, self._ladder.take(item), over=over)
        return ""

    def flush(self) -> str:
        """What was held back; no more comes."""
        if self._turns is None:
            return self._paper.rendered(self._ladder.flush())
        if self._latest is not None:
            self._give(self._latest, self._ladder.flush())
        self._turns.finish()
        return ""

    def pass_over(self, items: Iterable[Item]) -> None:
        for item in items:
            self._ladder.pass_over(item)

    def heading(self, connection: Connection) -> str:
        """A ladder's names stand at its beginning, which is kept with its handshake."""
        return ""

    def begin_late(self) -> None:
        """Nothing changes by that."""

    def go_on(self) -> None:
        """From here on everything is shown."""

    def _give(self, connection: Connection, lines: list[Line], *, over: bool = False) -> None:
        assert self._turns is not None
        if lines or over:
            self._turns.take(connection.stream, self._paper.rendered(lines), over=over)
