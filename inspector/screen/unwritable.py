"""What there is to say when a screen, a pipe or a file takes no more.

It stands apart from `paper`, so that a command's frame can catch it without loading what draws.
"""


class CannotWrite(OSError):
    """What was to be written can't be; the message says where to, and why."""
