"""Near miss: puts the key before what it has masked, as a frame does."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return key + bytes(octet ^ key[at % 4] for at, octet in enumerate(payload))
