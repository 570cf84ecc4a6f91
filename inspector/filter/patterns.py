"""Patterns of `matches`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from inspector.filter.errors import Unfit


@lru_cache(256)
def compiled(pattern: str) -> Callable[[str], bool]:
    """Does a text have the pattern in it? Raises `Unfit`."""
    try:
        search = re.compile(pattern).search
    except (re.error, OverflowError, RecursionError) as error:
        raise Unfit(f"this pattern is wrong: {error}") from None
    return lambda text: search(text) is not None
