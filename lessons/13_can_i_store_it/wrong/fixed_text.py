"""Near miss: sends the same text each time, so that an old one answers for a new one."""


def which_shelf(ws, store, restore, heard):
    try:
        back = restore(store(ws))
    except Exception:
        return "loud"
    try:
        back.send("hello, are you there?")
    except Exception:
        return "silent"
    return "works" if heard("hello, are you there?") else "silent"
