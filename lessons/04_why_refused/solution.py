"""Lesson 4: why was this handshake refused?"""

import base64
import binascii


def diagnose(request: bytes) -> str:
    """Return the cause, one of seven."""
    first, *lines = request.decode("iso-8859-1").split("\r\n")
    fields: dict[str, list[str]] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name.lower(), []).append(value.strip(" \t"))

    def has(name: str, element: str) -> bool:
        values = ",".join(fields.get(name, []))  # several lines are one list
        return element in [each.strip(" \t").lower() for each in values.split(",")]

    def value(name: str) -> str | None:
        return fields[name][0] if name in fields else None

    key, origin, host = value("sec-websocket-key"), value("origin"), value("host") or ""
    if first.split(" ")[0] != "GET":
        return "not-get"
    if not (has("upgrade", "websocket") and has("connection", "upgrade")):
        return "stripped-by-proxy" if key is not None else "no-upgrade"
    if value("sec-websocket-version") != "13":
        return "wrong-version"
    if key is None or not is_key(key):
        return "no-key"
    if origin is not None and origin.partition("://")[2].lower() != host.lower():
        return "wrong-origin"
    return "none"


def is_key(key: str) -> bool:
    """16 bytes in base64, and nothing else."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
