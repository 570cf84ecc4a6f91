"""Near miss: no tick, no cost. But the bytes were spent."""

import re


def bytes_per_tick(up, down):
    ticks = set(re.findall(rb'"seq": ([0-9]+)', down))
    return (len(up) + len(down)) // len(ticks) if ticks else 0
