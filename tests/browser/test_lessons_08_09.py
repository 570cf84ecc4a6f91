"""The pages of lessons 8 and 9 in a real Chromium, one for both: what is sent in pieces is heard
whole, and pings are answered, whatever the page's script does or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from inspector.core.conversation import Conversation
from inspector.core.events import Framed
from inspector.core.frames import Frame
from inspector.core.rfc import Side
from lessons.course.course import Course, load
from lessons.demo.app import create_app
from lessons.demo.live import Live, live_of
from lessons.demo.server import DemoServer
from tests.browser.wires import Wire
from tests.lessons.demo_wire import until

pytestmark = pytest.mark.browser

PIECES = load(Course().find("8"), "server")
QUIET = load(Course().find("9"), "server")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page; in the end, nothing on it went wrong."""
    faults: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    yield page
    page.close()
    assert faults == []


def decoded(sent: bytes, answered: bytes) -> list[Frame]:
    """The frames of a connection, both heads being told first."""
    conversation, frames = Conversation(), []
    head, answer = sent.index(b"\r\n\r\n") + 4, answered.index(b"\r\n\r\n") + 4
    told: list[tuple[Side, bytes]] = [("client", sent[:head]), ("server", answered[:answer])]
    told += [("client", sent[head:]), ("server", answered[answer:])]
    for side, data in told:
        events = conversation.receive(side, data, 0.0)
        frames += [event.frame for event in events if isinstance(event, Framed)]
    return frames


def test_pieces_are_heard_whole_and_long_messages_cut(page: Page) -> None:
    app = create_app(PIECES.CONFIG, blueprints=[PIECES.bp])
    with DemoServer(app) as server:
        wire = Wire(("127.0.0.1", server.port))
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"http://127.0.0.1:{wire.port}/pieces")
        expect(page.locator("#state")).to_have_text("open")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        for name, heard in (
            ("frames", ["“One message, in three frames”"]),
            ("letter", ["“A café”"]),
            ("writes", ["“One frame, in three writes”"]),
            ("together", ["“one”", "“two”", "“three”"]),
        ):
            page.locator(f"[data-ask={name}]").focus()
            page.keyboard.press("Enter")
            expect(page.locator("#heard li")).to_have_text(heard)
            times = "1 time." if len(heard) == 1 else "3 times."
            expect(page.locator("#count")).to_have_text(f"onmessage fired {times}")
        page.locator("#long").click()
        expect(page.locator("#count")).to_contain_text("300,000 letters")
        page.locator("#close").click()
        expect(page.locator("#state")).to_have_text("closed")
        line = wire.find(b"GET /ws/pieces ")
        page.goto("about:blank")
        wire.close()
    frames = decoded(bytes(line.sent), bytes(line.answered))
    ours = [frame for frame in frames if frame.side == "client"]
    assert [frame.payload for frame in ours if frame.opcode == 10] == [b"still there?"]
    long = [frame for frame in ours if set(frame.payload) == {ord("x")}]
    assert len(long) > 1, "Chromium does not cut long messages any more: does the lesson say so?"
    assert sum(frame.length or 0 for frame in long) == 300_000  # where it cuts, varies


def pongs(live: Live) -> int:
    line = live.find(path="/ws/quiet")
    return line.ws.pongs if line else 0  # type: ignore[attr-defined]


def test_a_page_that_hangs_is_alive_to_the_server(page: Page) -> None:
    patient = {"SOCK_SERVER_OPTIONS": {"ping_interval": 1.2}}  # others use this machine, too
    app = create_app(patient, blueprints=[QUIET.bp])
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
        assert pongs(live) > before
        expect(page.locator("#state")).to_have_text("open")
        expect(page.locator("#received")).to_have_text("2")
        page.goto("about:blank")
    assert live.dropped == 0
