"""Near miss: the right shelf, in capital letters."""

import secrets


def which_shelf(ws, store, restore, heard):
    try:
        back = restore(store(ws))
    except Exception:
        return "LOUD"
    probe = secrets.token_hex(8)
    try:
        back.send(probe)
    except Exception:
        return "SILENT"
    return "WORKS" if heard(probe) else "SILENT"
