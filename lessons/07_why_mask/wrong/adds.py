"""Near miss: adds the key, as Caesar did. That does not take itself off again."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes((octet + key[at % 4]) % 256 for at, octet in enumerate(payload))
