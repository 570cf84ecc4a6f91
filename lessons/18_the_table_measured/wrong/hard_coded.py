"""The findings of somebody else: their captures are not yours."""

FINDINGS = {
    1: ("ended-without-close", "server", 0),
    2: ("foreign-origin", "client", 0),
    3: ("data-after-close", "client", 23),
    4: ("window-kept", "server", 8),
    5: ("control-in-pieces", "server", 12),
}


def diagnose(number):
    return FINDINGS[number]
