"""Compares totals: a question could be answered before it was asked."""


def count_unasked(voices):
    return max(0, voices.count("server") - voices.count("client"))
