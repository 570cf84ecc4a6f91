"""The side that found the fault and hung up is taken for the one that made it."""

FINDINGS = {
    1: ("number-left-out", "server", 11),
    2: ("close-not-answered", "client", 17),
    3: ("masked-by-server", "client", 16),
    4: ("wrong-accept", "client", 0),
    5: ("reset", "client", 0),
}


def diagnose(number):
    return FINDINGS[number]
