"""The demo app of this lesson says what it says in plain letters."""

from flask import Blueprint

from lessons.demo.uncompressed import decline_compression

bp = Blueprint("second", __name__)
bp.before_app_request(decline_compression)
