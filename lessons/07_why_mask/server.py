"""In this lesson the server declines compression, so that what is masked is what was typed."""

from flask import Blueprint

from lessons.demo.uncompressed import decline_compression

bp = Blueprint("why_mask", __name__)
bp.before_app_request(decline_compression)
