"""Near miss: unmasks what is there of a payload, and begins the key anew in the next process."""


def read_on(state, came):
    state = state or {"unread": "", "payload": "", "kind": 0, "so_far": ""}
    unread, payload = bytes.fromhex(state["unread"]) + came, bytes.fromhex(state["payload"])
    kind, so_far = state["kind"], bytes.fromhex(state["so_far"])
    messages = []
    while (at := header_size(unread)) and len(unread) >= at:
        length = int.from_bytes(unread[2 : at - 4], "big") if at > 6 else unread[1] & 0x7F
        key, more = unread[at - 4 : at], unread[at : at + length - len(payload)]
        payload += bytes(byte ^ key[n % 4] for n, byte in enumerate(more))
        if len(payload) < length:
            unread = unread[:at]
            break
        fin, opcode, unread = unread[0] >= 0x80, unread[0] & 15, unread[at + len(more) :]
        if opcode < 8:
            kind, so_far = (opcode, payload) if opcode else (kind, so_far + payload)
            if fin:
                messages.append(so_far.decode(errors="replace") if kind == 1 else so_far)
                kind, so_far = 0, b""
        payload = b""
    state = {"unread": unread.hex(), "payload": payload.hex(), "kind": kind}
    return messages, {**state, "so_far": so_far.hex()}


def header_size(data):
    """The size of the header, key included; 0 if it can't be known yet."""
    return 6 + {126: 2, 127: 8}.get(data[1] & 0x7F, 0) if len(data) > 1 else 0
