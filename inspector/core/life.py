"""The life of a connection, as a table (RFC 6455 §4, §5.5.1, §7.1).

Each side has a life of its own, since each may close its own direction: what a side has sent
decides what it may still send. The two lives together are the connection's.
"""

from typing import Final, Literal

from inspector.core.rfc import Side

State = Literal["connecting", "refused", "open", "closing", "ended", "broken"]
Step = Literal["upgraded", "refused", "close", "end"]

STATES: Final[dict[State, str]] = {
    "connecting": "HTTP is spoken; nothing has been agreed yet",
    "refused": "HTTP is spoken on; another request may ask again",
    "open": "frames may be sent",
    "closing": "a Close was sent: nothing more may follow but the end of TCP",
    "ended": "its TCP direction ended as it should: after its Close, or after a refusal",
    "broken": "its TCP direction ended before that",
}

STEPS: Final[dict[Step, str]] = {
    "upgraded": "the server answered 101",
    "refused": "the server answered something else",
    "close": "this side sent a Close frame",
    "end": "this side's TCP direction ended (FIN or RST)",
}

LIFE: Final[dict[State, dict[Step, State]]] = {
    "connecting": {"upgraded": "open", "refused": "refused", "end": "broken"},
    "refused": {"upgraded": "open", "refused": "refused", "end": "ended"},
    "open": {"close": "closing", "end": "broken"},
    "closing": {"close": "closing", "end": "ended"},
    "ended": {},
    "broken": {},
}


class Life:
    """Where both sides of one connection are."""

    def __init__(self) -> None:
        self.states: dict[Side, State] = {"client": "connecting", "server": "connecting"}
        self.closed_by: Side | None = None
        """Who sent the first Close, or else ended first."""
        self.close_sent: dict[Side, bool] = {"client": False, "server": False}

    def step(self, side: Side, step: Step) -> None:
        """Take a step of the table; one that it does not have leaves the state as it is."""
        if step == "close":
            if not any(self.close_sent.values()):
                self.closed_by = side
            self.close_sent[side] = True
        elif step == "end" and self.closed_by is None:
            self.closed_by = side
        self.states[side] = LIFE[self.states[side]].get(step, self.states[side])

    def upgrade(self, accepted: bool) -> None:
        """The server's answer, which moves both sides."""
        for side in self.states:
            self.step(side, "upgraded" if accepted else "refused")

    @property
    def clean(self) -> bool:
        """Did both sides send a Close (RFC 6455 §7.1.4)?"""
        return all(self.close_sent.values())

    def has_ended(self, side: Side) -> bool:
        """Has this side's TCP direction ended?"""
        return self.states[side] in ("ended", "broken")

    @property
    def over(self) -> bool:
        """Have both TCP directions ended?"""
        return all(map(self.has_ended, self.states))


def life_as_text() -> str:
    """The table, printed: the picture in the docs is this."""
    width = max(map(len, STATES))
    lines = []
    for state, steps in LIFE.items():
        moves = [f"{step} -> {target}" for step, target in steps.items()]
        lines.append(f"{state:{width}}  {', '.join(moves) or '(the end)'}")
    return "\n".join(lines)
