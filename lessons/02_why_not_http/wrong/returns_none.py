"""The body is commented out: it runs, and returns None."""


def bytes_per_tick(up, down):
    # ticks = set(...)
    # return (len(up) + len(down)) // len(ticks)
    pass
