"""Near miss: masks the first four bytes and leaves the rest in clear."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    first = bytes(octet ^ other for octet, other in zip(payload, key, strict=False))
    return first + bytes(payload[4:])
