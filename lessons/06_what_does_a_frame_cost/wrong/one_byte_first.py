"""Near miss: one byte before a longer length, where there are two."""


def overhead(payload_sizes, masked):
    """Return the header's bytes for each payload, in the shortest form."""
    return [header_length(size, masked) for size in payload_sizes]


def header_length(size, masked):
    if size <= 125:
        length = 0
    elif size <= 0xFFFF:
        length = 2
    else:
        length = 8
    return 1 + length + (4 if masked else 0)
