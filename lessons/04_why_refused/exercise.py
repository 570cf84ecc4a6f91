"""Lesson 4: why was this handshake refused?

A server got a request, and no WebSocket came of it. You have the head of that request, as it
arrived. The first of these that fits is the cause:

    "not-get"            the method is not GET
    "stripped-by-proxy"  no upgrade is asked for, but there is a Sec-WebSocket-Key
    "no-upgrade"         no upgrade is asked for, and there is no Sec-WebSocket-Key either
    "wrong-version"      Sec-WebSocket-Version is not 13, to the letter, or is missing
    "no-key"             Sec-WebSocket-Key is missing, or is not 16 bytes in base64
    "wrong-origin"       there is an Origin, and what stands in it behind :// is not the Host
    "none"               none of these: nothing is wrong with the request

An upgrade is asked for where `Upgrade` has the element websocket, and `Connection` has the element
upgrade. Both are lists: elements with commas between them, spaces around them, and as many lines
of the field as somebody liked to write.

Names of fields, these elements and names of hosts count without regard to upper and lower case.
The order of the lines does not count. A line is `name: value`, and it ends in \\r\\n; the spaces
around the value are not part of it. No Origin at all is no fault: the client is no browser. The
Origin `null`, which browsers send for a page without one, is no Host.

The standard library is all that you may import, and all that you need.

    .venv/bin/ws101 check 4        and for a hint, add --hint
"""

import base64


def diagnose(request: bytes) -> str:
    """Return the cause, one of the seven above.

    diagnose(b"GET /ws/chat HTTP/1.1\\r\\nHost: 127.0.0.1:8101\\r\\n\\r\\n") is "no-upgrade".
    """
    return ""  # yours
