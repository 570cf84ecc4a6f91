"""What an intermediary changed, as lines: first how a connection fared, then each difference."""

from collections.abc import Iterator
from typing import Final

from inspector.compare.changes import KINDS, Changes, Difference
from inspector.compare.legs import Match
from inspector.core.rfc import SIDES
from inspector.screen.lines import Line, wrap
from inspector.screen.theme import WAYS
from inspector.screen.words import count, lapse

MOST_PLACES: Final = 8
INDENT: Final = 6
BY: Final = {
    "key": "the same key in the handshake",
    "target": "the same target",
    "order": "its place in order",
    "choice": "as chosen",
}


def match_lines(match: Match, changes: Changes | None, width: int) -> Iterator[Line]:
    """One connection: its two numbers, what came through, and what did not."""
    one = match.a or match.b
    url = one.url if one is not None and one.url else "an address that is not known"
    if match.a is None or match.b is None or changes is None:
        leg, number = ("A", match.a.number) if match.a else ("B", one.number if one else 0)
        yield from _wrapped(f"connection {number} of {leg} only  {url}", "title", width, 0)
        other = "B" if leg == "A" else "A"
        yield from _wrapped(f"it is not in {other}", "warning", width, 2)
        return
    names = f"connection {match.a.number} of A, {match.b.number} of B  {url}"
    yield from _wrapped(names, "title", width, 0)
    differences = changes.ordered()
    verdict = (
        "alike, byte for byte of every frame and head"
        if not differences
        else (f"{count(len(differences), 'kind of difference', 'kinds of differences')}")
    )
    how = BY[match.by] if match.by else ""
    yield from _wrapped(f"{verdict} (found by {how})", "", width, 2)
    for side in SIDES:
        yield from _wrapped(_through(changes, side), "", width, 2)
    for difference in differences:
        yield from _difference(difference, width)


def _through(changes: Changes, side: str) -> str:
    """What came through in one direction, and how fast."""
    assert side in SIDES
    spread = changes.delays[side]
    words = (
        f"{WAYS[side]}: {count(changes.messages[side], 'message')} and "
        f"{count(changes.controls[side], 'control frame')} came through"
    )
    if spread.count:
        words += (
            f"; messages took {lapse(spread.quantile(0.5))} (median), "
            f"95 % at most {lapse(spread.quantile(0.95))}"
        )
    if changes.backwards[side]:
        words += (
            f" (the clocks of A and B don't agree: {changes.backwards[side]:,} came out before "
            "they went in, and count as 0)"
        )
    return words


def _difference(one: Difference, width: int) -> Iterator[Line]:
    yield Line()
    side = f", {WAYS[one.side]}" if one.side is not None else ""
    line = Line("  ").add(one.kind, "warning").add(f"  {one.count:,}{side}")
    yield line
    yield from _wrapped(KINDS[one.kind], "quiet", width, 4)
    for a, b, words in one.places[:MOST_PLACES]:
        yield from _wrapped(_place(a, b, words), "", width, INDENT)
    if one.count > MOST_PLACES:
        more = one.count - min(MOST_PLACES, len(one.places))
        yield Line().to(INDENT).add(f"and {more:,} more", "quiet")


def _place(a: int | None, b: int | None, words: str) -> str:
    numbers = []
    if a is not None:
        numbers.append(f"A {a}")
    if b is not None:
        numbers.append(f"B {b}")
    where = f"frame {', '.join(numbers)}" if numbers else ""
    return f"{where}: {words}" if where and words else where or words


def _wrapped(words: str, style: str, width: int, indent: int) -> Iterator[Line]:
    for number, text in enumerate(wrap(words, width - indent - 2)):
        yield Line().to(indent + (2 if number else 0), gap=0).add(text, style)


def totals(alike: int, changed: int, alone: int, width: int) -> Iterator[Line]:
    """All connections in one sentence."""
    words = (
        f"{count(alike + changed, 'connection')} on both legs: {alike:,} alike, "
        f"{changed:,} changed; {alone:,} on one leg only"
    )
    yield from _wrapped(words, "title", width, 0)
