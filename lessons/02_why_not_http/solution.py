"""All bytes of both directions, shared among the different ticks that came down."""

import re

SEQ = re.compile(rb'"seq": ([0-9]+)')


def bytes_per_tick(up, down):
    """Return how many bytes each tick cost, as a whole number, or None without a tick."""
    ticks = set(SEQ.findall(down))
    if not ticks:
        return None
    return (len(up) + len(down)) // len(ticks)
