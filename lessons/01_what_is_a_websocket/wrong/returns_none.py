"""The body is commented out: it runs, and returns None."""


def count_unasked(voices):
    # unasked = 0
    # for voice in voices: ...
    # return unasked
    pass
