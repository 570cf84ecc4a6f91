"""Near miss: takes the first byte of the key for every byte."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[0] for octet in payload)
