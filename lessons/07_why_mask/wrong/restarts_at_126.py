"""Near miss: begins the key anew where a longer length would."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    return bytes(octet ^ key[at % 126 % 4] for at, octet in enumerate(payload))
