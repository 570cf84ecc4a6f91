"""Near miss: the text stands before the key."""

import base64
import hashlib


def accept_key(key):
    joined = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" + key
    return base64.b64encode(hashlib.sha1(joined.encode()).digest()).decode()
