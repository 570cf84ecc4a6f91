"""Lesson 2's pages in a real Chromium: what its steps wait for happens, and what it says is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lessons.course.course import Course, experiment_of, load
from lessons.course.home import Home
from lessons.course.session import Session
from lessons.demo import create_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import until

pytestmark = pytest.mark.browser

LESSON = Course().find("2")
QUICK: dict[str, Any] = {"WS101_TICK_SECONDS": 0.06, "WS101_POLL_SECONDS": 0.025}
WAYS = ("poll", "long-poll", "events", "websocket")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    added = load(LESSON, "server")
    with DemoServer(create_app({**added.CONFIG, **QUICK}, blueprints=[added.bp])) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; in the end, nothing on it went wrong."""
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    yield page
    context.close()
    assert faults == []


def shown(page: Page, way: str, role: str) -> int:
    return int(page.locator(f'[data-lane="{way}"] [data-role="{role}"]').inner_text())


def press_all(page: Page) -> None:
    for way in ("plain", "cookie", "socket"):
        for times in (1, 2, 3):
            page.locator(f'[data-ask="{way}"]').click()
            expect(page.locator(f'[data-answers="{way}"] li')).to_have_count(times)


def test_four_ways_run_stop_together_and_start_again(page: Page, server: DemoServer) -> None:
    page.goto(f"{server.url}/feed")
    again = page.get_by_role("button", name="Start all four again")
    for _ in range(2):
        expect(page.locator("#race")).to_contain_text("they have stopped")
        for way in WAYS:
            assert shown(page, way, "ticks") >= 15
        assert shown(page, "events", "requests") == shown(page, "websocket", "requests") == 1
        expect(page.locator('[data-lane] button[aria-pressed="true"]')).to_have_count(0)
        until(lambda: not live_of(server.app).connections, "the WebSocket is closed")
        again.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#race")).to_contain_text("They stop by themselves")


def test_the_server_says_whom_it_knows(page: Page, server: DemoServer) -> None:
    page.goto(f"{server.url}/memory")
    expect(page.locator("#state")).to_have_text("open")
    press_all(page)
    words = {
        way: page.locator(f'[data-answers="{way}"] li').all_inner_texts()
        for way in ("plain", "cookie", "socket")
    }
    assert len(set(words["plain"])) == 3, "another stranger each time"
    assert all("not met you before" in said for said in words["plain"])
    for way in ("cookie", "socket"):
        assert len({said.split(".")[0] for said in words[way]}) == 1, "one stranger"
        assert "third time" in words[way][2]
    page.get_by_role("button", name="Close politely").click()
    expect(page.locator('[data-ask="socket"]')).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Open again").click()
    expect(page.locator("#state")).to_have_text("open")
    page.locator('[data-ask="socket"]').click()
    last = page.locator('[data-answers="socket"] li').last
    expect(last).to_contain_text("not met you before")
    page.reload()
    page.locator('[data-ask="cookie"]').click()
    expect(page.locator('[data-answers="cookie"] li')).to_contain_text("4th time")


def test_fits_a_phone(page: Page, server: DemoServer) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    # The race is over in a second: what stays is that it is.
    for path, part, words in (("/memory", "#state", "open"), ("/feed", "#race", "have stopped")):
        page.goto(f"{server.url}{path}")
        expect(page.locator(part)).to_contain_text(words)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.goto("about:blank")


def test_six_event_streams_leave_no_connection_for_a_request(
    page: Page, server: DemoServer
) -> None:
    page.goto(f"{server.url}/memory")
    six_then_ask = """async () => {
        const streams = Array.from({ length: 6 }, () => new EventSource("/feed/events"));
        await Promise.all(streams.map((each) => new Promise((open) => { each.onopen = open; })));
        let answered = false;
        const asked = fetch("/memory/plain").then(() => { answered = true; });
        await new Promise((heard) => { streams[0].onmessage = heard; });
        await new Promise((heard) => { streams[5].onmessage = heard; });
        const before = answered;
        streams[0].close();
        await asked;
        for (const each of streams) each.close();
        return [before, answered];
    }"""
    assert page.evaluate(six_then_ask) == [False, True]
    page.goto("about:blank")


@pytest.mark.slow
def test_a_learners_browser_does_what_the_lesson_waits_for(page: Page, tmp_path: Path) -> None:
    experiment = experiment_of(LESSON)
    with Session(LESSON, Home(tmp_path)) as session:
        page.goto(f"{session.page}/feed")
        expect(page.locator("#race")).to_contain_text("they have stopped", timeout=30_000)
        page.goto(f"{session.page}/memory")
        expect(page.locator("#state")).to_have_text("open")
        press_all(page)
        for name, action in experiment.ACTIONS.items():
            session.wait_for(action.seen, name)
        evidence = session.evidence()
        facts = dict(experiment.facts(evidence, session))
        assert facts["one_request_key"] == "both"
        assert facts["tcp_key"] == "few"
        assert [
            claim.words for claim in experiment.claims(evidence, session) if not claim.held
        ] == []
        page.goto("about:blank")
