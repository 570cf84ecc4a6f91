"""Near miss: a control frame throws away what was gathered before it."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode != 0:
            gathered = b""
        if opcode >= 8:
            continue
        kind = opcode or kind
        gathered += payload
        if fin:
            messages.append(gathered.decode(errors="replace") if kind == 1 else gathered)
            gathered = b""
    return messages
