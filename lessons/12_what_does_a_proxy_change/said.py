"""What the server, the page and the script of this lesson say to each other."""

from __future__ import annotations

from typing import Final

LINE: Final = "/ws/between"
SQUEEZED: Final = "/ws/squeezed"
"""Where compression is agreed on; on the other it is declined."""
GREETING: Final = "You come from "
IN_PIECES: Final = "in pieces"
PIECES: Final = ("one, ", "two, ", "three")
PAUSE: Final = 0.3
"""Seconds between two pieces."""
PING: Final = b"still there?"
WHOLE: Final = "It came whole. " * 8
ENDS: Final = "/between/ends"
KEEP: Final = "keep_host_header=true"
