"""Near miss: the key does not begin again: there is no byte 4 of it."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[at] for at, octet in enumerate(payload))
