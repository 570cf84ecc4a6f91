"""Near miss: counts the payload from 1, so the key begins with its second byte."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[at % 4] for at, octet in enumerate(payload, 1))
