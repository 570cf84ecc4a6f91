"""Five captures for the exam, made for one learner: a fault in each, of five kinds.

A set has a name. The same name makes the same five files, byte for byte, so the check knows what is
in them without being told. (So whoever changes the dice, here or in faults.py, changes the captures
that learners have. That the solution passes shows that they are as they were.)
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from inspector.files.recorder import CaptureWriter
from lessons.course.home import Home, refresh
from lessons.course.progress import Progress

from .faults import FAULTS, Fault, Who
from .talk import HOST, Talk

PARTS: Final = ("head", "frame", "message", "close", "end")
FOLDER, NAME = "captures", "set.txt"
NOTE: Final = "captures"
"""Under which a session notes the name of the set."""
EYES: Final = 2
"""Captures of the five, at least, that have to be read by eye."""
SAMPLE: Final = "sample"
"""The set of those who have none of their own yet; the solution is about it."""
MORNING: Final = 1_790_000_000
"""Some morning in September 2026."""


class Truth(NamedTuple):
    """What is wrong in a capture."""

    number: int
    what: str
    who: Who
    frame: int

    @property
    def file(self) -> str:
        return file_name(self.number)


def file_name(number: int) -> str:
    return f"capture-{number}.pcapng"


def faults_of(name: str) -> list[Fault]:
    """One of each part, in an order of its own; two at least that `ws101 lint` does not tell."""
    dice = random.Random(f"ws101 18 {name}")
    kinds = [[fault for fault in FAULTS.values() if fault.part == part] for part in PARTS]
    chosen = [dice.choice(each) for each in kinds]
    while sum(not fault.told for fault in chosen) < EYES:
        chosen = [dice.choice(each) for each in kinds]
    return dice.sample(chosen, len(chosen))


def make(path: Path, name: str, number: int, fault: Fault) -> Truth:
    """Write one capture."""
    dice = random.Random(f"ws101 18 {name} {number}")
    begun = MORNING + dice.randrange(10_000_000) / 100
    writer = CaptureWriter.create(path, force=True)
    client = f"192.0.2.{dice.randrange(2, 250)}", dice.randrange(49152, 65536)
    facts = {"url": f"ws://{HOST}/room", "server": f"{HOST}:80", "tls": False}
    talk = Talk(writer.open(client, ("198.51.100.7", 80), facts, begun), dice, begun)
    who, frame = fault.play(talk)
    writer.close(talk.now)
    return Truth(number, fault.what, who, frame)


def make_set(folder: Path, name: str) -> tuple[Truth, ...]:
    """All five, in that folder; files that are there as they should be stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, fault in enumerate(faults_of(name), 1):
        fresh = folder / f".{file_name(number)}"
        try:
            made.append(make(fresh, name, number, fault))
            refresh(folder / file_name(number), fresh.read_bytes())
        finally:
            fresh.unlink(missing_ok=True)
    return tuple(made)


def own_set(folder: Path) -> str | None:
    """The name of the set in a learner's folder of the lesson; where their progress was brought to
    another machine, that remembers it."""
    try:
        name = (folder / FOLDER / NAME).read_text("ascii").strip()
    except (OSError, ValueError):
        name = str(Progress(Home(folder.parent))[folder.name].notes.get(NOTE, ""))
    return name if name.isalnum() and name.isascii() and len(name) <= 32 else None


def hand_out(folder: Path, otherwise: str = "") -> tuple[str, tuple[Truth, ...]]:
    """The learner's five captures, the same ones each time. Those of a learner who has none yet are
    the set `otherwise`, or else new ones, for good."""
    name = own_set(folder)
    if name in (None, SAMPLE):
        name = otherwise or secrets.token_hex(6)
    made = make_set(folder / FOLDER, name)
    refresh(folder / FOLDER / NAME, f"{name}\n".encode())
    return name, made


def files(folder: Path) -> Iterator[Path]:
    """Where they lie."""
    for number in range(1, len(PARTS) + 1):
        yield folder / FOLDER / file_name(number)
