"""A byte of the payload, a byte of the key, which begins again after the fourth."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[at % 4] for at, octet in enumerate(payload))
