"""Near miss: all three moves in one try, and no exception means that it works."""


def which_shelf(ws, store, restore, heard):
    try:
        restore(store(ws)).send("hello")
    except Exception:
        return "loud"
    return "works"
