"""Near miss: the kind is read from the last fragment, whose opcode is 0."""


def reassemble(frames):
    messages = []
    gathered = b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        gathered += payload
        if fin:
            messages.append(gathered.decode() if opcode == 1 else gathered)
            gathered = b""
    return messages
