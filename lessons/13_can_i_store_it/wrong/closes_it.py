"""Near miss: right at first, but it closes the connection that it was given."""

import secrets


def which_shelf(ws, store, restore, heard):
    probe = secrets.token_hex(8)
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    try:
        back.send(probe)
    except Exception:
        return "silent"
    found = heard(probe)
    ws.close()
    return "works" if found else "silent"
