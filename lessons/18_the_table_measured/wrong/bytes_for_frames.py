"""The byte that lint names is taken for the frame."""

FINDINGS = {
    1: ("number-left-out", "server", 11),
    2: ("close-not-answered", "server", 17),
    3: ("masked-by-server", "server", 324),
    4: ("wrong-accept", "server", 0),
    5: ("reset", "client", 0),
}


def diagnose(number):
    return FINDINGS[number]
