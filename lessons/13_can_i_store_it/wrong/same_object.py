"""Near miss: works only if the very same object came back; but a copy or an heir would do."""


def which_shelf(ws, store, restore, heard):
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    return "works" if back is ws else "silent"
