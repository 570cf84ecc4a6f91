"""Lets the number of open questions fall below 0: what came unasked uses up a later question."""


def count_unasked(voices):
    open_questions = 0
    unasked = 0
    for voice in voices:
        open_questions += 1 if voice == "client" else -1
        if voice == "server" and open_questions < 0:
            unasked += 1
    return unasked
