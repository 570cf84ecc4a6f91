"""The body is commented out: it returns None."""


def mask(payload, key):
    # return bytes(payload)
    return None
