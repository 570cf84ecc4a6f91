"""Near miss: what it knows belongs to the class, so all connections share one heartbeat."""


class Heartbeat:
    """One connection's heartbeat."""

    def __init__(self, interval, patience, now):
        """The connection was opened at `now`."""
        self.interval = interval
        self.patience = patience
        Heartbeat.last, Heartbeat.waiting, Heartbeat.dead = now, False, False

    def tick(self, now):
        """What is to be done at `now`?"""
        passed = now - self.last
        if self.waiting and passed >= self.patience:
            Heartbeat.dead = True
        if self.dead:
            return "dead"
        if not self.waiting and passed >= self.interval:
            Heartbeat.last, Heartbeat.waiting = now, True
            return "ping"
        return None

    def heard(self, now):
        """Something came from the other side: a ping that waits has its answer."""
        Heartbeat.waiting = False
