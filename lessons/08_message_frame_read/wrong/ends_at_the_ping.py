"""Near miss: takes the FIN of a ping for the end of the message around it."""


def reassemble(frames):
    messages = []
    kind, gathered = None, None
    for opcode, fin, payload in frames:
        if opcode in (1, 2):
            kind, gathered = opcode, b""
        if opcode < 8:
            gathered = (gathered or b"") + payload
        if fin and gathered is not None:
            whole = gathered
            messages.append(whole.decode(errors="replace") if kind == 1 else whole)
            gathered = None
    return messages
