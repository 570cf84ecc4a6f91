"""Who is it? A token that the server has signed, brought along by the browser as a cookie.

    u41f7c2.5b1e...      a name, and 32 hex digits that only the owner of the key can work out

The key lies beside the log and outlives the process: a server that drew a new one at each start
would know nobody any more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

COOKIE = "ws101_who"
_TOKEN = re.compile(r"(u[0-9a-f]{6})\.([0-9a-f]{32})", re.ASCII)


def key_in(folder: Path) -> bytes:
    """The key of this folder, drawn when first asked for."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "who.key"
    if not path.exists():
        descriptor, drawn = tempfile.mkstemp(dir=folder)  # readable by its owner only
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):  # whoever comes first has drawn it, whole
            os.link(drawn, path)
        os.unlink(drawn)
    return path.read_bytes()


def signature(key: bytes, name: str) -> str:
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32]


def new_token(key: bytes) -> str:
    name = f"u{secrets.token_hex(3)}"
    return f"{name}.{signature(key, name)}"


def name_in(key: bytes, token: str) -> str | None:
    """Whom this token names; None unless this key has signed it."""
    found = _TOKEN.fullmatch(token)
    if found and hmac.compare_digest(signature(key, found[1]), found[2]):
        return found[1]
    return None


def altered(token: str) -> str:
    """The same with one digit of the name changed, as somebody would who wants to be another."""
    digit = "1" if token[1] == "0" else "0"
    return f"{token[0]}{digit}{token[2:]}"


def token_of(cookie: str | None) -> str:
    """The token in a `Cookie` field."""
    pairs = (pair.strip().partition("=") for pair in (cookie or "").split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")
