r"""Lesson 12: what did a proxy change?

One WebSocket, two legs: `near` is what crossed between the client and the proxy,
`far` what crossed between the proxy and the server. Say what was changed.

A leg looks like this:

    {"client": {"fields": [("Host", "a.example"), ...],      of the request
                "frames": [frame, frame, ...]},              from the client
     "server": {"fields": [...],                             of the response
                "frames": [...]}}                            from the server

and a frame like this, its payload as it is on the wire (masked, if it has a key):

    {"opcode": 1, "fin": True, "key": b"\x2a\xb6\x73\x01", "payload": b"..."}
    {"opcode": 9, "fin": True, "key": None, "payload": b"..."}

Messages have opcode 1 or 2, in as many frames as they like: 0 for all but the
first, `fin` in the last. Control frames have 8, 9 or 10 and may stand between the
fragments of a message.

A check that fails shows the frames in short. "A B( ping1 B- B)" is a message in one
frame, then one in three with a ping amid; the same letter is the same content.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 12       and for a hint, add --hint
"""


def differences(near: dict, far: dict) -> list[tuple]:
    """Return a sorted list of all differences that mean something:

    ("field", side, name)       a field that came, went or has another value; its
                                name in lower case (no name is there twice)
    ("lost", side, n)           sent, but it did not arrive
    ("invented", side, n)       it arrived, but nobody sent it
    ("recut", side, n)          a message in frames of other lengths than it was sent in
    ("moved", side, n)          a control frame that stands elsewhere among the messages

    `side` is who sends, "client" or "server". What a client sends was sent on `near`
    and arrived on `far`; with a server it is the other way round.

    Lost, invented, recut are whole messages and control frames. The same opcode and
    the same content, unmasked, are the same one; of several that are the same, the
    first sent is the first that arrives. A message that never ends doesn't count.

    `n` is the number of its (first) frame among all frames of that side, from 1: as
    it was sent, and for "invented" as it arrived.

    Where a control frame stands is told by two numbers: how many messages had begun
    before it, and how many had ended. Only those count that are on both legs.

    No difference: the masking key, the case of a field's name, the order of fields.
    """
    return []  # yours
