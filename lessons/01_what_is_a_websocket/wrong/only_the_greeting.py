"""Near miss: once the client has spoken, everything counts as an answer."""


def count_unasked(voices):
    unasked = 0
    for voice in voices:
        if voice == "client":
            break
        unasked += 1
    return unasked
