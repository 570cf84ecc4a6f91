"""Near miss: one byte more where one byte would do for the length."""


def overhead(payload_sizes, masked):
    """Return the header's bytes for each payload, in the shortest form."""
    return [header_length(size, masked) - (1 if 125 < size < 256 else 0) for size in payload_sizes]


def header_length(size, masked):
    if size <= 125:
        length = 0
    elif size <= 0xFFFF:
        length = 2
    else:
        length = 8
    return 2 + length + (4 if masked else 0)
