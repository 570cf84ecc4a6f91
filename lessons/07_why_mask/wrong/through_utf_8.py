"""Near miss: collects characters, and UTF-8 makes two bytes of many of them."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    text = ""
    for at, octet in enumerate(payload):
        text += chr(octet ^ key[at % 4])
    return text.encode()
