"""Near miss: a message with nothing in it is passed over."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        if opcode != 0:
            kind, gathered = opcode, b""
        gathered += payload
        if fin and gathered:
            messages.append(gathered.decode() if kind == 1 else gathered)
    return messages
