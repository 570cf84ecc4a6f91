"""A model of a box on the way that knows HTTP and nothing of WebSocket.

It reads the client's bytes line by line. Whatever does not look like HTTP it passes over; a request
line with a Host below it is a request to it, wherever it stands. Naive, and meant to be: some boxes
were (RFC 6455 §10.3). A line may end with LF alone, which HTTP lets its readers accept (RFC 9112
§2.2). One that keeps copies would now fetch this address, and file the answer under it.
"""

import re

REQUEST = re.compile(rb"^(?:GET|HEAD|POST) (/\S*) HTTP/1\.[01]\r?\nHost: *(\S+)\r?\n", re.MULTILINE)


def requests(stream: bytes) -> list[str]:
    """The addresses that the box believes to be asked for."""
    found = REQUEST.findall(stream)
    return [f"{host.decode('latin-1')}{path.decode('latin-1')}" for path, host in found]
