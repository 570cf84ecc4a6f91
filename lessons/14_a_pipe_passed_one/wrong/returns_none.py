"""The body is commented out: it runs, and returns nothing."""


def read_on(state, came):
    # unread = bytes.fromhex(state["unread"]) + came
    # ...
    return None
