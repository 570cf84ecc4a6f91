"""Near miss: masks the caller's own bytearray, too."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    changed = payload if isinstance(payload, bytearray) else bytearray(payload)
    for at in range(len(changed)):
        changed[at] ^= key[at % 4]
    return bytes(changed)
