"""Near miss: right, but the caller's list is empty afterwards."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    while frames:
        opcode, fin, payload = frames.pop(0)
        if opcode >= 8:
            continue
        if opcode != 0:
            kind, gathered = opcode, b""
        gathered += payload
        if fin:
            messages.append(gathered.decode() if kind == 1 else gathered)
    return messages
