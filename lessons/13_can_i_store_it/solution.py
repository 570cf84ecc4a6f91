"""Store, read back, send a text that nobody has sent before, and ask the other end for it."""

import secrets


def which_shelf(ws, store, restore, heard):
    """Return "loud", "silent" or "works"."""
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    probe = f"is this line alive? {secrets.token_hex(8)}"
    try:
        back.send(probe)
    except Exception:
        return "silent"
    return "works" if heard(probe) else "silent"
