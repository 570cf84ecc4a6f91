"""Near miss: encodebytes adds a line feed, which would end the field line too early."""

import base64
import hashlib


def accept_key(key):
    joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.encodebytes(hashlib.sha1(joined.encode()).digest()).decode()
