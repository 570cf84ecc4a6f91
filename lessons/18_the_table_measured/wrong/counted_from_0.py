"""All right, but that frames are counted from 0."""

FINDINGS = {
    1: ("number-left-out", "server", 10),
    2: ("close-not-answered", "server", 16),
    3: ("masked-by-server", "server", 15),
    4: ("wrong-accept", "server", 0),
    5: ("reset", "client", 0),
}


def diagnose(number):
    return FINDINGS[number]
