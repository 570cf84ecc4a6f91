"""What followed is named instead of what came first."""

FINDINGS = {
    1: ("ended-without-close", "server", 0),
    2: ("close-not-answered", "server", 17),
    3: ("masked-by-server", "server", 16),
    4: ("ended-without-close", "client", 0),
    5: ("reset", "client", 0),
}


def diagnose(number):
    return FINDINGS[number]
