"""What was seen, counted: the summary below a listing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from inspector.core.events import Framed, Messaged, Opened
from inspector.core.findings import Finding
from inspector.core.frames import Raw
from inspector.files.dissect import Item
from inspector.screen.lines import Line, wrap
from inspector.screen.theme import SIGNS
from inspector.screen.words import count


@dataclass(slots=True)
class Tally:
    """Counts of items; `bytes` are those of heads, frames and raw bytes, both ways."""

    connections: int = 0
    frames: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    bytes: int = 0
    findings: Counter[str] = field(default_factory=Counter)

    def take(self, item: Item) -> None:
        event = item.event
        if isinstance(event, Framed):
            self.frames[event.frame.side] += 1
            self.bytes += len(event.frame.header) + len(event.frame.wire_payload)
        elif isinstance(event, Messaged):
            self.messages += 1
        elif isinstance(event, Finding):
            self.findings[event.rule.severity] += 1
        elif isinstance(event, Raw):
            self.bytes += len(event.data)
        elif isinstance(event, Opened):
            self.connections += 1
            self.bytes += sum(len(head.raw) for head in (event.request, event.response) if head)

    def summary(self, width: int, notes: Iterable[str] = ()) -> Iterator[Line]:
        """The counts in words, then notes on the capture itself."""
        yield Line()
        client, server = self.frames["client"], self.frames["server"]
        words = (
            f"{count(self.connections, 'connection')}, {count(client + server, 'frame')} "
            f"({client:,} by clients, {server:,} by servers), "
            f"{count(self.messages, 'message')}, {count(self.bytes, 'byte')}"
        )
        yield from (Line(text, "title") for text in wrap(words, width))
        yield self.found()
        for note in notes:
            for number, text in enumerate(wrap(f"note: {note}", width - 2)):
                yield Line("  " if number else "").add(text)

    def found(self) -> Line:
        """Findings by how bad they are."""
        line = Line("findings: ")
        if not self.findings:
            return line.add("none")
        for number, severity in enumerate(each for each in SIGNS if self.findings[each]):
            plural = "info" if severity == "info" else None
            words = count(self.findings[severity], severity, plural)
            line.add(", " if number else "").add(words, severity)
        return line
