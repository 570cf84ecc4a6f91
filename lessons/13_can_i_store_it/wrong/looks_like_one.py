"""Near miss: what has a send and says that it is connected must be a connection."""


def which_shelf(ws, store, restore, heard):
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    return "works" if hasattr(back, "send") and getattr(back, "connected", True) else "silent"
