"""Who may come in: the checks before Flask sees a request, and the headers on the way out.

A server on loopback is reachable from every web page the learner has open. Two tricks matter:

* **DNS rebinding**: a page of `evil.example` whose name suddenly points to 127.0.0.1. The browser
  still sends `Host: evil.example`, so every request's Host must be a loopback name: else 421.
* **Cross-site WebSocket hijacking**: a browser opens WebSockets across origins and sends cookies
  along; CORS does not apply. It does send `Origin`, which must be our own: else 403, no 101.

No Origin at all is fine only for what is plainly no browser (RFC 6455 §10.2: such a client can
send any Origin anyway). Nothing here raises on what a stranger sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Response

Environ = dict[str, Any]
WSGIApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 §9.2.1
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9.-]{1,253})(?::([0-9]{1,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(https?)://([^/?#@\s]+)", re.ASCII)


def authority(text: str) -> tuple[str, int | None] | None:
    """The host (lower case) and port of a `Host` field or an authority; None if it is neither."""
    found = _AUTHORITY.fullmatch(text.strip().lower())
    if not found:
        return None
    port = int(found[2]) if found[2] else None
    return None if port is not None and port > 65535 else (found[1], port)


def same_origin(origin: str, host: str) -> bool:
    """Is the `Origin` of this request the server that its `Host` names?

    The scheme isn't compared: behind a proxy that does TLS the page is https and we are http.
    """
    found = _ORIGIN.fullmatch(origin.strip().lower())
    theirs, ours = authority(found[2]) if found else None, authority(host)
    if not (found and theirs and ours):
        return False
    usual = PORTS[found[1]]
    return (theirs[0], theirs[1] or usual) == (ours[0], ours[1] or usual)


def is_browser(environ: Environ) -> bool:
    """Does the request look like a browser's? Fetch metadata, or the name all of them carry."""
    fetched = any(name.startswith("HTTP_SEC_FETCH_") for name in environ)
    return fetched or "mozilla/" in environ.get("HTTP_USER_AGENT", "").lower()


def is_upgrade(environ: Environ) -> bool:
    """Does the request ask for the WebSocket protocol? Read widely: in doubt, check the Origin."""
    return "websocket" in environ.get("HTTP_UPGRADE", "").lower()


def content_security_policy(host: str) -> str:
    """Only this server's own files, and WebSockets to this server (RFC 6455 URLs are no 'self' in
    older browsers, so they are named). `host` has been checked: it can't carry a directive."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self' ws://{host} wss://{host}",
            "img-src 'self' data:",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )


class Gate:
    """WSGI middleware: the checks, then the app, then the headers."""

    def __init__(self, app: WSGIApp, extra_hosts: Iterable[str] = ()) -> None:
        self.app = app
        self.hosts = LOOPBACK | {host.lower() for host in extra_hosts}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        refused = self.refusal(environ)
        if refused:
            return refused(environ, start_response)
        if is_upgrade(environ):  # a handshake's answer is kept as short as the lessons show it
            return self.app(environ, start_response)
        extra = [
            ("Content-Security-Policy", content_security_policy(environ["HTTP_HOST"].strip())),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            return start_response(status, [*headers, *extra], *exc_info)

        return self.app(environ, start)

    def refusal(self, environ: Environ) -> Response | None:
        """The response that keeps this request out, or None."""
        host = environ.get("HTTP_HOST", "")
        named = authority(host)
        if named is None or named[0] not in self.hosts:
            names = ", ".join(sorted(self.hosts))
            return _no(421, f"This server answers only to {names}: look at the Host field.\n")
        if environ["REQUEST_METHOD"] in SAFE_METHODS and not is_upgrade(environ):
            return None
        origin = environ.get("HTTP_ORIGIN")
        if origin is None and not is_browser(environ):
            return None
        if origin is not None and same_origin(origin, host):
            return None
        return _no(403, "This request comes from a page of another origin: look at Origin.\n")


def _no(status: int, words: str) -> Response:
    response = Response(words, status=status, mimetype="text/plain")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
