"""The body is commented out: it runs, and names no shelf."""


def which_shelf(ws, store, restore, heard):
    # back = restore(store(ws))
    # ...
    return None
