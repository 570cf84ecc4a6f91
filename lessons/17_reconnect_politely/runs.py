"""Who came again, when, and after what: read off the wire.

Each try of a client is a TCP connection to the tap and a request, whether a server was there or
not: where none was, the tap has answered 502. Times are counted from the loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from urllib.parse import parse_qs

from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Missing

from .pace import (
    BARE,
    BUSY,
    CROWD,
    ENDS,
    FLAP,
    GOOD,
    HASTY,
    KINDS,
    PATIENT,
    POLITE,
    REFUSED,
    SPEED,
    WINDOW,
)

GONE = 502


def query(line: Connection, name: str) -> str:
    """A parameter of the request; empty if it has none of that name."""
    return parse_qs(line.request.target.partition("?")[2]).get(name, [""])[0]


def asked(evidence: Evidence, path: str) -> Iterator[Connection]:
    """The connections that asked for this path and were answered, in order."""
    for line in evidence.connections:
        try:
            if line.path == path and line.status:
                yield line
        except Missing:  # its request is not whole yet, or has no answer
            continue


def lost_at(line: Connection) -> float | None:
    """When the server's direction ended without a Close; None if it did not."""
    end = line.ended("server")
    if not line.upgraded or not end or any(f.frame.opcode == 8 for f in line.frames):
        return None
    return end.time


@dataclass(frozen=True)
class Try:
    """One try to connect: seconds since the loss, the answer's status, who it was."""

    at: float
    status: int
    who: str


@dataclass(frozen=True)
class Run:
    """A loss, and what the clients did about it."""

    lost: float
    who: frozenset[str]
    tries: list[Try]
    before: int
    """Connections that were open when the server went."""
    run: str

    @property
    def refused(self) -> list[Try]:
        return [each for each in self.tries if each.status != 101]

    @property
    def rate(self) -> float:
        """Tries a second until all were back: comparable, however long the server was away."""
        return len(self.tries) / self.last

    @property
    def back(self) -> list[Try]:
        """The first try of each client that was answered 101."""
        found: dict[str, Try] = {}
        for each in self.tries:
            if each.status == 101:
                found.setdefault(each.who, each)
        return list(found.values())

    @property
    def whole(self) -> bool:
        return bool(self.who) and len(self.back) == len(self.who)

    def times(self, who: str | None = None) -> tuple[float, ...]:
        return tuple(each.at for each in self.tries if who in (None, each.who))

    @property
    def peak(self) -> int:
        return peak(self.times())

    @property
    def last(self) -> float:
        """When all were back."""
        return max(each.at for each in self.back)


def peak(times: Iterable[float]) -> int:
    """The most of them within `WINDOW`."""
    ordered = sorted(times)
    first = most = 0
    for last, time in enumerate(ordered):
        while time - ordered[first] > WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most


def losses(lines: Iterable[Connection]) -> list[tuple[float, Connection]]:
    """Those that were lost, and when."""
    return [(time, line) for line in lines if (time := lost_at(line)) is not None]


def run_at(lost: float, lines: list[Connection], until: float = inf, within: float = 1.0) -> Run:
    """What these did about the loss at that time, up to another time. It took `within` seconds, at
    most, until all of them had lost their connection."""
    here = [line for time, line in losses(lines) if 0 <= time - lost < within]
    tries = [
        Try(line.opened - lost, line.status or 0, query(line, "n"))
        for line in lines
        if lost < line.opened <= until
    ]
    who = frozenset(query(line, "n") for line in here)
    return Run(lost, who, tries, len(here), query(lines[0], "run") if lines else "")


def crowd(evidence: Evidence, way: str) -> Run:
    """The newest run of that way in which all came back."""
    runs: dict[str, list[Connection]] = defaultdict(list)
    for line in asked(evidence, CROWD + way):
        runs[query(line, "run")].append(line)
    for lines in reversed(runs.values()):
        lost = [time for time, _ in losses(lines)]
        if lost and (run := run_at(min(lost), lines, within=inf)).whole:  # a run has one loss
            return run
    raise Missing(f"no crowd has come back by way of {way} yet")


def page(evidence: Evidence) -> tuple[Run, Run]:
    """The page's two connections after a loss: the bare one, and the polite one, which is back."""
    comes, bare = list(asked(evidence, POLITE)), list(asked(evidence, BARE))
    for lost, _ in reversed(losses(bare)):
        near = [time for time, _ in losses(comes) if abs(time - lost) < 1]
        if near:
            run = run_at(near[0], comes)
            back = [each.at for each in run.tries if each.status == 101]
            if back:
                until = run.lost + back[0]
                return run_at(lost, bare, until), run_at(run.lost, comes, until)
    raise Missing("the page has not been let down and come back yet")


def opened(evidence: Evidence) -> tuple[Connection, Connection]:
    """The page's two connections, while both are open."""
    found = []
    for path in (BARE, POLITE):
        open_ones = [
            line for line in asked(evidence, path) if line.upgraded and not line.ended("server")
        ]
        if not open_ones:
            raise Missing(f"nobody is connected on {path}")
        found.append(open_ones[-1])
    return found[0], found[1]


@dataclass(frozen=True)
class Ended:
    """How the server ended or refused a connection, and when its client came again, if it did."""

    kind: int
    line: Connection
    gap: float | None


def ends(evidence: Evidence) -> dict[int, Ended]:
    """The newest trial of each kind; those that may still come again are waited for."""
    found = {}
    for kind in KINDS:
        tries: dict[str, list[Connection]] = defaultdict(list)
        for line in asked(evidence, f"{ENDS}{kind}"):
            tries[query(line, "try")].append(line)
        if tries:
            lines = list(tries.values())[-1]
            gap = lines[1].opened - lines[0].answered_at if len(lines) > 1 else None
            found[kind] = Ended(kind, lines[0], gap)
    return found


def flap(evidence: Evidence) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """When the hasty and the patient one came, in the newest trial, since its beginning."""
    tries: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name in (HASTY, PATIENT):
        for line in asked(evidence, FLAP + name):
            if line.upgraded:
                tries[query(line, "try")][name].append(line.opened)
    for told in reversed(tries.values()):
        if len(told[PATIENT]) >= FLAPS and told[HASTY]:
            start = min(told[HASTY] + told[PATIENT])
            until = sorted(told[PATIENT])[FLAPS - 1]
            hasty = tuple(time - start for time in told[HASTY] if time <= until)
            return hasty, tuple(time - start for time in sorted(told[PATIENT])[:FLAPS])
    raise Missing("nobody has met the server that crashes yet")


FLAPS = 4
"""How often the patient one comes, before we stop looking."""

__all__ = ["BUSY", "GOOD", "REFUSED", "SPEED"]
