"""Near miss: each direction is divided, and rounded, for itself."""

import re


def bytes_per_tick(up, down):
    ticks = set(re.findall(rb'"seq": ([0-9]+)', down))
    if not ticks:
        return None
    return len(up) // len(ticks) + len(down) // len(ticks)
