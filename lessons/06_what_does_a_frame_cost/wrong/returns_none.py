"""The body is commented out: it returns None."""


def overhead(payload_sizes, masked):
    # return [2 for size in payload_sizes]
    return None
