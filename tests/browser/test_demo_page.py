"""The demo's pages in a real Chromium: they do what they say, and ask nobody else for anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from lessons.demo import create_app
from lessons.demo.dirty import PlainHandler, create_dirty_app
from lessons.demo.live import live_of
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import BINARY, Client, masked, until

pytestmark = pytest.mark.browser

PAGES = ("/", "/chat", "/ticker", "/board", "/feed")
VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation",
        (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app({"WS101_TICK_SECONDS": 0.1})) as running:
        yield running


@dataclass
class Watched:
    """A page, and what it should not have done."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def watch(self, origin: str) -> None:
        page = self.page
        page.add_init_script(VIOLATIONS)
        page.on("console", lambda line: self.faults.append(f"console {line.type}: {line.text}"))
        page.on("pageerror", lambda fault: self.faults.append(f"error: {fault}"))
        page.on("request", lambda asked: self.same(asked.url, origin))
        page.on("websocket", lambda socket: self.same(socket.url, origin))

    def same(self, url: str, origin: str) -> None:
        if urlsplit(url).scheme != "data" and urlsplit(url).netloc != urlsplit(origin).netloc:
            self.faults.append(f"asked {url}")


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, server: DemoServer) -> Iterator[Open]:
    """Open a page of the server; in the end, see that nothing untoward happened on any of them."""
    seen: list[Watched] = []

    def visit(path: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        watched = Watched(context.new_page())
        watched.watch(server.url)
        seen.append(watched)
        watched.page.goto(server.url + path)
        return watched.page

    yield visit
    for watched in seen:
        if not watched.page.is_closed():
            watched.faults += watched.page.evaluate("window.violations")
        watched.page.context.close()
    assert [fault for watched in seen for fault in watched.faults] == []
    until(lambda: not live_of(server.app).connections, "all pages have left")


def state(page: Page, name: str) -> None:
    expect(page.locator("#state")).to_have_text(name)


def seated(page: Page) -> None:
    """The chat has greeted the page: only now it hears what is said there."""
    expect(page.locator("#talk")).to_contain_text("You are ")


def event_names(page: Page) -> list[str]:
    """What the page's log says, the oldest first."""
    return page.locator("#events b").all_inner_texts()[::-1]


def test_chat_between_two_pages(visit: Open) -> None:
    one = visit("/chat")
    state(one, "open")
    seated(one)
    two = visit("/chat")
    state(two, "open")
    expect(one.locator("#talk")).to_contain_text("joined")
    one.get_by_label("Say something").fill("hello")
    one.get_by_label("Say something").press("Enter")
    expect(two.locator("#talk .theirs span")).to_have_text("hello")
    expect(one.locator("#talk .mine span")).to_have_text("hello")
    expect(one.locator("#sent")).to_have_text("1")
    expect(one.locator("#events")).to_contain_text("“hello” (5 bytes)")
    two.locator("#text").fill("<b>hi</b> <img src=x onerror=alert(1)> [/b] \u202e\u0007 😀")
    two.get_by_role("button", name="Send").click()
    expect(one.locator("#talk .theirs span")).to_contain_text("<b>hi</b> <img src=x")
    expect(one.locator("#events")).to_contain_text("\\u{202e}\\u{7} 😀")
    assert one.locator("#talk img").count() == 0
    two.close()
    expect(one.locator("#talk .note").last).to_have_text(re.compile("left$"))


def test_polite_close_is_clean_in_the_page(visit: Open) -> None:
    page = visit("/chat")
    state(page, "open")
    seated(page)
    page.get_by_role("button", name="Close politely").click()
    state(page, "closed")
    expect(page.locator("#code")).to_have_text("1000")
    expect(page.locator("#reason")).to_have_text("bye")
    expect(page.locator("#was-clean")).to_have_text("true")
    expect(page.locator("#state-words")).to_have_text(
        "with 1000 (normal closure), reason “bye”, clean"
    )
    assert event_names(page) == ["→ new WebSocket", "← open", "← message", "→ close", "← close"]
    page.locator("#text").fill("anyone?")
    page.locator("#text").press("Enter")
    note = page.get_by_role("status").filter(has_text="not sent")
    expect(note).to_have_text("not sent: this connection is closed. Open again.")
    expect(note).to_be_in_viewport()
    expect(page.locator("#sent")).to_have_text("0")
    page.get_by_role("button", name="Open again").click()
    state(page, "open")
    expect(page.locator("#say-note")).to_have_text("")
    page.locator("#text").press("Enter")
    expect(page.locator("#talk .mine span")).to_have_text("anyone?")


def test_close_by_the_server_is_clean_in_the_page(visit: Open, server: DemoServer) -> None:
    page = visit("/chat")
    state(page, "open")
    connection = live_of(server.app).find(path="/ws/chat")
    assert connection
    connection.ws.close(4000, "that will do")
    state(page, "closed")
    expect(page.locator("#code")).to_have_text("4000")
    expect(page.locator("#reason")).to_have_text("that will do")
    expect(page.locator("#was-clean")).to_have_text("true")
    assert "← error" not in event_names(page)


def test_what_the_server_counts_as_a_fault(visit: Open) -> None:
    page = visit("/chat")
    state(page, "open")
    page.evaluate("ws101.socket.send(new Uint8Array([1, 2, 3]))")
    state(page, "closed")
    expect(page.locator("#code")).to_have_text("1003")
    expect(page.locator("#was-clean")).to_have_text("true")


def test_ticker_moves(visit: Open) -> None:
    page = visit("/ticker")
    state(page, "open")
    words = page.locator("#words")
    expect(words).to_have_text(re.compile(r"The last \d\d ticks"))
    assert re.match(r"Tick \d+: \d+\.\d\d, (up|down|unchanged)", words.inner_text())
    assert page.locator("#plot .curve").get_attribute("d")
    page.get_by_role("button", name="Read it out").click()
    expect(page.locator("#spoken")).to_contain_text("Tick ")
    page.get_by_text("The last ten ticks as a table").click()
    expect(page.locator("#ticks tr")).to_have_count(10)
    expect(page.locator("#sent")).to_have_text("0")  # it never says a word


def painted(page: Page) -> int:
    """How many pixels of the board have been drawn on."""
    return int(
        page.evaluate(
            """() => {
                const board = document.querySelector("#board");
                const copy = new OffscreenCanvas(board.width, board.height).getContext("2d");
                copy.drawImage(board, 0, 0);
                const {data} = copy.getImageData(0, 0, board.width, board.height);
                let count = 0;
                for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
                return count;
            }"""
        )
    )


def test_drawing_on_one_board_appears_on_the_other(visit: Open) -> None:
    one, two = visit("/board"), visit("/board")
    state(one, "open")
    state(two, "open")
    one.get_by_text("violet").click()
    box = one.locator("#board").bounding_box()
    assert box
    one.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.2)
    one.mouse.down()
    one.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.3)
    one.mouse.up()
    expect(two.locator("#board-count")).to_have_text(
        re.compile(r"2 lines on the board, the last in violet from 250, 120 to 7(49|50|51), 180\.")
    )
    assert painted(two) > 100
    assert re.match(
        "01 05 00 fa 00 78 02 e[de] 00 b4|01 05", two.locator("#last-bytes").inner_text()
    )
    three = visit("/board")
    expect(three.locator("#board-count")).to_contain_text("2 lines on the board")
    two.get_by_role("button", name="Wipe the board").click()
    for page in (one, two, three):
        expect(page.locator("#board-count")).to_have_text("The board is empty.")
        assert painted(page) == 0


def test_drawing_with_the_keyboard(visit: Open) -> None:
    one, two = visit("/board"), visit("/board")
    state(one, "open")
    state(two, "open")
    one.locator("#board").focus()
    one.keyboard.press("3")
    one.keyboard.press("ArrowLeft")
    one.keyboard.press("Space")
    one.keyboard.press("Shift+ArrowDown")
    expect(one.locator("#board-words")).to_have_text("Pen down, teal, at 490, 350.")
    expect(two.locator("#board-count")).to_have_text(
        "2 lines on the board, the last in teal from 490, 300 to 490, 350."
    )
    assert painted(two) > 20
    two.get_by_role("button", name="Wipe the board").click()
    expect(one.locator("#board-count")).to_have_text("The board is empty.")


def test_a_closed_board_says_that_nothing_is_sent(visit: Open) -> None:
    page = visit("/board", viewport={"width": 1200, "height": 800})
    state(page, "open")
    page.get_by_role("button", name="Close politely").click()
    state(page, "closed")
    note = page.locator("#board-words")
    before = page.locator("#board").bounding_box()
    page.locator("#board").click(position={"x": 40, "y": 40})
    expect(note).to_have_text("not sent: this connection is closed. Open again.")
    expect(note).to_be_in_viewport()
    assert page.locator("#board").bounding_box() == before  # nothing moves under the pen
    page.get_by_role("button", name="Wipe the board").click()
    expect(note).to_contain_text("not sent")
    page.get_by_role("button", name="Open again").click()
    expect(note).to_have_text("")
    expect(page.locator("#board-count")).to_have_text("The board is empty.")


def test_the_connection_of_four_ways_is_named_and_no_lab_is_offered(visit: Open) -> None:
    page = visit("/feed")
    named = page.get_by_role("region", name="The WebSocket’s connection")
    expect(named.locator("#address")).to_contain_text("/ws/ticker")
    assert page.get_by_role("link", name="Lab").count() == 0


def test_four_ways_see_the_same_ticks(visit: Open) -> None:
    page = visit("/feed")

    def number(lane: str, role: str) -> int:
        return int(page.locator(f'[data-lane="{lane}"] [data-role="{role}"]').inner_text())

    lanes = ("poll", "long-poll", "events", "websocket")
    for lane in lanes:
        ticks = page.locator(f'[data-lane="{lane}"] [data-role="ticks"]')
        expect(ticks).to_have_text(re.compile(r"^[1-9]\d+$"))  # ten at least
    assert number("events", "requests") == number("websocket", "requests") == 1
    assert number("long-poll", "requests") >= 2  # a busy machine answers with several ticks at once
    assert number("poll", "requests") >= 2
    for lane in lanes:
        page.locator(f'[data-lane="{lane}"] button').click()
        expect(page.locator(f'[data-lane="{lane}"] button')).to_have_text("Start")
    state(page, "closed")
    expect(page.locator("#was-clean")).to_have_text("true")
    page.locator('[data-lane="websocket"] button').click()
    state(page, "open")
    page.locator("#close").click()
    expect(page.locator('[data-lane="websocket"] button')).to_have_text("Start")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844), (320, 640)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_and_keeps_the_policy(
    visit: Open, path: str, width: int, height: int, scheme: str
) -> None:
    page = visit(path, viewport={"width": width, "height": height}, color_scheme=scheme)
    if path != "/":
        state(page, "open")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, canvas[tabindex], a")].filter(
            (one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.length)
        ).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("path", PAGES)
def test_every_control_is_reached_by_tab_and_shows_it(visit: Open, path: str) -> None:
    page = visit(path)
    controls = "a, button, summary, canvas[tabindex], input, ol[tabindex]"
    unreached = page.evaluate(
        """(controls) => {
            // Of a group of radio buttons Tab reaches one: the arrow keys go on from there.
            window.unreached = new Set(document.querySelectorAll(controls));
            for (const radio of document.querySelectorAll("input[type=radio]:not(:checked)"))
                unreached.delete(radio);
            return unreached.size;
        }""",
        controls,
    )
    for _ in range(unreached + 3):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
                const one = document.activeElement;
                unreached.delete(one);
                const ring = getComputedStyle(one.closest(".pens label") ?? one).outlineStyle;
                const card = getComputedStyle(one, "::after").outlineStyle;
                return one === document.body || ring !== "none" || card !== "none";
            }"""
        )
        assert shown, "focus without a ring"
    assert page.evaluate("[...unreached].map((one) => one.id || one.textContent)") == []


def test_a_page_of_another_origin_is_kept_out(browser: Browser, server: DemoServer) -> None:
    """A WebSocket from elsewhere fails before it opens: what the Origin check is for."""
    with DemoServer(create_app()) as other:
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(other.url)
        told = page.evaluate(
            """(url) => new Promise((done) => {
                const socket = new WebSocket(url);
                socket.onopen = () => done("opened");
                socket.onclose = ({code}) => done(code);
            })""",
            server.url.replace("http", "ws") + "/ws/chat",
        )
        page.context.close()
    assert told == 1006


def test_the_specimen_is_unclean_in_the_page(browser: Browser) -> None:
    """Plain flask-sock: the page sees an error and 1006 although a Close was sent."""
    with DemoServer(create_dirty_app(), handler=PlainHandler) as dirty:
        page = browser.new_context().new_page()
        page.goto(dirty.url + "/chat")
        state(page, "open")
        page.evaluate("ws101.socket.send(new Uint8Array([1]))")
        state(page, "closed")
        expect(page.locator("#code")).to_have_text("1006")
        expect(page.locator("#state-words")).to_contain_text(
            "Press “Open again”, or reload this page."
        )
        expect(page.locator("#was-clean")).to_have_text("false")
        assert "← error" in event_names(page)
        page.context.close()


def test_a_stranger_in_the_room_can_do_no_harm(visit: Open, server: DemoServer) -> None:
    """Long, odd and binary things from a client that is no browser."""
    page, board = visit("/chat"), visit("/board")
    state(page, "open")
    state(board, "open")
    seated(page)
    until(lambda: live_of(server.app).room("board").members, "the page is at the board")
    with Client.open("/ws/chat", server.port) as stranger:
        stranger.say("x" * 100_000)
        stranger.say("\u202eevil\u2066\x1b]52;c;AAAA\x07\x00</li><script>alert(1)</script>")
        expect(page.locator("#talk")).to_contain_text("… (100000 characters)")
        expect(page.locator("#events")).to_contain_text(
            "\\u{1b}]52;c;AAAA\\u{7}\\u{0}</li><script>"
        )
        stranger.farewell()
    with Client.open("/ws/board", server.port) as stranger:
        stranger.send(masked(BINARY, b"\x02\x01\x00" + b"\0" * 8 + b"\x02"))
        expect(board.locator("#board-count")).to_have_text("The board is empty.")
        expect(board.locator("#last-bytes")).to_contain_text("02 01 00")
        stranger.farewell()
