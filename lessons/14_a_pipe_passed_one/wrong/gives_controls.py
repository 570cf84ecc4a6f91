"""Near miss: a ping and a pong are given as messages, too."""


def read_on(state, came):
    """Return `(messages, state)`."""
    state = state or {"unread": "", "kind": 0, "so_far": ""}
    unread = bytes.fromhex(state["unread"]) + came
    kind, so_far = state["kind"], bytes.fromhex(state["so_far"])
    messages = []
    while (found := first_frame(unread)) is not None:
        first, payload, size = found
        unread = unread[size:]
        fin, opcode = first >= 0x80, first & 15
        if opcode >= 8:
            messages.append(payload)
            continue
        if opcode:
            kind, so_far = opcode, b""
        so_far += payload
        if fin:
            messages.append(so_far.decode() if kind == 1 else so_far)
            kind, so_far = 0, b""
    return messages, {"unread": unread.hex(), "kind": kind, "so_far": so_far.hex()}


def first_frame(data):
    """The first frame in `data`: (first byte, unmasked payload, size). None if it is not whole."""
    if len(data) < 2:
        return None
    length, at = data[1] & 0x7F, 2
    if length >= 126:
        at = 4 if length == 126 else 10
        if len(data) < at:
            return None
        length = int.from_bytes(data[2:at], "big")
    end = at + 4 + length
    if len(data) < end:
        return None
    key, masked = data[at : at + 4], data[at + 4 : end]
    return data[0], bytes(byte ^ key[n % 4] for n, byte in enumerate(masked)), end
