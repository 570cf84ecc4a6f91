"""Near miss: only frames that say text or binary count."""


def reassemble(frames):
    messages = []
    for opcode, _fin, payload in frames:
        if opcode in (1, 2):
            messages.append(payload.decode(errors="replace") if opcode == 1 else payload)
    return messages
