"""Near miss: what the server asks for is cut to its own longest delay."""

FIRST, MOST, PATIENCE = 5, 30, 5
AGAIN = {1001, 1005, 1006, 1011, 1012, 1013, 1014}


def next_delay(attempt, code, status, retry_after, random):
    """Return the seconds to wait, or None."""
    if status is not None:
        if status != 429 and not 500 <= status <= 599:
            return None
    elif code not in AGAIN:
        return None
    longest = min(MOST, FIRST * 2 ** min(attempt, 10))  # an int, and never a large one
    least = 0
    if status is None and code in (1012, 1013):
        least = PATIENCE
    if status is not None and retry_after is not None:
        least = retry_after
    return min(MOST, least + random() * longest)
