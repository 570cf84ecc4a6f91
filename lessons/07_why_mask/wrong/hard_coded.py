"""The RFC's Hello, learned by heart."""


def mask(payload, key):
    hello, masked = b"Hello", bytes.fromhex("7f9f4d5158")
    return masked if payload == hello else hello
