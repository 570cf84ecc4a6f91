"""Near miss: shares the bytes among answers, as if each brought exactly one tick."""


def bytes_per_tick(up, down):
    answers = down.count(b"HTTP/1.1 ")
    return (len(up) + len(down)) // answers if b'"seq"' in down and answers else None
