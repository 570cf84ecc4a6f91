"""Near miss: sends on ws, not on what came back. The original works, of course."""

import secrets


def which_shelf(ws, store, restore, heard):
    probe = secrets.token_hex(8)
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    if back is None:
        return "silent"
    ws.send(probe)
    return "works" if heard(probe) else "silent"
