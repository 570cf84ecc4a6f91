"""Near miss: OR where XOR was meant."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet | key[at % 4] for at, octet in enumerate(payload))
