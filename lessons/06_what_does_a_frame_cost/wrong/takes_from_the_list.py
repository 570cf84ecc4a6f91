"""Near miss: right, but it empties the list that it was given."""


def overhead(payload_sizes, masked):
    """Return the header's bytes for each payload, in the shortest form."""
    found = []
    while payload_sizes:
        size = payload_sizes.pop(0)
        found.append((2 if size <= 125 else 4 if size <= 0xFFFF else 10) + (4 if masked else 0))
    return found
