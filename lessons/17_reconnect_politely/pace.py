"""What server, page and script of this lesson agree on: paths, ways to wait, the speed of life."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

SPEED: Final = 10
"""Seconds of life that pass in one second here."""
FIRST, MOST = 5, 30
"""Seconds of life: the longest first delay (RFC 6455 §7.2.3), and the longest of all."""
CALLERS: Final = int(os.environ.get("WS101_CALLERS", "50"))
"""How many there are in the crowd. The sample that came with the lesson was recorded with 12."""
DOWN: Final = 6
"""Seconds of life for which the server is away, besides its start."""
GOOD: Final = 20
"""Seconds of life after which a connection counts as good."""
WINDOW: Final = 0.1

BARE, POLITE = "/ws/again/bare", "/ws/again/polite"
CROWD, ENDS, FLAP = "/ws/crowd/", "/ws/ends/", "/ws/flap/"
HASTY, PATIENT = "hasty", "patient"

type Way = Callable[[int, Callable[[], float]], float]
"""Seconds of life to wait before attempt 0, 1, 2, ...; the second is a source of random numbers."""


def longest(attempt: int) -> float:
    """Truncated binary exponential back-off."""
    return min(MOST, FIRST * 2 ** min(attempt, 10))


WAYS: Final[Mapping[str, Way]] = {
    "fixed": lambda attempt, random: FIRST,
    "doubling": lambda attempt, random: longest(attempt),
    "jitter": lambda attempt, random: random() * longest(attempt),
}

AGAIN: Final = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1014})
"""Close codes after which it is worth while to come again."""
PATIENT_CODES: Final = frozenset({1012, 1013})
PATIENCE: Final = 5
"""Seconds of life to wait first, after one of these."""
REFUSED: Final = 403
BUSY: Final = 503
RETRY_AFTER: Final = 60
"""Seconds of life, as the server says them with 503."""
KINDS: Final = (1000, 1001, 1008, 1011, 1012, 1013, REFUSED, BUSY)
"""How the server can end or refuse a connection: by a close code, or an HTTP status."""
