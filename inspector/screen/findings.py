"""Findings: a sign, a word for how bad it is, the rule, the place, and what broke it."""

from collections.abc import Iterator
from typing import Final

from inspector.core.findings import Finding
from inspector.screen.lines import Line, wrap
from inspector.screen.theme import SIGNS

STREAMS: Final = {
    "request": "the request",
    "response": "the response",
    "client": "client",
    "server": "server",
}


def place(finding: Finding, below: int | None = None) -> str:
    """Where it is: `frame 7, byte 23 of client`; below that frame's line the byte is enough."""
    where = f"byte {finding.offset} of {STREAMS[finding.stream]}"
    return where if finding.frame in (None, below) else f"frame {finding.frame}, {where}"


def finding_lines(
    finding: Finding, width: int, indent: int = 0, below: int | None = None
) -> Iterator[Line]:
    """One finding: what it is and where on the first line, what broke it below.

    `below` is the number of the frame that the reader has just seen.
    """
    severity = finding.rule.severity
    inner = indent + 3
    line = Line().to(indent, gap=0).add(SIGNS[severity], severity).add(" ").add(severity, severity)
    pieces = (
        (finding.rule.id, "title"),
        (place(finding, below), ""),
        (f"RFC {finding.rule.rfc}", "quiet"),
    )
    for words, style in pieces:
        if line.width + 2 + len(words) <= width:
            line.add("  ").add(words, style)
            continue
        yield line
        *others, last = wrap(words, width - inner)
        yield from (Line().to(inner, gap=0).add(text, style) for text in others)
        line = Line().to(inner, gap=0).add(last, style)
    yield line
    for text in wrap(finding.words, width - inner):
        yield Line().to(inner, gap=0).add(text)
