"""Near miss: the eight bytes of length on top of the two, not in their place."""


def overhead(payload_sizes, masked):
    """Return the header's bytes for each payload, in the shortest form."""
    return [header_length(size, masked) for size in payload_sizes]


def header_length(size, masked):
    length = 2
    if size > 125:
        length += 2
    if size > 65535:
        length += 8
    return length + (4 if masked else 0)
