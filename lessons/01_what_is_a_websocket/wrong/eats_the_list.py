"""Near miss: the right number, but the caller's list is empty afterwards."""


def count_unasked(voices):
    open_questions = unasked = 0
    while voices:
        if voices.pop(0) == "client":
            open_questions += 1
        elif open_questions:
            open_questions -= 1
        else:
            unasked += 1
    return unasked
