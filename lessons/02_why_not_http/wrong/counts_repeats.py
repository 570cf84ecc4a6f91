"""Near miss: a tick that is told twice counts twice."""


def bytes_per_tick(up, down):
    ticks = down.count(b'"seq": ')
    return (len(up) + len(down)) // ticks if ticks else None
