"""Lesson 9: when to ping, and when to give up.

A heartbeat decides two things: is it time for a ping? Has the answer to the last
one taken too long? It sends nothing itself. Whoever uses it calls `tick` every
now and then, does what it says, and calls `heard` when something came from the
other side.

All times are numbers that you are given: seconds, from any beginning. You need
no clock, and must not use one: then the check can let days pass in no time.
Calls of `tick` come when they come: often, or late (a laptop was asleep).

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 9        and for a hint, add --hint
"""


class Heartbeat:
    """One connection's heartbeat.

    heart = Heartbeat(interval=10, patience=5, now=0)
    heart.tick(9)      # None: it isn't time yet
    heart.tick(10)     # "ping"
    heart.tick(12)     # None: it was sent, and there is still time
    heart.heard(13)    # so the other side is there
    heart.tick(20)     # "ping": 10 seconds after the last one
    heart.tick(24)     # None
    heart.tick(25)     # "dead": nothing was heard for 5 seconds
    """

    def __init__(self, interval, patience, now):
        """The connection was opened at `now`."""
        # yours

    def tick(self, now):
        """What is to be done at `now`?

        "dead"   a ping waits for its answer, for `patience` seconds or longer.
                 That is final: from then on, always "dead".
        "ping"   none waits for an answer, and the last one was sent `interval`
                 seconds ago or longer (for the first: since the opening).
        None     neither.

        When you return "ping", it is sent at that `now`.
        """
        return None  # yours

    def heard(self, now):
        """Something came from the other side: a ping that waits has its answer."""
        # yours
