"""Near miss: also returns the message whose last frame has not come yet."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        if opcode != 0:
            kind, gathered = opcode, b""
        gathered += payload
        if fin:
            messages.append(gathered.decode() if kind == 1 else gathered)
            kind, gathered = None, b""
    if kind is not None:
        messages.append(gathered.decode(errors="replace") if kind == 1 else gathered)
    return messages
