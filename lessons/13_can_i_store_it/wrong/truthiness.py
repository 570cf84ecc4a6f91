"""Near miss: something came back, so it works; nothing or an empty thing did, so it does not."""


def which_shelf(ws, store, restore, heard):
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    return "works" if back else "silent"
