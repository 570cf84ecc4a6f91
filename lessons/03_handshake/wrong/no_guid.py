"""Hashes the key alone: any server that hashes could have answered so."""

import base64
import hashlib


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
