"""The theme: what looks how, once.

A style is a few words, such as `bold red`, that both a terminal's escape sequences (`sgr`) and rich
understand. Only the sixteen colours of the reader's own palette are used, and colour only repeats
what a word or a sign beside it already says: in a pipe, with `NO_COLOR` set or to eyes that can't
tell red from green, nothing is lost.
"""

import os
from typing import Final, TextIO

STYLES: Final[dict[str, str]] = {
    "": "",
    "title": "bold",
    "quiet": "dim",
    "number": "dim",
    # Who speaks.
    "client": "cyan",
    "server": "magenta",
    # What kind of frame.
    "text": "green",
    "binary": "blue",
    "continuation": "green",
    "close": "bold",
    "ping": "yellow",
    "pong": "yellow",
    "reserved": "red",
    # How bad a finding is.
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold blue",
    # The fields of a frame's header.
    "fin": "green",
    "rsv1": "magenta",
    "rsv2": "magenta",
    "rsv3": "magenta",
    "opcode": "cyan",
    "mask": "yellow",
    "length": "blue",
    "extended_length": "blue",
    "masking_key": "yellow",
    "payload": "bold",
    "missing": "red",
    # The words of a head.
    "name": "cyan",
    "value": "bold",
}

SIGNS: Final = {"error": "!!", "warning": "! ", "info": "i "}
"""How a finding is marked where there is no colour, and where there is."""

ARROWS: Final = {"client": "client ->", "server": "<- server"}
"""Who speaks, in a column: the arrow points away from the one who does."""

WAYS: Final = {"client": "client -> server", "server": "server -> client"}

_CODES: Final = {"bold": 1, "dim": 2, "reverse": 7} | {
    name: 30 + number
    for number, name in enumerate(
        ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
    )
}


def sgr(style: str) -> str:
    """The escape sequence that switches a style on; empty for one without any looks."""
    codes = ";".join(str(_CODES[word]) for word in STYLES[style].split())
    return f"\x1b[{codes}m" if codes else ""


SGR: Final = {style: sgr(style) for style in STYLES}
RESET: Final = "\x1b[0m"


def kind_style(name: str) -> str:
    """The style of a frame by its opcode's name."""
    return "reserved" if name.startswith("reserved") else name


def wants_colour(stream: TextIO) -> bool:
    """Is colour welcome there? `NO_COLOR` says no, `FORCE_COLOR` yes, else a terminal does."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
