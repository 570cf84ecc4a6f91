"""The example of the exercise, learned by heart."""


def classify(tail):
    return "client", 1006, 1000, False
