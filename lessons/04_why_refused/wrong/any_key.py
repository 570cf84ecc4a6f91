"""Near miss: a key that is there is taken for a good one."""

import base64


def diagnose(request):
    first, *lines = request.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields.setdefault(name.lower(), []).append(value.strip())

    def has(name, element):
        return element in [
            each.strip().lower() for each in ",".join(fields.get(name, [])).split(",")
        ]

    def value(name):
        return fields.get(name, [None])[0]

    if first.split()[0] != "GET":
        return "not-get"
    if not (has("upgrade", "websocket") and has("connection", "upgrade")):
        return "no-upgrade" if value("sec-websocket-key") is None else "stripped-by-proxy"
    if value("sec-websocket-version") != "13":
        return "wrong-version"
    if not value("sec-websocket-key"):
        return "no-key"
    origin = value("origin")
    if origin is not None and origin.partition("://")[2].lower() != value("host").lower():
        return "wrong-origin"
    return "none"


def is_key(key):
    try:
        return len(base64.b64decode(key or "", validate=True)) == 16
    except ValueError:
        return False
