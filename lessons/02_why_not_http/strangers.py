"""Whom the server took its visitors for, as its answers say."""

from __future__ import annotations

import json

from inspector.core.heads import Head
from lessons.course.evidence import Connection, Evidence, Http
from lessons.course.model import Missing

PLAIN, COOKIE, SOCKET = "/memory/plain", "/memory/cookie", "/ws/memory"

type Met = tuple[Http, int, int]
"""An exchange, the stranger's number in its answer, and how often they have met."""


def told(data: bytes) -> tuple[int, int] | None:
    """`{"stranger": 3, "times": 2}` as numbers."""
    try:
        answer = json.loads(data)
        return int(answer["stranger"]), int(answer["times"])
    except (ValueError, TypeError, KeyError):
        return None


def strangers(evidence: Evidence, path: str) -> list[Met]:
    """What was answered on that path, in order."""
    asked = [http for http in evidence.http if http.path == path and http.status == 200]
    return [(http, *met) for http in asked if (met := told(http.body))]


def cookies(evidence: Evidence) -> list[Met]:
    """The exchanges in which a cookie was brought back, and known."""
    met = strangers(evidence, COOKIE)
    return [each for each in met if cookie_named(each[0].request) and each[2] > 1]


def cookie_named(head: Head) -> str:
    """The `stranger=...` of a request, or of the answer that sets it."""
    field = head.get("cookie") or head.get("set-cookie") or ""
    crumbs = (crumb.strip() for crumb in field.split(";"))
    return next((crumb for crumb in crumbs if crumb.startswith("stranger=")), "")


def meetings(evidence: Evidence) -> tuple[Connection, list[tuple[int, int]]]:
    """The newest WebSocket on which somebody was counted, and what it was told."""
    for talk in reversed(evidence.connections):
        if talk.upgraded and talk.path == SOCKET:
            answers = [met for said in talk.said("server") if (met := told(said.data))]
            if answers and talk.said("client"):
                return talk, answers
    raise Missing("nothing was said on the WebSocket yet")
