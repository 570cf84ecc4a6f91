"""Lesson 1: who spoke without being asked?

On a WebSocket both sides may speak at any time. So some of what the server
says answers a question, and some of it nobody asked for: a tick, a greeting,
"Heron left".

Count the second kind. The check runs your function on made-up connections, on
random ones, and on the one that you have just talked on.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 1        and for a hint, add --hint
"""


def count_unasked(voices):
    """Return how many of the server's messages answered no question.

    That is a number, 0 or more. `voices` is a list of the words "client" and
    "server", one for each message of a connection, in the order in which they
    were sent.

    Every message of the client is a question. One later message of the server
    answers it: the first one that isn't already the answer to another
    question. A message of the server for which no question is open was
    unasked.

        ["client", "server"]                      0  a question, its answer
        ["server", "server"]                      2  nobody had asked
        ["server", "client", "server"]            1  nobody had asked the first
        ["client", "client", "server", "server"]  0  two questions, two answers
    """
    unasked = None  # yours: go through the voices, one by one
    return unasked
