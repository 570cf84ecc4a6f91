"""The body is commented out: nobody ever comes again."""


def next_delay(attempt, code, status, retry_after, random):
    # return random() * min(MOST, FIRST * 2 ** attempt)
    return None
