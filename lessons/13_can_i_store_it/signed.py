"""Flask's session as it crosses the wire: a cookie that is signed, and readable by anybody."""

from __future__ import annotations

import base64
import binascii
import zlib

from inspector.core.safe import safe
from lessons.course.evidence import Evidence, Http

PUT = "/lab/session"
MOST = 4096


def saved_in(evidence: Evidence) -> tuple[Http | None, Http | None]:
    """The newest exchange in which the session could not be saved, and the newest that saved it."""
    tries = [each for each in evidence.http if each.path == PUT and each.response]
    refused = [each for each in tries if each.status == 500]
    saved = [each for each in tries if each.status == 200 and cookie_of(each)]
    return (refused or [None])[-1], (saved or [None])[-1]


def cookie_of(exchange: Http) -> str | None:
    return exchange.response.get("set-cookie") if exchange.response else None


def unsigned(cookie: str) -> str:
    """What a session cookie says, read without its key: what stands before the first dot, inflated
    where it begins with one."""
    value = cookie.partition(";")[0].partition("=")[2]
    packed = value.startswith(".")
    try:
        payload = value.lstrip(".").partition(".")[0]
        data = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        if packed:
            data = zlib.decompressobj().decompress(data, MOST)
    except (binascii.Error, ValueError, zlib.error):
        return "(not readable)"
    return safe(data.decode("utf-8", "replace"), 200)
