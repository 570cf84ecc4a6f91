"""Answers minus questions, without noticing that open questions answer nothing."""


def count_unasked(voices):
    return voices.count("server") - voices.count("client")
