"""Near miss: gives None for an empty payload."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    if payload:
        return bytes(octet ^ key[at % 4] for at, octet in enumerate(payload))
    return None
