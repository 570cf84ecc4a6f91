"""What a view is: a name, a guess, and a way to show.

A view is asked twice. `guess` looks at a message quickly, and says how sure it is that it knows it,
and why; `view` then reads it, and answers None if it was wrong after all. Neither raises on bytes,
and neither works longer or keeps more than the message is long.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

MAX_VIEWED: Final = 256 * 1024
"""Bytes of a message beyond which no view is asked."""
MAX_LINES: Final = 200
"""Lines that a view shows; what is left out is counted."""
MAX_LINE: Final = 1_000
"""Characters of one line."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a message beside its content.

    `target` is the request's path and query, `earlier` the last text message of the same side, in
    which an application may have announced this one. Each is empty where nobody knows.
    """

    kind: Literal["text", "binary"] = "text"
    subprotocol: str = ""
    target: str = ""
    earlier: bytes = b""


class Guess(NamedTuple):
    """How sure a view is, from 1 to 100, and what makes it believe so: "begins with {"."""

    confidence: int
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a view shows it.

    `what` says in a few words what it is; `facts` are pairs of a name and a value, such as `event`
    and `"chat"`; `lines` are its content; `notes` say where readers may disagree about it. All of
    it may hold a stranger's text, which becomes safe on its way to the screen, not here.
    """

    what: str
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: int = 0
    """Lines beyond MAX_LINES."""


class View(NamedTuple):
    """One row of the table. `guess` answers None where it can't be this."""

    name: str
    guess: Callable[[bytes, Hints], Guess | None]
    view: Callable[[bytes, Hints], Shown | None]


def shown(
    what: str,
    facts: Iterable[tuple[str, str]] = (),
    lines: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Shown:
    """A `Shown` within bounds: too long lines are cut, too many counted."""
    kept: list[str] = []
    left_out = 0
    for line in lines:
        if len(kept) < MAX_LINES:
            kept.append(cut(line))
        else:
            left_out += 1
    pairs = tuple((name, cut(value)) for name, value in facts)
    return Shown(cut(what), pairs, tuple(kept), tuple(map(cut, notes)), left_out)


def cut(text: str) -> str:
    """`text`, or its beginning and how much more there is."""
    if len(text) <= MAX_LINE:
        return text
    return f"{text[:MAX_LINE]}… {len(text) - MAX_LINE:,} more characters"


def text_of(data: bytes) -> str | None:
    """A message as text; None where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
