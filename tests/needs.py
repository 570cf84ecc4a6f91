"""Programs that tests need and pip can't install: a browser, a second opinion on captures.

One rule: a missing program may excuse a test on somebody's laptop, never in CI. `program(name)`
answers with a path; without one it skips, saying how to get it, and where `CI=true` it fails
instead, so that a green run means that everything ran. It works at the top of a module, where it
skips the whole module, as well as in a fixture or a test.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Program:
    """How to find a program, and how to get it."""

    names: tuple[str, ...]  # any of these in PATH will do
    package: str  # Debian's
    brew: str  # Homebrew's
    places: tuple[str, ...] = ()  # glob patterns where it hides outside PATH


PROGRAMS = {
    "chromium": Program(
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        package="chromium",
        brew="--cask chromium",
        places=(
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        ),
    ),
    "tshark": Program(
        ("tshark",),
        package="tshark",
        brew="wireshark",
        places=("/Applications/Wireshark.app/Contents/MacOS/tshark",),
    ),
    "dumpcap": Program(
        ("dumpcap",),
        package="wireshark-common",
        brew="wireshark",
        places=("/Applications/Wireshark.app/Contents/MacOS/dumpcap",),
    ),
    "tcpdump": Program(
        ("tcpdump",),
        package="tcpdump",
        brew="tcpdump",
        places=("/usr/sbin/tcpdump",),
    ),
    "node": Program(("node",), package="nodejs", brew="node"),
    "npm": Program(("npm",), package="npm", brew="node"),
    "xxd": Program(("xxd",), package="xxd", brew="vim"),
    "hexdump": Program(("hexdump",), package="bsdextrautils", brew="util-linux"),
    "od": Program(("od",), package="coreutils", brew="coreutils"),
    "nginx": Program(("nginx",), package="nginx", brew="nginx", places=("/usr/sbin/nginx",)),
    "redis-server": Program(("redis-server",), package="redis-server", brew="redis"),
    "postgres": Program(
        ("postgres",),
        package="postgresql",
        brew="postgresql",
        places=(
            "/usr/lib/postgresql/*/bin/postgres",  # Debian keeps it out of PATH
            "/opt/homebrew/opt/postgresql*/bin/postgres",
            "/usr/local/opt/postgresql*/bin/postgres",
        ),
    ),
}


def variable(name: str) -> str:
    """The environment variable that names a program's path, such as WS101_CHROMIUM."""
    return "WS101_" + name.upper().replace("-", "_")


def find(name: str) -> str | None:
    """Return the path of a program of `PROGRAMS`, or None if it isn't here."""
    entry = PROGRAMS[name]
    if named := os.environ.get(variable(name)):
        return shutil.which(named)
    for candidate in entry.names:
        if path := shutil.which(candidate):
            return path
    for pattern in entry.places:
        for place in sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True):
            if os.access(place, os.X_OK):
                return str(place)
    return None


def program(name: str) -> str:
    """Return the path of a program, or skip what asked for it (in CI: fail)."""
    if path := find(name):
        return path
    entry = PROGRAMS[name]
    words = (
        f"needs {name}: apt install {entry.package}, brew install {entry.brew}, "
        f"or name its path in {variable(name)}"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(words, pytrace=False)
    pytest.skip(words, allow_module_level=True)
