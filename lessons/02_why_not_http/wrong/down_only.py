"""Near miss: only what came down is counted; the questions were free."""

import re


def bytes_per_tick(up, down):
    ticks = set(re.findall(rb'"seq": ([0-9]+)', down))
    if not ticks:
        return None
    return len(down) // len(ticks)
