"""Near miss: never asks what happens when no tick came."""

import re


def bytes_per_tick(up, down):
    ticks = set(re.findall(rb'"seq": ([0-9]+)', down))
    return (len(up) + len(down)) // len(ticks)
