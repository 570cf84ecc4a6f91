"""Near miss: an answer that comes late is none, although no tick has said dead."""


class Heartbeat:
    """One connection's heartbeat."""

    def __init__(self, interval, patience, now):
        """The connection was opened at `now`."""
        self.interval = interval
        self.patience = patience
        self.last = now  # the last ping, or the opening
        self.waiting = False  # for its answer
        self.dead = False

    def tick(self, now):
        """What is to be done at `now`?"""
        passed = now - self.last
        if self.waiting and passed >= self.patience:
            self.dead = True
        if self.dead:
            return "dead"
        if not self.waiting and passed >= self.interval:
            self.last, self.waiting = now, True
            return "ping"
        return None

    def heard(self, now):
        """Something came from the other side: a ping that waits has its answer."""
        if self.waiting and now - self.last >= self.patience:
            self.dead = True
        self.waiting = False
