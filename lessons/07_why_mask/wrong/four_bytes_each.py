"""Near miss: each byte of the key for four bytes in a row, // where % is due."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[at // 4 % 4] for at, octet in enumerate(payload))
