"""Lesson 2: what does a tick cost?

Everything counts that was on the wire: questions and answers, heads and
bodies, frames, and answers that brought nothing. But for that, the wire does
not care which way it was: one function serves polling, long polling,
server-sent events and WebSocket.

The check runs your function on made-up bytes, on random ones, and on those of
your own four ways.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 2        and for a hint, add --hint
"""


def bytes_per_tick(up, down):
    """Return how many bytes each tick cost, as a whole number, rounded down.

    `up` and `down` are `bytes`: all that went up to the server, and all that
    came down from it.

    A tick came down wherever the server says one, in any head, body or frame:

        {"seq": 42, "value": 101.53, "time": 1760000000.1}

    Its number is behind `"seq": `. A tick that came twice, with the same
    number, was news only once. If no tick came at all, return None.

        bytes_per_tick(b"?" * 10, b'{"seq": 7}' + b'{"seq": 8}')    15
        bytes_per_tick(b"?" * 10, b'{"seq": 7}' + b'{"seq": 7}')    30
        bytes_per_tick(b"?" * 10, b'{"latest": 7, "ticks": []}')    None
    """
    cost = 0  # yours: which bytes count, and how many ticks are there?
    return cost
