"""Near miss: a bytearray where bytes were asked for."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytearray(octet ^ key[at % 4] for at, octet in enumerate(payload))
