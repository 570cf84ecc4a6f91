"""The pages. They are plain HTML; what they do is in `static/`, modules without a build step."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> str:
    return render_template("home.html")


@bp.get("/chat")
def chat() -> str:
    return render_template("chat.html")


@bp.get("/ticker")
def ticker() -> str:
    return render_template("ticker.html")


@bp.get("/board")
def board() -> str:
    return render_template("board.html")


@bp.get("/feed")
def feed() -> str:
    config = current_app.config
    poll_ms = round(config["WS101_POLL_SECONDS"] * 1000)
    return render_template("feed.html", poll_ms=poll_ms, ticks=config["WS101_FEED_TICKS"])
