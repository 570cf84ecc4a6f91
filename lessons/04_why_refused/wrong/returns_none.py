"""Commented out: the function is there and does nothing."""


def diagnose(request):
    # return "none"
    pass
