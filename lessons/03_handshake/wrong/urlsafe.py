"""Near miss: base64 for URLs, which is another one where the answer has a + or a /."""

import base64
import hashlib


def accept_key(key):
    joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.urlsafe_b64encode(hashlib.sha1(joined.encode()).digest()).decode()
