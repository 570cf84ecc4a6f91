"""What the server, the page and the script of this lesson say, and how often the server pings."""

from __future__ import annotations

from typing import Final

QUIET: Final = "/ws/quiet"
PEER: Final = "/ws/peer"
INTERVAL: Final = 0.5
"""Seconds from Ping to Ping, and how long the server waits for a Pong."""
PAYLOAD: Final = b"are you there?"
HANGING: Final = "my script hangs now"
QUESTION: Final = "can your script hear me?"
ANSWER: Final = "yes, now"
