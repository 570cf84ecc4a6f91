"""Near miss: a blank stands between the key and the text."""

import base64
import hashlib


def accept_key(key):
    joined = key + " " + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(joined.encode()).digest()).decode()
