"""In this lesson the server declines compression, so that hello is five bytes, as you typed it."""

from flask import Blueprint

from lessons.demo.uncompressed import decline_compression

bp = Blueprint("anatomy", __name__)
bp.before_app_request(decline_compression)
