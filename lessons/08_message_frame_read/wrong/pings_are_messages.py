"""Near miss: control frames are returned as messages, too."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            messages.append(payload)
            continue
        if opcode != 0:
            kind, gathered = opcode, b""
        gathered += payload
        if fin:
            messages.append(gathered.decode() if kind == 1 else gathered)
    return messages
