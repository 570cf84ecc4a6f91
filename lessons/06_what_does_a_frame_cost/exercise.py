"""Lesson 6: how many bytes of header does a payload need (RFC 6455 §5.2)?

    payload          the length is told in
    up to 125        the seven bits beside MASK
    up to 65,535     two more bytes
    more than that   eight more bytes

A masked frame carries its masking key in the header, too.

The check asks for the frames that you and the server have sent in this
lesson, and for sizes of all kinds. Nothing has to be built: count.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 6        and for a hint, add --hint
"""


def overhead(payload_sizes, masked):
    """Return the header's bytes for each payload, in the shortest form.

    `payload_sizes` is a list of ints, in bytes: one frame each. `masked` is
    True for a client's frames, False for a server's. Return a list of ints,
    as long as the one that you got, in the same order.

    The hello of lesson 5: overhead([5], True) is [6].
    """
    return None  # yours
