"""Near miss: heads are thrown away before counting, as if they were not on the wire."""

import re


def bytes_per_tick(up, down):
    ticks = set(re.findall(rb'"seq": ([0-9]+)', down))
    if not ticks:
        return None
    head = rb"(?:GET|HTTP/1\.1) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n"
    return (len(re.sub(head, b"", up)) + len(re.sub(head, b"", down))) // len(ticks)
