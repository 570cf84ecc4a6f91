"""A frame's chain, the application's own step at its end: for pictures, for JSON, for pages."""

from dataclasses import dataclass, field
from typing import Final

from inspector.core.chain import Step, chain
from inspector.core.frames import Frame
from inspector.core.handshake import Deflate
from inspector.core.messages import Message
from inspector.payloads.table import Answer, look
from inspector.payloads.view import Hints

MOST_IN_JSON: Final = 4096
"""Bytes of each step that JSON holds; `length` says how many there are."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside a frame and its message; all of it may be unknown.

    `at` is where in the message's joined payload the frame's part begins, `agreed` what its
    direction's compressor agreed to. The others are hints for views (`Hints`).
    """

    at: int | None = None
    agreed: Deflate | None = None
    subprotocol: str = ""
    target: str = ""
    earlier: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """The steps from the wire to what is read, and what a view says of the end of them."""

    steps: list[Step] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer(None))


def tell(frame: Frame, message: Message | None, beside: Beside | None = None) -> Told:
    """All that can be told of a frame's payload. Never raises."""
    beside = beside or Beside()
    steps = chain(frame, message, beside.at, beside.agreed)
    answer = Answer(None)
    whole = message is not None and (message.inflated is None or message.inflated.whole)
    if message is not None and whole:
        hints = Hints(message.kind, beside.subprotocol, beside.target, beside.earlier)
        answer = look(message.data, hints)
    return Told(steps, answer)


def as_json(told: Told) -> list[dict[str, object]]:
    """The chain for programs, the view as its last step."""
    rows: list[dict[str, object]] = []
    for step in told.steps:
        row: dict[str, object] = {
            "name": step.name,
            "length": len(step.data),
            "bytes": step.data[:MOST_IN_JSON].hex(),
            "words": step.words,
            "rfc": step.rfc,
        }
        if step.facts:
            row["facts"] = list(step.facts)
        if step.text is not None:
            row["text"] = step.text[:MOST_IN_JSON]
        rows.append(row)
    if (decoded := told.answer.decoded) is not None:
        shown = decoded.shown
        rows.append(
            {
                "name": "decoded",
                "view": decoded.view,
                "words": shown.what,
                "guess": decoded.why,
                "confidence": decoded.confidence,
                "facts": [list(pair) for pair in shown.facts],
                "lines": list(shown.lines),
                "left_out": shown.left_out,
                "notes": list(shown.notes),
            }
        )
    rows += [{"name": "failed", "words": failed} for failed in told.answer.failed]
    return rows
