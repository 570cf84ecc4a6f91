"""Near miss: XORs two big numbers, and loses zeros at the front."""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked."""
    whole = (bytes(key) * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload) ^ int.from_bytes(whole)
    return number.to_bytes((number.bit_length() + 7) // 8)
