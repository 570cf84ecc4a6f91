"""What the targets are given: their seeds, made anew each time, and the inputs that once failed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
KEPT = HERE / "corpus"
NAMES = sorted(path.stem for path in (HERE / "targets").glob("[a-z]*.py"))


class Target(NamedTuple):
    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    longest: int
    """Bytes beyond which an input teaches nothing new."""


def load(name: str) -> Target:
    module = importlib.import_module(f"tests.fuzz.targets.{name}")
    return Target(name, module.check, module.seeds, getattr(module, "LONGEST", 4096))


def kept(name: str) -> list[Path]:
    """Inputs that once failed, oldest names first."""
    return sorted(path for path in (KEPT / name).glob("*") if path.is_file())
