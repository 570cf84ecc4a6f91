"""Near miss: what can be decoded is text, whatever its opcode says."""


def reassemble(frames):
    messages = []
    gathered = b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        gathered += payload
        if fin:
            try:
                messages.append(gathered.decode())
            except UnicodeDecodeError:
                messages.append(gathered)
            gathered = b""
    return messages
