r"""Lesson 10: who closed, and what is each side told?

You get the tail of a connection: what was on the wire, in order. Each thing is a
tuple `(side, what, payload)`:

    ("client", "close", b"\x03\xe8bye")    a Close frame; its payload, unmasked
    ("server", "text", b"hello")           any other frame: text, binary, ping ...
    ("server", "end", b"")                 that side has ended its direction of TCP

A Close carries nothing, or a code (two bytes) and perhaps a reason. Nothing here is
broken: a payload of one byte does not occur.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 10        and for a hint, add --hint
"""


def classify(tail):
    r"""Who closed, and what is each side told?

    tail: a list of tuples, as above.
    returns a tuple of four:

      who     "client" or "server": whose Close came first. If there is none: who was
              the first to end TCP. If nobody was: None.
      client  the code that the client's program is told, as an int: that of the Close
              which the *server* sent; 1005 if that one was empty; 1006 if it sent none.
      server  likewise, the code that the server's program is told.
      clean   True if both sides have sent a Close, and it is over.

    It is over once a side has ended its direction of TCP. Before, nobody is told
    anything: client and server are None, and clean is False.

    classify([("client", "close", b"\x03\xe8"), ("server", "end", b"")])
    -> ("client", 1006, 1000, False)
    """
    return None  # yours
