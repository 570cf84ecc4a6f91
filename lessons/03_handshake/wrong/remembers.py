"""Near miss: the first answer is remembered and given to every key after it."""

import base64
import hashlib

answers = []


def accept_key(key):
    joined = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    answers.append(base64.b64encode(hashlib.sha1(joined.encode()).digest()).decode())
    return answers[0]
