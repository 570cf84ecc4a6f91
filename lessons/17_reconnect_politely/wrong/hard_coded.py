"""Always the same number."""


def next_delay(attempt, code, status, retry_after, random):
    return 2.5
