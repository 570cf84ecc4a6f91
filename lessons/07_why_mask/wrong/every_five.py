"""Near miss: the key begins again after five bytes, not four."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ (key + key[:1])[at % 5] for at, octet in enumerate(payload))
