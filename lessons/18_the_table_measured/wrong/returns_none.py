"""Looks, and says nothing."""


def diagnose(number):
    return None
