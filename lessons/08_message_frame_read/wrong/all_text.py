"""Near miss: every message becomes a str."""


def reassemble(frames):
    messages = []
    gathered = b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        gathered += payload
        if fin:
            messages.append(gathered.decode(errors="replace"))
            gathered = b""
    return messages
