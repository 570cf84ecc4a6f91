"""The first look at the wire: a page is loaded, and the tap has written it down."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.course.evidence import Evidence, Http
from lessons.course.model import Action, Claim, Missing
from lessons.course.session import Session


def open_page(session: Session) -> None:
    """load the page"""
    session.get("/")


def was_opened(evidence: Evidence) -> bool:
    return bool(answered(evidence))


ACTIONS = {"open": Action(open_page, was_opened, page="/")}


def answered(evidence: Evidence) -> list[Http]:
    """The requests that have their answer, the page's first."""
    found = [http for http in evidence.http if http.status == 200]
    if not any(http.path == "/" for http in found):
        raise Missing("the page was not loaded yet")
    return found


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "requests", len(answered(evidence))


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    page = next(http for http in answered(evidence) if http.path == "/")
    yield Claim(
        "What your browser and the app say to each other crosses the tap, and is written down",
        page.request.line == "GET / HTTP/1.1" and page.down >= len(page.response.raw),  # type: ignore[union-attr]
        f"{page.request.line}: {page.up} bytes there, {page.down} bytes back",
    )


def wire_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Who asked for what, and how large it was."""
    yield "from port", "asked for", "answer", "bytes there", "bytes back"
    for http in answered(evidence):
        yield http.client[1], http.request.line, http.status, http.up, http.down


TABLES = {"wire": wire_table}
