"""On a WebSocket everything is unasked: counts every message of the server."""


def count_unasked(voices):
    return voices.count("server")
