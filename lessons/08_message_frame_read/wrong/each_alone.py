"""Near miss: each fragment is taken for a message; right while nothing is fragmented."""


def reassemble(frames):
    messages = []
    for opcode, _fin, payload in frames:
        if opcode < 8:
            messages.append(payload if opcode == 2 else payload.decode(errors="replace"))
    return messages
