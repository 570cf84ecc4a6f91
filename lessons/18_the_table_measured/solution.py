"""Lesson 18: one way to find what is wrong, on the sample that comes with the lesson.

Yours are other captures: these findings don't fit them, the way there does. `ws101 lint` first,
then `ws101 dump` from the end: how did it end, who ended it, and what did they see just before?
"""

FINDINGS = {
    # lint finds nothing, the end is clean: so read the messages. Of `"seq"`, 358, then 362.
    1: ("number-left-out", "server", 11),
    # Frame 17 is the client's Close, and then the server's FIN: lint says the same.
    2: ("close-not-answered", "server", 17),
    # The client's Close says 1002: it has seen something, just before. Frame 16 has a masking key.
    3: ("masked-by-server", "server", 16),
    # No frame at all after a 101: the client did not believe it. lint does the sum.
    4: ("wrong-accept", "server", 0),
    # lint says that no Close came, and not why: `dump` says RST, by the client.
    5: ("reset", "client", 0),
}


def diagnose(number: int) -> tuple[str, str, int]:
    """What is wrong in the capture of that number: (what, who, frame)."""
    return FINDINGS[number]
