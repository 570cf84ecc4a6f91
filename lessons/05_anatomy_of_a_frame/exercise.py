"""Lesson 5: read a frame's header (RFC 6455 §5.2).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-------+-+-------------+-------------------------------+
    |F|R|R|R| opcode|M|   length    |  2 more bytes of length if    |
    |I|S|S|S|  (4)  |A|    (7)      |  the seven bits say 126,      |
    |N|V|V|V|       |S|             |  8 more if they say 127       |
    | |1|2|3|       |K|             |                               |
    +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
    |  then 4 bytes of masking key, if the MASK bit is set, ...     |
    +-------------------------------- - - - - - - - - - - - - - - - +

The check gives your function every frame that you and the server have sent in
this lesson, frames of all lengths made up on the spot, and headers that are
cut short. Read the bytes yourself: the standard library is all that you may
import.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 5        and for a hint, add --hint
"""


def parse_header(data):
    """Read the header of the frame that begins at the first byte of `data`.

    `data` is a bytes object: a header, then perhaps the payload, then perhaps
    the next frames. Return a dict

        {
            "fin": True,             # bool: the highest bit of the first byte
            "opcode": 1,             # int: its lowest four bits
            "masked": True,          # bool: the highest bit of the second byte
            "length": 5,             # int: bytes of payload, whatever the form
            "masking_key": b"abcd",  # bytes, four of them; None if not masked
            "header_length": 6,      # int: bytes of the header, key included
        }

    or None when `data` ends before the header does: then more bytes have to
    come first.
    """
    return None  # yours: so far every header is cut short
