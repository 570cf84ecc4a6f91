"""Near miss: goes through the key from its end."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[3 - at % 4] for at, octet in enumerate(payload))
