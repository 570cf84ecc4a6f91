"""Commented out: the function is there and does nothing."""


def accept_key(key):
    # return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    pass
