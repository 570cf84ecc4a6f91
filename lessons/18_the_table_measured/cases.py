"""The gallery: nine uses of a WebSocket as small players, each with the traffic that is its own.

A case is played in two seconds. `scale` says how many seconds of life one second here stands for:
a game runs as fast as it does, a day of news would take too long. What is sent follows from the
case's name, so that page, script and server play the same piece.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

SECONDS: Final = 2.0
PREFIX: Final = "/ws/gallery/"
TOGETHER: Final = 0.03
"""Seconds between the messages of a burst."""

type Shape = Literal["steady", "now and then", "bursts"]


@dataclass(frozen=True, slots=True)
class Part:
    """What one side says by itself: so many messages, when, and how large (least, most)."""

    count: int
    shape: Shape
    sizes: tuple[int, int]
    binary: bool = False
    burst: int = 1
    """Messages in each burst."""
    begins: float = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """One use. `answers` is the size of what the server says to each message, 0 for nothing."""

    name: str
    title: str
    scale: int
    up: tuple[Part, ...]
    down: tuple[Part, ...]
    answers: int = 0
    why: str = ""


class Cue(NamedTuple):
    """A message to come: when (seconds from the beginning), its size, text or binary."""

    at: float
    size: int
    binary: bool


CASES: Final = (
    Case(
        "chat", "chat application", 30,
        (Part(3, "now and then", (20, 70)),), (Part(9, "now and then", (40, 120)),), answers=60,
        why="people speak now and then, the room more often than you, and you hear yourself",
    ),
    Case(
        "sport", "live sports updates", 300,
        (), (Part(12, "bursts", (150, 300), burst=4),),
        why="long silence, then a goal: several messages at once, all of them down",
    ),
    Case(
        "game", "real-time game", 1,
        (Part(60, "steady", (12, 16), binary=True, begins=0.02),),
        (Part(40, "steady", (80, 130), binary=True, begins=0.04),),
        why="an even stream both ways, small and binary, neither side waiting for the other",
    ),
    Case(
        "ticker", "financial ticker", 1,
        (Part(1, "steady", (28, 28), begins=0.01),), (Part(30, "steady", (58, 64)),),
        why="one order at the start, then an even stream down",
    ),
    Case(
        "news", "news feed", 600,
        (), (Part(4, "now and then", (300, 600)),),
        why="a few messages in twenty minutes, all of them down",
    ),
    Case(
        "social", "social media updates", 60,
        (Part(2, "now and then", (30, 45)),), (Part(11, "now and then", (110, 190)),),
        why="notices come down, unevenly; now and then a small one goes up",
    ),
    Case(
        "editing", "collaborative editing", 1,
        (Part(20, "bursts", (34, 48), burst=5),), (Part(6, "now and then", (40, 60)),), answers=18,
        why="typing comes in bursts, each key a message, and each is acknowledged at once",
    ),
    Case(
        "support", "customer support chat", 60,
        (Part(3, "steady", (90, 220)),),
        (Part(3, "steady", (12, 12), begins=0.35), Part(3, "steady", (120, 300), begins=0.55)),
        why="two people in turn: a question up, \"is typing\" and an answer down",
    ),
    Case(
        "webinar", "interactive webinar", 300,
        (Part(3, "now and then", (16, 30)),),
        (Part(2, "steady", (9000, 12000), binary=True), Part(5, "now and then", (60, 140))),
        why="slides come down, large and binary; a vote, a raised hand go up",
    ),
)  # fmt: skip
BY_NAME: Final = {case.name: case for case in CASES}


def cues(case: Case, parts: tuple[Part, ...]) -> tuple[Cue, ...]:
    """All that one side says by itself, in order."""
    dice = random.Random(f"{case.name} {parts}")
    made = [
        Cue(round(at, 3), dice.randint(*part.sizes), part.binary)
        for part in parts
        for at in times(part, dice)
    ]
    return tuple(sorted(made))


def times(part: Part, dice: random.Random) -> list[float]:
    """When a part's messages are due."""
    room = SECONDS - part.begins
    match part.shape:
        case "steady":
            return [part.begins + number * room / part.count for number in range(part.count)]
        case "now and then":
            return sorted(part.begins + dice.random() * room for _ in range(part.count))
        case "bursts":
            bursts = part.count // part.burst
            starts = [part.begins + number * room / bursts for number in range(bursts)]
            return [at + number * TOGETHER for at in starts for number in range(part.burst)]


def content(size: int, binary: bool) -> str | bytes:
    """A message of that size: what it says does not matter here."""
    return bytes(size) if binary else "a" * size
