"""Of a gap in the numbers, the last message before it is named, not the first after it."""

FINDINGS = {
    1: ("number-left-out", "server", 10),
    2: ("close-not-answered", "server", 17),
    3: ("masked-by-server", "server", 16),
    4: ("wrong-accept", "server", 0),
    5: ("reset", "client", 0),
}


def diagnose(number):
    return FINDINGS[number]
