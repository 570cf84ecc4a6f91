"""Gather bytes until FIN, pass over control frames, decode the whole."""


def reassemble(frames):
    """Return the messages in `frames`, in order."""
    messages = []
    kind, gathered = None, b""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue  # a control frame: no part of any message, and neither is its FIN
        if opcode != 0:
            kind, gathered = opcode, b""
        gathered += payload
        if fin:
            messages.append(gathered.decode() if kind == 1 else gathered)
    return messages
