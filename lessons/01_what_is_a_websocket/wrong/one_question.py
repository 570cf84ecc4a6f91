"""Near miss: remembers that a question is open, not how many."""


def count_unasked(voices):
    asked = False
    unasked = 0
    for voice in voices:
        if voice == "client":
            asked = True
        elif asked:
            asked = False
        else:
            unasked += 1
    return unasked
