"""Near miss: every message stays bytes."""


def reassemble(frames):
    messages = []
    gathered = b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        gathered += payload
        if fin:
            messages.append(gathered)
            gathered = b""
    return messages
