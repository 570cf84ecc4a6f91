"""Near miss: a str where bytes were asked for."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return "".join(chr(octet ^ key[at % 4]) for at, octet in enumerate(payload))
