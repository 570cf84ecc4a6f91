"""The lessons, taken with a real Chromium in the learner's place, by script from end to end.

Each `do` is done as its words say, on the page, with keys and buttons; the lesson's own script acts
only where the words say that no browser can. What has to come of it: every number in the words and
every prediction is measured, each answer is one of the options, every picture is drawn, every claim
holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lessons.course.course import Course, experiment_of
from lessons.course.home import Home
from lessons.course.model import Do
from lessons.course.moments import Act, Ask, Draw, Ending, HandOver, Reveal, Say
from lessons.course.progress import Progress
from lessons.course.runner import Run, blocks, play
from lessons.course.session import Session
from lessons.course.words import fill, prose
from tests.house.seed_page import claims_of, entries

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COURSE = Course()
type Hand = Callable[[Page, Session], object]


# Hands


def go(path: str) -> Hand:
    return lambda page, session: page.goto(session.page + path)


def press(*names: str) -> Hand:
    def hand(page: Page, session: Session) -> None:
        for name in names:
            page.get_by_role("button", name=name, exact=True).click()

    return hand


def press_in(group: str, *names: str) -> Hand:
    """The buttons of a named group; each answers before the next is pressed."""

    def hand(page: Page, session: Session) -> None:
        rows = page.locator("#gone tr")
        for name in names:
            before = rows.count()
            page.get_by_role("group", name=group).get_by_role(
                "button", name=name, exact=True
            ).click()
            expect(rows).to_have_count(before + 1)

    return hand


def press_all(selector: str) -> Hand:
    def hand(page: Page, session: Session) -> None:
        for button in page.locator(selector).all():
            button.click()

    return hand


def bait(page: Page, session: Session) -> None:
    """In the console, what the lesson says."""
    facts = Run(COURSE, session.lesson, session, Progress(session.home)).facts()
    page.evaluate(f'ws101.socket.send("{facts["bait_code"]}")')


def first(*hands: Hand) -> Hand:
    def hand(page: Page, session: Session) -> None:
        for each in hands:
            each(page, session)

    return hand


def say(words: str) -> Hand:
    def hand(page: Page, session: Session) -> None:
        expect(page.locator("#state")).to_have_text("open")
        page.get_by_label("Say something").fill(words)
        page.keyboard.press("Enter")
        page.locator("#talk li.mine span", has_text=words).first.wait_for()

    return hand


def nothing(page: Page, session: Session) -> None:
    pass


def reload(page: Page, session: Session) -> None:
    page.reload()


def two_tabs(page: Page, session: Session) -> None:
    other = page.context.new_page()
    for each in (page, other):
        each.goto(f"{session.page}/chat")
        expect(each.locator("#state")).to_have_text("open")
    say("hello")(page, session)
    other.close()


def shut_a_tab(page: Page, session: Session) -> None:
    tab = page.context.new_page()
    tab.goto(f"{session.page}/ended/tab")
    expect(tab.locator("#state")).to_have_text("open")
    tab.close()


def hold_and_let(act: str) -> Hand:
    """The page holds a connection; then the script does what no browser can."""

    def hand(page: Page, session: Session) -> None:
        press("Hold one open")(page, session)
        expect(page.locator("#held")).to_contain_text("Held open")
        experiment_of(session.lesson).ACTIONS[act].script(session)

    return hand


def repeat_the_server(page: Page, session: Session) -> None:
    chat = session.evidence().connection("/ws/chat")
    told = [said.text for said in chat.said("server") if said.text and ": hello" in said.text]
    say(str(told[-1]))(page, session)


def is_open(page: Page, session: Session) -> None:
    expect(page.locator("#state")).to_have_text("open")


def proxied(path: str) -> Hand:
    return lambda page, session: page.goto(session.proxied + path)


def killed_in_two_tabs(page: Page, session: Session) -> None:
    """One death, two stories: to the page behind the proxy, and to the one that is not."""
    other = page.context.new_page()
    proxied("/between")(page, session)
    go("/between")(other, session)
    for each in (page, other):
        is_open(each, session)
    experiment_of(session.lesson).ACTIONS["kill"].script(session)
    expect(page.locator("#code")).to_have_text("1000")
    expect(other.locator("#code")).to_have_text("1006")
    other.close()


def lawful_twice(page: Page, session: Session) -> None:
    """By way of the proxy, then by our tap alone."""
    proxied("/between")(page, session)
    press("The lawful one")(page, session)
    page.locator("#told", has_text="did not arrive").or_(
        page.locator("#told", has_text="arrived:")
    ).wait_for()
    go("/between")(page, session)
    press("The lawful one")(page, session)


def say_on_each(page: Page, session: Session) -> None:
    for each in page.context.pages:
        say("hello")(each, session)


def open_two(page: Page, session: Session) -> None:
    for each in (page, page.context.new_page()):
        each.goto(f"{session.page}/chat")
        expect(each.locator("#state")).to_have_text("open")


def open_again(page: Page, session: Session) -> None:
    """On each page that is closed; how many those are, the lesson's script decides."""
    for each in page.context.pages:
        if each.locator("#state").text_content() == "closed":
            each.get_by_role("button", name="Open again", exact=True).click()
            expect(each.locator("#state")).to_have_text("open")


def open_again_on_each(page: Page, session: Session) -> None:
    for each in page.context.pages:
        expect(each.locator("#state")).to_have_text("closed")
    open_again(page, session)


def come_back(page: Page, session: Session) -> None:
    """On the page whose server was killed."""
    for each in page.context.pages:
        if "Otter@A" in (each.locator("#talk").text_content() or ""):
            expect(each.locator("#state")).to_have_text("closed")
            open_again(each, session)
            return say("back")(each, session)
    raise AssertionError("no page was on server A")


def all_inside(page: Page, session: Session) -> None:
    """All four connections of the room have been greeted."""
    expect(page.locator("[data-by]", has_text="process")).to_have_count(4)


HANDS: Mapping[int, Mapping[str, Hand]] = {
    0: {"open": go("/")},
    1: {
        "poll": first(go("/feed/poll"), reload, reload),
        "ticker": go("/ticker"),
        "chat": two_tabs,
    },
    2: {
        "race": go("/feed"),
        "plain": first(go("/memory"), press("Ask", "Ask")),
        "cookie": press(*["Ask with a cookie"] * 3),
        "socket": press(*["Say again"] * 3),
    },
    3: {"hello": first(go("/chat"), say("hello")), "again": reload},
    5: {
        "hello": first(go("/chat"), say("hello")),
        "same": repeat_the_server,
        "long": say("a" * 200),
        "huge": lambda page, _: page.evaluate('ws101.socket.send("x".repeat(70000))'),
    },
    4: {
        "told": first(go("/refused/elsewhere"), press("Open it from here")),
        "elsewhere": nothing,
        "forged": first(go("/refused"), press_all("[data-send=forged]")),
        "altered": press_all("[data-send]:not([data-send=forged])"),
        "plain": go("/ws/chat"),
        "proxy": go("/refused/proxy"),
    },
    6: {
        "empty": first(go("/cost"), press_in("As one WebSocket message", "0")),
        "edges": press_in("As one WebSocket message", "125", "126", "65,535", "65,536"),
        "small": press_in("As the body of an HTTP POST", "125"),
        "large": press_in("As the body of an HTTP POST", "65,536"),
    },
    7: {"twice": first(go("/chat"), say("hello"), say("hello")), "bait": bait},
    8: {
        "frames": first(go("/pieces"), press("One message in three frames, a ping between")),
        "letter": press("One letter in two halves"),
        "writes": press("One frame in three writes"),
        "together": press("Three messages in one write"),
        "long": press_all("#long"),
    },
    9: {
        "watch": go("/quiet"),
        "empty": press_all("#empty, #ping"),
        "hang": press("Hang for 1.5 seconds"),
    },
    10: {
        "calls": first(
            go("/ended"), press("close()", 'close(1000, "bye")', 'close(4000, "my own")')
        ),
        "refused": press("close(1001)", 'close(1000, "x".repeat(124))'),
        "server": press("The server closes", "Its handler raises"),
        "cross": press("Both close at once"),
        "leave": shut_a_tab,
        "kill": hold_and_let("kill"),
        "rude": press("Close, and it hangs up"),
        "specimen": press("flask-sock closes"),
        "freeze": hold_and_let("freeze"),
    },
    11: {
        "hello": first(go("/squeeze"), press("hello")),
        "twice": press("A sentence, twice"),
        "forget": press("The same where nothing is kept"),
        "sizes": press("1,000 bytes of four kinds"),
        "pieces": press("One message in three frames"),
        "guess": press("Guess six animals"),
        "zeros": press("Zeros"),
    },
    12: {
        "ask": proxied("/between"),
        "hello": first(press("Open again"), is_open, press("Say hello")),
        "pieces": press("Ask for pieces"),
        "kill": killed_in_two_tabs,
        "lawful": lawful_twice,
    },
    13: {
        "connect": go("/lab"),
        "texts": press_all("[data-try=pickle], [data-try=json], [data-try=json-str]"),
        "copies": press_all("[data-try=copy], [data-try=deepcopy]"),
        "database": press_all("[data-try^=sqlite]"),
        "redis": press_all("[data-try^=redis]"),
        "postgres": press_all("[data-try^=postgres]"),
        "session": press_all("[data-session=session], [data-session=session-str]"),
        "handler": press_all("[data-session=session-socket]"),
        "page": press_all("[data-page]"),
        "pipe": press_all("[data-pipe]"),
        "again": first(
            press("Open again"), is_open, press("Read back what was kept, and send on it")
        ),
        "descriptors": press("The kernel’s table"),
        "parts": press("Which parts refuse?"),
        "stranger": press("Unpickle a stranger’s bytes"),
    },
    14: {
        "connect": go("/heir"),
        "pass": press("Pass it on"),
        "torn": press("Both write at once"),
        "unread": press("Three messages, then a fourth"),
        "middle": press("One long message"),
        "window": press("The same message twice"),
        "close": press("close() in one"),
        "shutdown": press("shutdown() in one"),
        "stay": press("Pass it on for good"),
        "speak": press("Say something"),
    },
    15: {
        "open": first(go("/room"), all_inside, press("Say three")),
        "race": press("Join all three"),
    },
    17: {"open": go("/reconnect"), "ends": press("Try all eight")},
    18: {
        "race": go("/feed"),
        "gallery": first(go("/gallery"), press("Play all nine")),
        "exam": first(go("/exam"), press("Make my five captures")),
    },
    16: {
        "two": open_two,
        "hello": say_on_each,
        "again": first(open_again_on_each, say_on_each),
        "back": come_back,
    },
}
"""What a learner does, by lesson and action. What is missing is left to the script."""


@pytest.mark.parametrize("number", HANDS)
def test_a_lesson_holds_in_a_real_browser(number: int, browser: Browser, tmp_path: Path) -> None:
    lesson = COURSE.find(str(number))
    home = Home(tmp_path / "home")
    page = browser.new_context().new_page()
    with Session(lesson, home) as session:
        run = Run(COURSE, lesson, session, Progress(home))
        moments, reply = play(run), None
        ending = None
        while ending is None:
            moment = moments.send(reply)
            reply = None
            match moment:
                case Ask():
                    reply = moment.options[0].key
                case Act():
                    for name in moment.action.needs:
                        session.store(name)
                    if hand := HANDS[number].get(moment.do.name):
                        hand(page, session)
                    else:
                        moment.action.script(session)
                    session.wait_for(moment.action.seen, moment.do.name, 30.0)
                    reply = "done"
                case Say():  # raises UnknownFact for a number that was not measured
                    assert list(prose(moment.text, moment.facts))
                case HandOver():
                    assert fill(moment.words, run.facts())
                case Draw():
                    assert moment.lines, moment.missing
                case Reveal():
                    told = (moment.prediction.name, moment.answer_key)
                    assert moment.answer is not None, told
                case Ending():
                    ending = moment
                case _:
                    pass
        assert [claim for claim in ending.claims if not claim.held] == []
        assert claims_of(number) <= {claim.words for claim in ending.claims if claim.held}
        assert ending.claims
    page.context.close()


def test_every_action_named_here_is_one() -> None:
    for number, hands in HANDS.items():
        known = {block.name for block in blocks(COURSE.find(str(number))) if isinstance(block, Do)}
        assert set(hands) <= known


def test_every_lesson_that_shows_a_sentence_of_the_text_is_taken_here() -> None:
    """docs/seed.md names claims; that they hold is seen above."""
    assert {number for entry in entries() for number, _ in entry.claims} <= set(HANDS)
