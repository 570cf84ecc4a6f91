"""The ways in which a connection of this lesson ends: page, server and script share their names."""

from __future__ import annotations

from typing import Final

PATH: Final = "/ws/ended"
HANGS_UP: Final = f"{PATH}/hangs-up"
CROSSES: Final = f"{PATH}/crosses"
SPECIMEN: Final = f"{PATH}/specimen"

LEAVE: Final = "close, please"
FAIL: Final = "make a mistake, please"
ASK: Final = "ask me four times"
ANYBODY: Final = "anybody there?"
YES: Final = "yes"
ASKS: Final = 4

ENOUGH: Final = (1000, "that is all")
THEIRS: Final = (4001, "the server's own")

WAYS: Final = {
    "close": "close()",
    "close-1000": 'close(1000, "bye")',
    "close-4000": 'close(4000, "my own")',
    "close-1001": "close(1001)",
    "long-reason": "close(1000, 124 x)",
    "server-close": "the server closes",
    "server-fault": "its handler raises",
    "cross": "both close at once",
    "hangs-up": 'close(1000, "bye")',
    "specimen": "flask-sock closes",
    "leave": "the tab is shut",
    "hold": "held open",
}
"""By the name that stands in a connection's address: what happens, in a few words."""

CALLS: Final = ("close", "close-1000", "close-4000")
REFUSED: Final = ("close-1001", "long-reason")
SERVER: Final = ("server-close", "server-fault")
"""Which of them belong to one turn of the learner's."""
