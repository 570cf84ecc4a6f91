"""In this lesson the server declines compression, so that hello is five bytes, as you typed it.

It does so by not seeing the offer. That is a server's right: what it does not agree to is not used
(RFC 6455 §9.1). Lesson 11 turns compression on again.
"""

from flask import Blueprint, request

bp = Blueprint("anatomy", __name__)


@bp.before_app_request
def decline_compression() -> None:
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
