"""Near miss: the second message begins with the first."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        kind = opcode or kind
        gathered += payload
        if fin:
            messages.append(gathered.decode(errors="replace") if kind == 1 else gathered)
    return messages
