"""Always "loud", because everybody says that it can't be done."""


def which_shelf(ws, store, restore, heard):
    return "loud"
