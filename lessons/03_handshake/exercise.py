"""Lesson 3: what must the server answer to this key?

RFC 6455, section 1.3: the server takes the value of Sec-WebSocket-Key as it
was written, puts this text behind it (a GUID, the RFC calls it),

    258EAFA5-E914-47DA-95CA-C5AB0DC85B11

takes the SHA-1 of the two together, and answers with these 20 bytes in base64.

The standard library is all that you may import, and all that you need.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 3        and for a hint, add --hint
"""

import base64
import hashlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """Return the `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`.

    accept_key("dGhlIHNhbXBsZSBub25jZQ==") is "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".
    """
    return ""  # yours
