"""For a lesson in whose bytes compression would be in the way: the server does not agree to it.

It does so by not seeing the offer. That is a server's right: what it does not agree to is not used
(RFC 6455 §9.1). Lesson 11 turns compression on again.

    bp.before_app_request(decline_compression)
"""

from flask import request


def decline_compression() -> None:
    """Take the offer out of a handshake, before anything answers it."""
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
