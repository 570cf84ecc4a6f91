"""What a learner has to type: this very program, as their shell finds it.

Whoever came by `make learn` has no `ws101` on the PATH, but may have been told to run one. So no
screen says `ws101 check 3` by itself: it says what works here.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

NAME: Final = "ws101"
MODULE: Final = "lessons.cli"
WITH_FOLDER: Final = ("learn", "check", "progress")
"""Commands that take --dir."""


def program() -> str:
    """`ws101` where that is this program, else a path that is: relative if it lies below here."""
    called = Path(sys.argv[0])
    ours = called if called.name == NAME else Path(sys.executable).with_name(NAME)
    if not ours.exists():  # a checkout that was not installed
        return f"{_from_here(Path(sys.executable))} -m {MODULE}"
    found = shutil.which(NAME)
    if found and os.path.samefile(found, ours):
        return NAME
    return _from_here(ours)


def _from_here(path: Path) -> str:
    path = Path(os.path.abspath(path))
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def command(name: str, *arguments: object) -> str:
    """A call of this program, to be typed as it stands: `ws101 check 3 --hint`. Whoever named a
    folder with --dir has to name it again."""
    folder = _named_folder() if name in WITH_FOLDER else []
    return " ".join([program(), name, *map(str, arguments), *folder])


def _named_folder() -> list[str]:
    for option, value in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if option == "--dir" and value:
            return ["--dir", shlex.quote(value)]
        if option.startswith("--dir="):
            return ["--dir", shlex.quote(option.removeprefix("--dir="))]
    return []
