"""A rule of the RFCs, and a finding: the place where traffic broke it.

Rules register themselves in `RULES`, one function a rule, by the decorators below; the phase says
what a rule is shown and when. What a rule's function returns are the words of the finding, which
name the actual bytes; None is for traffic that keeps the rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from inspector.core.rfc import Side

Severity = Literal["error", "warning", "info"]
Phase = Literal["hs-req", "hs-resp", "frame", "message", "conn", "cross"]
Stream = Literal["request", "response", "client", "server"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `shows` is how a breach shows in the bytes, `why` the reason that the rule exists,
    `peer` what a peer does about a breach.
    """

    id: str
    side: Side | Literal["both"]
    severity: Severity
    phase: Phase
    rfc: str
    shows: str
    why: str
    peer: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule. `side` is the one at fault; `offset` counts bytes in `stream`.

    In `request` and `response` it is the first byte of the offending line (0 for a missing one),
    in `client` and `server` the first byte of the offending frame, after the head.
    """

    rule: Rule
    side: Side
    stream: Stream
    offset: int
    words: str
    frame: int | None = None


RULES: Final[dict[str, Rule]] = {}
"""Every rule that this inspector finds, by its id."""

FAIL: Final = "A receiver has to fail the connection."


def register(
    id: str,
    side: Side | Literal["both"],
    severity: Severity,
    phase: Phase,
    rfc: str,
    shows: str,
    why: str,
    peer: str = FAIL,
) -> Rule:
    """Put a rule into the table; ValueError if its id is taken."""
    if id in RULES:
        raise ValueError(f"rule {id} stands in the table twice")
    RULES[id] = Rule(id, side, severity, phase, rfc, shows, why, peer)
    return RULES[id]


def checks[C](rule: Rule, where: list[tuple[Rule, C]]) -> Callable[[C], C]:
    """A decorator that files a rule's function under the list of its phase."""

    def file(function: C) -> C:
        where.append((rule, function))
        return function

    return file
