"""Near miss: decodes each fragment, and raises at half a letter."""


def reassemble(frames):
    messages = []
    kind, gathered = None, ""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        if opcode != 0:
            kind, gathered = opcode, "" if opcode == 1 else b""
        gathered += payload.decode() if kind == 1 else payload
        if fin:
            messages.append(gathered)
    return messages
