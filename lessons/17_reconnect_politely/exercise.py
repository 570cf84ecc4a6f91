"""Lesson 17: when to come again?

A connection was lost, or a handshake refused. Your function says how long to wait
before the next try. It is for a program that is no browser: it sees the status of
a refused handshake, and Retry-After.

    Never again (return None)
        after a close code that is not in AGAIN
        after a refused handshake (status is not None) whose status is neither
        429 (too many requests) nor from 500 to 599. The close code does not
        count then.

    Otherwise wait, in seconds, with full jitter:
        the longest delay is FIRST, doubled with each attempt, and MOST at most;
        the delay is random() times that.

    Longer
        after 1012 or 1013, which ask for patience: PATIENCE seconds, and after
        that the delay as above
        after a refusal with Retry-After: that many seconds, and after that the
        delay as above. Whoever comes before is told the same once more.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 17       and for a hint, add --hint
"""

FIRST, MOST, PATIENCE = 5, 30, 5
AGAIN = {1001, 1005, 1006, 1011, 1012, 1013, 1014}


def next_delay(attempt, code, status, retry_after, random):
    """Return the seconds to wait (an int or a float), or None.

    attempt      0 for the first try after a connection that was good, then 1, 2,
                 ...: it may become large, if the server is away for a night
    code         the close code as a client is told it: 1006 if no Close came
    status       the HTTP status with which the handshake was refused, None if it
                 was not (the connection was open, or nobody was there)
    retry_after  the seconds of its Retry-After, None if it had none
    random       call it: random() is a float, from 0 up to but not including 1
    """
    return 0  # yours
