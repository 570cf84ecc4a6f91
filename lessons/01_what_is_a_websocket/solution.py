"""Keep count of the open questions: a message of the server closes one, or it was unasked."""


def count_unasked(voices):
    """Return how many of the server's messages answered no question."""
    open_questions = 0
    unasked = 0
    for voice in voices:
        if voice == "client":
            open_questions += 1
        elif open_questions > 0:
            open_questions -= 1
        else:
            unasked += 1
    return unasked
