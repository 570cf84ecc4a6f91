"""Near miss: what could be stored works. Never reads it back, never sends."""


def which_shelf(ws, store, restore, heard):
    try:
        store(ws)
    except Exception:
        return "loud"
    return "works"
