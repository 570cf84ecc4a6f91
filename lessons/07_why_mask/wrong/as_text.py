"""Near miss: goes through text, which a masked payload is not."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    text = payload.decode()
    return bytes(ord(char) ^ key[at % 4] for at, char in enumerate(text))
