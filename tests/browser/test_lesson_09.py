"""The page of lesson 9 in a real Chromium: pings are answered, whatever its script does or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from lessons.course.course import Course, load
from lessons.demo.app import create_app
from lessons.demo.live import Live, live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import until
from tests.needs import program

pytestmark = pytest.mark.browser

CHROMIUM = program("chromium")
LESSON = Course().find("9")
SERVER = load(LESSON, "server")
QUIET = load(LESSON, "quiet")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page; in the end, nothing on it went wrong."""
    faults: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        yield page
        chromium.close()
    assert faults == []


def pongs(live: Live) -> int:
    line = live.find(path=QUIET.QUIET)
    return line.ws.pongs if line else 0  # type: ignore[attr-defined]


def test_a_page_that_hangs_is_alive_to_the_server(page: Page) -> None:
    app = create_app(SERVER.CONFIG, blueprints=[SERVER.bp])
    live = live_of(app)
    with DemoServer(app) as server:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{server.url}/quiet")
        expect(page.locator("#state")).to_have_text("open")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        until(lambda: pongs(live) >= 2, "two pongs")
        assert page.locator("#events li").count() == 2  # new WebSocket, open: and no ping
        page.locator("#empty").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_contain_text("nothing in it")
        page.locator("#ping").click()
        expect(page.locator("#told")).to_contain_text("script answered after")
        expect(page.locator("#received")).to_have_text("1")  # the word pong, and no answer to ""
        before = pongs(live)
        page.locator("#hang").click()
        expect(page.locator("#told")).to_contain_text("hung for 1.5 seconds")
        assert pongs(live) > before + 1
        expect(page.locator("#state")).to_have_text("open")
        expect(page.locator("#received")).to_have_text("2")
        page.goto("about:blank")
    assert live.dropped == 0
