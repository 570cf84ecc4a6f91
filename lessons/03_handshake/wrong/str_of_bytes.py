"""Near miss: str() of bytes, so that the answer begins with b' and ends with '."""

import base64
import hashlib


def accept_key(key):
    joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return str(base64.b64encode(hashlib.sha1(joined.encode()).digest()))
