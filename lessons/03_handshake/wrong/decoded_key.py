"""Near miss: the key is decoded before it is hashed. Many a server was written like that first."""

import base64
import hashlib


def accept_key(key):
    joined = base64.b64decode(key) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(joined).digest()).decode()
