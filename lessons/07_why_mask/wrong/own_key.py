"""Near miss: draws a key of its own, as a browser does, instead of taking the one it got."""

import os


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    key = os.urandom(4)
    return bytes(octet ^ key[at % 4] for at, octet in enumerate(payload))
