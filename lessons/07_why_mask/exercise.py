"""Lesson 7: put on a mask, and take it off (RFC 6455 §5.3).

    byte i of the result = byte i of the payload  XOR  byte (i mod 4) of the key

In Python XOR is `^`, on ints. A byte of a bytes object is an int: b"hello"[0]
is 104. bytes([104, 101]) makes bytes of ints again.

The check gives your function the frames that you have sent in this lesson, in
both directions, and random ones. The standard library is all you may import.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 7        and for a hint, add --hint
"""


def mask(payload, key):
    """Return the payload, masked with the key; or unmasked, if it was masked.

    `payload` is bytes or a bytearray, of any length, 0 included. Leave it as it
    is. `key` is bytes, four of them. Return a bytes object.

    The Hello of RFC 6455 §5.7:
    mask(b"Hello", bytes.fromhex("37fa213d")) is bytes.fromhex("7f9f4d5158").
    """
    return None  # yours
