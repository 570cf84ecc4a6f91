"""Lesson 3: what must the server answer to this key?"""

import base64
import hashlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_key(key: str) -> str:
    """Return the `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`."""
    digest = hashlib.sha1((key + GUID).encode("ascii")).digest()  # hashes take bytes, not str
    return base64.b64encode(digest).decode("ascii")  # base64 gives bytes, a head takes text
