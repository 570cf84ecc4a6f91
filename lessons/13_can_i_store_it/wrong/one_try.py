"""Near miss: listens for the message, but takes an exception while sending for a loud failure."""

import secrets


def which_shelf(ws, store, restore, heard):
    probe = secrets.token_hex(8)
    try:
        restore(store(ws)).send(probe)
    except Exception:
        return "loud"
    return "works" if heard(probe) else "silent"
