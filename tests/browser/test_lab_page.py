"""The lab in a real Chromium: each attempt lands on its shelf, and survives no restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from lessons.course.course import Course, load
from lessons.demo.app import create_app
from lessons.demo.attempts import ATTEMPTS
from lessons.demo.server import DemoServer
from tests.lessons.private_stores import lab_settings, private_stores

pytestmark = pytest.mark.browser
LAB = load(Course().find("13"), "server")

LOUD = {"pickle", "json", "deepcopy", "sqlite", "sqlite-pickle", "structured-clone", "push-state"}
LOUD |= {"session", "indexed-db", "redis", "postgres", "postgres-pickle"}
SILENT = {
    "session-str",
    "session-socket",
    "json-str",
    "sqlite-str",
    "redis-repr",
    "postgres-json",
    "stringify",
    "local-storage",
}
WORKS = {"copy", "pipe"}
IN_PAGE = ("stringify", "structured-clone", "push-state", "local-storage", "indexed-db")


@pytest.fixture(scope="module")
def where() -> Iterator[dict[str, str]]:
    """How the demo app is told where a Redis and a PostgreSQL run."""
    with private_stores("redis", "postgres") as running:
        yield lab_settings(running)


def serve(folder: Path, port: int = 0, **settings: str) -> DemoServer:
    config = {"SECRET_KEY": "of this sitting", **LAB.CONFIG, **settings}
    config["WS101_LAB_FOLDER"] = str(folder)
    return DemoServer(create_app(config, blueprints=[LAB.bp]), port=port)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; in the end, nothing on it went wrong."""
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if is_fault(line) else None)
    yield page
    context.close()
    assert [fault for fault in faults if "ERR_CONNECTION_REFUSED" not in fault] == []


def is_fault(line: ConsoleMessage) -> bool:
    """Does the console complain of anything but the session that is meant to fail?"""
    meant = line.location.get("url", "").endswith("/lab/session")
    return line.type == "error" and not (meant and "status of 500" in line.text)


def on_shelf(page: Page, shelf: str) -> set[str]:
    entries = page.locator(f"#{shelf} li").all()
    return {entry.get_attribute("data-attempt") or "" for entry in entries}


def try_everything(page: Page) -> None:
    for button in page.locator("[data-try], [data-session], [data-page], [data-pipe]").all():
        button.click()
    # The pipe starts another process, so it comes last.
    expect(page.locator("#works li")).to_have_count(len(WORKS))
    expect(page.locator(".shelves li")).to_have_count(len(LOUD | SILENT | WORKS))


def test_every_attempt_lands_on_its_shelf(
    page: Page, tmp_path: Path, where: dict[str, str]
) -> None:
    with serve(tmp_path, **where) as server:
        page.goto(f"{server.url}/lab")
        expect(page.locator("#state")).to_have_text("open")
        expect(page.locator("#told tr")).to_have_count(9)
        link = page.get_by_role("link", name="Lab", exact=True)
        expect(link).to_have_attribute("aria-current", "page")
        assert page.locator("[data-try]").count() == len(ATTEMPTS)
        try_everything(page)
        assert on_shelf(page, "loud") == LOUD
        assert on_shelf(page, "silent") == SILENT
        assert on_shelf(page, "works") == WORKS
        expect(page.locator('#silent [data-attempt="stringify"]')).to_contain_text("kept: {}")
        kept = page.locator('#silent [data-attempt="local-storage"]')
        expect(kept).to_contain_text("kept: [object WebSocket]")
        clone = page.locator('#loud [data-attempt="structured-clone"]')
        expect(clone).to_contain_text("DataCloneError")
        expect(page.locator('[data-try="pickle"]')).to_have_attribute("data-done", " loud")
        page.get_by_role("button", name="Which parts refuse?").click()
        expect(page.locator("#said")).to_contain_text("ws.sock, of type socket: cannot pickle")
        page.get_by_role("button", name="Unpickle a stranger").click()
        expect(page.locator("#said li")).to_have_count(1)
        expect(page.locator("#said")).to_contain_text("the bytes called os.getpid()")
        page.goto("about:blank")


def test_nothing_that_was_kept_sends_after_a_restart(
    page: Page, tmp_path: Path, where: dict[str, str]
) -> None:
    with serve(tmp_path, **where) as server:
        page.goto(f"{server.url}/lab")
        expect(page.locator("#state")).to_have_text("open")
        try_everything(page)
        key = page.locator("#told tr").last.locator("td").first.inner_text()
    expect(page.locator("#state")).to_have_text("closed")
    expect(page.locator("#code")).to_have_text("1001")
    button = page.locator('[data-try="pickle"]')
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#lab-note")).to_contain_text("no live connection")

    with serve(tmp_path, server.port, **where):
        page.get_by_role("button", name="Open again").click()
        expect(page.locator("#state")).to_have_text("open")
        cells = page.locator("#told tr").last.locator("td")
        expect(cells.nth(1)).to_have_text(key)
        expect(cells.first).not_to_have_text(key)
        before = page.locator(".shelves li").count()
        page.get_by_role("button", name="Read back what was kept").click()
        # five texts and the pipe's ticket on the server, two texts here
        expect(page.locator(".shelves li")).to_have_count(before + 8)
        for name in ("local-storage", "stringify", "session-str"):
            again = page.locator(f'#silent [data-attempt="{name}"] .again')
            expect(again).to_contain_text("read back later")
        assert on_shelf(page, "works") == WORKS
        expect(page.locator("#works li")).to_have_count(len(WORKS))
        expect(page.locator('#loud [data-attempt="pipe"]')).to_contain_text("read back later")
        page.goto("about:blank")


def test_a_database_that_is_not_here_is_said(page: Page, tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        page.goto(f"{server.url}/lab")
        expect(page.locator("#state")).to_have_text("open")
        page.locator('[data-try="redis-repr"]').click()
        expect(page.locator("#said")).to_contain_text("There is no Redis for the server to use.")
        expect(page.locator(".shelves li")).to_have_count(0)
        page.goto("about:blank")


def test_the_page_acts_by_itself(page: Page, tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        page.goto(f"{server.url}/lab?act=browser")
        expect(page.locator(".shelves li")).to_have_count(len(IN_PAGE))
        assert on_shelf(page, "loud") | on_shelf(page, "silent") == set(IN_PAGE)
        page.goto("about:blank")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_what_a_button_brings_is_on_the_screen(page: Page, tmp_path: Path, motion: str) -> None:
    with serve(tmp_path) as server:
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        page.set_viewport_size({"width": 1200, "height": 800})
        page.goto(f"{server.url}/lab")
        expect(page.locator("#state")).to_have_text("open")
        page.get_by_role("button", name="Which parts refuse?").click()
        expect(page.locator("#said li").last).to_be_in_viewport(ratio=1)
        expect(page.locator("#said")).to_be_focused()
        page.locator('[data-try="json-str"]').click()
        expect(page.locator("#silent li")).to_have_count(1)
        page.locator("[data-read]").click()
        expect(page.locator("#silent .again")).to_have_count(1)
        expect(page.locator("#silent")).to_be_in_viewport()
        expect(page.locator("#shelves-title")).to_be_focused()
        page.goto("about:blank")


def test_fits_a_phone_and_works_by_keyboard(page: Page, tmp_path: Path) -> None:
    with serve(tmp_path) as server:
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{server.url}/lab")
        expect(page.locator("#state")).to_have_text("open")
        page.locator('[data-try="copy"]').focus()
        page.keyboard.press("Enter")
        expect(page.locator("#works li")).to_have_count(1)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        page.goto("about:blank")
