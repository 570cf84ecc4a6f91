"""This lesson's demo app has the race of lesson 2, the gallery, and the captures of the exam.

    /gallery               the page that plays all nine cases at once
    /gallery/cases         what its side says, and when, as JSON
    /ws/gallery/<name>     one case, the server's part
    /exam                  the page that hands out the learner's five captures
    POST /exam             makes them, in the learner's folder

Compression is declined, as in lesson 2, so that bytes are compared with bytes.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from flask import Blueprint, abort, render_template

from lessons.demo.app import sock
from lessons.demo.live import Pace, WebSocket, here
from lessons.demo.uncompressed import decline_compression
from lessons.four_ways.ways import RACE_CONFIG

from .captures import files, hand_out
from .cases import BY_NAME, CASES, PREFIX, SECONDS, cues
from .play import serve

CONFIG = {**RACE_CONFIG, "WS101_PAGES": (("/gallery", "Gallery"), ("/exam", "Five captures"))}

bp = Blueprint(
    "measured", __name__,
    template_folder="page", static_folder="page", static_url_path="/measured/page",
)  # fmt: skip
bp.before_app_request(decline_compression)
_making = threading.Lock()


@bp.get("/gallery")
def gallery() -> str:
    return render_template("gallery.html", cases=CASES, seconds=SECONDS)


@bp.get("/gallery/cases")
def cases() -> dict[str, object]:
    """What the page has to do: its own cues, and how many messages will come."""
    return {
        case.name: {
            "path": f"{PREFIX}{case.name}",
            "up": [cue._asdict() for cue in cues(case, case.up)],
            "down": len(cues(case, case.down)) + len(cues(case, case.up)) * bool(case.answers),
        }
        for case in CASES
    }


@sock.route(f"{PREFIX}<name>", bp=bp)
def player(ws: WebSocket, name: str) -> None:
    if case := BY_NAME.get(name):
        serve(ws, case, Pace(here().closing.wait))


@bp.get("/exam")
def exam() -> str:
    return render_template("exam.html")


@bp.post("/exam")
def make() -> dict[str, object]:
    """The same five each time: an exam is not drawn again until it suits."""
    if not (folder := os.environ.get("WS101_LAB_FOLDER")):
        abort(503)
    with _making:  # a second click waits for the first: they must not draw two sets
        hand_out(Path(folder))
    return {"made": [path.name for path in files(Path(folder))]}
