"""Near miss: the payload of a ping goes into the message around it."""


def reassemble(frames):
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode in (1, 2):
            kind, gathered = opcode, b""
        gathered += payload
        if fin and opcode < 8:
            messages.append(gathered.decode(errors="replace") if kind == 1 else gathered)
            gathered = b""
    return messages
