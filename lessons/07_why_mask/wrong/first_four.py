"""Near miss: stops where the key does, after four bytes."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ other for octet, other in zip(payload, key, strict=False))
