"""Differences between two legs as JSON lines."""

from typing import Any

from inspector.compare.changes import Changes
from inspector.compare.legs import Match
from inspector.core.rfc import SIDES


def diff_line(match: Match, changes: Changes | None) -> dict[str, Any]:
    """The object of one connection; `changes` is None where it is on one leg only."""
    line: dict[str, Any] = {
        "type": "diff",
        "a": match.a.number if match.a else None,
        "b": match.b.number if match.b else None,
        "url": (match.a or match.b).url if match.a or match.b else None,  # type: ignore[union-attr]
        "by": match.by,
    }
    if changes is None:
        return line | {"alike": False, "differences": []}
    for side in SIDES:
        spread = changes.delays[side]
        delay = {
            "count": spread.count,
            "min": spread.least,
            "median": spread.quantile(0.5),
            "p95": spread.quantile(0.95),
            "max": spread.greatest,
            "error": spread.error,
            "negative": changes.backwards[side],
        }
        line[side] = {
            "messages": changes.messages[side],
            "control": changes.controls[side],
            "delay": delay if spread.count else None,
        }
    differences = [
        {
            "kind": one.kind,
            "from": one.side,
            "count": one.count,
            "places": [{"a": a, "b": b, "words": words} for a, b, words in one.places],
        }
        for one in changes.ordered()
    ]
    return line | {"alike": not differences, "differences": differences}
