"""Lesson 4 by hand, in a real Chromium: what each page does, and what it is told of a refusal.

One test in parts: in the end, all of it is in one capture, and the lesson is right about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, expect

from lessons.course.course import Course, load
from lessons.course.home import Home
from lessons.course.session import Session, is_seen

pytestmark = pytest.mark.browser

LESSON = Course().find("4")


@pytest.fixture
def experiment() -> ModuleType:
    return load(LESSON, "experiment")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(LESSON, Home(tmp_path)) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page as wide as a phone; in the end, nothing on it went wrong."""
    faults: list[str] = []
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    page.close()
    assert faults == []


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def done(session: Session, experiment: ModuleType, name: str) -> None:
    """What the lesson waits for has been seen."""
    session.wait_for(experiment.ACTIONS[name].seen, f"the browser's part of {name}")


def another_site_is_refused_and_its_script_told_nothing(
    page: Page, session: Session, experiment: ModuleType
) -> None:
    page.goto(f"{session.page}/refused/elsewhere")
    assert not page.url.startswith(session.page)
    assert not is_seen(experiment.ACTIONS["told"].seen, session.evidence())
    page.get_by_role("button", name="Open it from here").press("Enter")
    expect(page.locator("#told tr")).to_have_text(
        ["errorno message, no status", 'closecode 1006, reason "", wasClean false']
    )
    assert fits(page)
    done(session, experiment, "told")
    done(session, experiment, "elsewhere")
    refused = experiment.from_elsewhere(session.evidence())
    assert refused.status == 403
    assert experiment.broken(refused) == []
    assert refused.request.get("origin") == page.url.rstrip("/")
    assert refused.request.get("cookie") == "ws101-refused=yours"
    assert experiment.reports(session.evidence())["code"] == "1006"
    assert page.evaluate("document.cookie") == ""


def the_bench_sends_what_no_page_can(page: Page, session: Session, experiment: ModuleType) -> None:
    page.goto(f"{session.page}/refused")
    for name, status in (("forged", 101), ("no-key", 400), ("version-8", 426), ("post", 405)):
        page.locator(f'[data-send="{name}"]').press("Enter")
        expect(page.locator(f'[data-answer="{name}"]')).to_contain_text(f"HTTP/1.1 {status} ")
    assert fits(page)
    done(session, experiment, "forged")
    done(session, experiment, "altered")
    assert page.request.post(f"{session.page}/refused/send/elsewhere").status == 403  # no Origin


def a_script_can_not_alter_a_handshake(page: Page, session: Session) -> None:
    """What the lesson says of `fetch`: it drops the forbidden request-headers without a word."""
    page.goto(f"{session.page}/refused")
    tried = "fetch('/refused/told?fetch', {headers: {'Sec-WebSocket-Key': 'x', Upgrade: 'websocket'"
    page.evaluate(f"{tried}, Connection: 'Upgrade', 'X-Mine': 'y'}}}}).then(() => 1)")
    session.wait_for(lambda evidence: bool(asked(evidence)), "the fetch")
    head = asked(session.evidence())[0].request
    assert head.get("x-mine") == "y"
    assert [head.get(name) for name in ("sec-websocket-key", "upgrade")] == [None, None]


def asked(evidence):  # type: ignore[no-untyped-def]
    return [each for each in evidence.http if each.request.target == "/refused/told?fetch"]


def the_page_comes_through_the_proxy_and_its_websocket_does_not(
    page: Page, session: Session, experiment: ModuleType
) -> None:
    page.goto(f"{session.page}/ws/chat")
    done(session, experiment, "plain")
    page.goto(f"{session.page}/refused/proxy")
    assert not page.url.startswith(session.page)
    expect(page.get_by_role("heading", name="Chat", level=1)).to_be_visible()
    expect(page.locator("#code")).to_have_text("1006")
    done(session, experiment, "proxy")
    stripped = experiment.stripped(session.evidence())
    assert stripped.status == 426
    assert stripped.request.get("upgrade") is None
    assert stripped.request.get("connection") == "close"
    assert stripped.request.get("via") == "1.1 ws101-proxy"
    assert (stripped.request.get("user-agent") or "").startswith("Mozilla/")
    assert experiment.broken(stripped) == ["req-upgrade-missing", "req-connection-no-upgrade"]


def test_by_hand_every_claim_holds_and_every_action_is_seen(
    page: Page, session: Session, experiment: ModuleType
) -> None:
    another_site_is_refused_and_its_script_told_nothing(page, session, experiment)
    the_bench_sends_what_no_page_can(page, session, experiment)
    a_script_can_not_alter_a_handshake(page, session)
    the_page_comes_through_the_proxy_and_its_websocket_does_not(page, session, experiment)
    evidence = session.evidence()
    assert [n for n, each in experiment.ACTIONS.items() if not is_seen(each.seen, evidence)] == []
    assert [claim.words for claim in experiment.claims(evidence, session) if not claim.held] == []
