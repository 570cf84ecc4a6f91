"""What every test stands on: a home of its own, and how hard hypothesis tries."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import PROGRAMS, variable

# What a terminal tells programs about how to look.
LOOKS = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"}

# No deadlines: how long an example takes says more about the machine than about the code.
# Fifty examples each: `make verify` tries several hundred.
settings.register_profile("ws101", deadline=None, max_examples=50)
settings.register_profile("ci", parent=settings.get_profile("ws101"), derandomize=True)
settings.register_profile(
    "fuzz",
    parent=settings.get_profile("ws101"),
    max_examples=int(os.environ.get("WS101_FUZZ_EXAMPLES", "1000")),
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
# A shell starts what it runs in the background deaf to Ctrl-C, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.load_profile("ci" if os.environ.get("CI") == "true" else "ws101")

FIRST = ("lessons", "browser", "addons", "commands", "peers", "files")
"""Folders of tests that start processes: few and slow. Left for last, some workers would idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first, all else as it was: a file is one worker's (--dist loadfile)."""
    ranks = {folder: rank for rank, folder in enumerate(FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.parent.name, len(ranks)))


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep tests, and every process they start, out of the user's files and settings."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - {variable(program) for program in PROGRAMS}:
            if name.startswith("WS101_") or name in LOOKS:
                patch.delenv(name)
        patch.setenv("WS101_HOME", str(home / "ws101"))
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        yield home
