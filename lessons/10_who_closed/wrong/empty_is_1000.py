"""Near miss: a Close without a code is told as 1000."""


def classify(tail):
    """Who closed, and what is each side told?"""
    closes, ended = {}, []
    for side, what, payload in tail:
        if what == "close":
            closes.setdefault(side, payload)
        elif what == "end":
            ended.append(side)
    who = next(iter([*closes, *ended]), None)
    if not ended:
        return who, None, None, False
    told = [code(closes.get(side)) for side in ("server", "client")]
    return who, *told, len(closes) == 2


def code(payload):
    """What a program is told of a Close; of None if there was none."""
    if payload is None:
        return 1006
    return int.from_bytes(payload[:2], "big") if payload else 1000
