"""Near miss: decodes each fragment, with � for halves; right in English."""


def reassemble(frames):
    messages = []
    kind, gathered = None, ""
    for opcode, fin, payload in frames:
        if opcode >= 8:
            continue
        if opcode != 0:
            kind, gathered = opcode, "" if opcode == 1 else b""
        gathered += payload.decode(errors="replace") if kind == 1 else payload
        if fin:
            messages.append(gathered)
    return messages
