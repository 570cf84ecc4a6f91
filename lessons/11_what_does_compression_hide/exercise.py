r"""Lesson 11: read a side of a connection that agreed on permessage-deflate.

You get its frames one by one, in order, from the first on: opcode, FIN, RSV1, and
the payload, unmasked. Frames of one message may come in several pieces, with
control frames (opcode 8 and above) between them.

Python's `zlib` does the hard part. Nobody tells you whether the sender keeps its
window or forgets it. You don't need to know.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 11        and for a hint, add --hint
"""

import zlib


class Inflater:
    """One side of one connection.

    side = Inflater()
    side.take(1, True, True, b"\xcaH\xcd\xc9\xc9\x07\x00")     # b"hello"
    side.take(9, True, False, b"there?")                       # None: a ping
    side.take(1, True, True, b"\xca\x00\x11\x00\x00")          # b"hello", from the window
    side.take(1, False, False, b"hel")                         # None: there is more to come
    side.take(0, True, False, b"lo")                           # b"hello"
    """

    def __init__(self):
        pass  # yours

    def take(self, opcode, fin, rsv1, payload):
        """The next frame: an int, two bools, bytes.

        returns the message's content as bytes, when this frame was its last one.
        returns None for all other frames, control frames included.
        """
        return None  # yours
