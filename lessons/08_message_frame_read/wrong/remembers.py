"""Near miss: what was gathered in one call is still there in the next."""

gathered = b""


def reassemble(frames):
    global gathered
    messages = []
    kind = None
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        kind = opcode or kind
        gathered += payload
        if fin:
            messages.append(gathered.decode() if kind == 1 else gathered)
            gathered = b""
    return messages
