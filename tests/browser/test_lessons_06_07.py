"""Lessons 6 and 7 taken with a real Chromium, through the tap: what it sends is what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lessons.course.course import Course, experiment_of
from lessons.course.home import Home
from lessons.course.model import Experiment, Missing
from lessons.course.session import Session

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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


def known(experiment: Experiment, session: Session) -> dict[str, object]:
    """The facts so far."""
    found: dict[str, object] = {}
    with suppress(Missing):
        for name, value in experiment.facts(session.evidence(), session):
            found[name] = value
    return found


def test_what_the_cost_page_sends(page: Page, tmp_path: Path) -> None:
    lesson = Course().find("6")
    experiment = experiment_of(lesson)
    with Session(lesson, Home(tmp_path)) as session:
        page.goto(f"{session.page}/cost")
        expect(page.locator("#state")).to_have_text("open")
        buttons = page.locator("[data-send], [data-post]")
        for button in buttons.all():
            button.click()
        rows = page.locator("#gone tr")
        expect(rows).to_have_count(buttons.count())
        expect(page.locator("#gone")).not_to_contain_text("…")
        assert all(
            out == back
            for out, back in (row.locator(".number").all_inner_texts() for row in rows.all())
        )
        for name in ("empty", "edges", "small", "large"):
            session.wait_for(experiment.ACTIONS[name].seen, name)
        for name in ("pieces", "wide"):  # what no page can do
            experiment.ACTIONS[name].script(session)
            session.wait_for(experiment.ACTIONS[name].seen, name)
        facts = known(experiment, session)
        assert (facts["empty_out"], facts["one_more"], facts["one_more_huge"]) == (6, 3, 7)
        assert (facts["times_key"], facts["paid_key"]) == ("fifty", "first")
        assert facts["large_key"] == "hundredth"
        assert [c.words for c in experiment.claims(session.evidence(), session) if not c.held] == []

        page.get_by_role("button", name="Close politely").click()
        expect(page.locator("#state")).to_have_text("closed")
        expect(page.locator("[data-send='0']")).to_have_attribute("aria-disabled", "true")


def test_a_page_that_plays_the_attacker_is_masked(page: Page, tmp_path: Path) -> None:
    lesson = Course().find("7")
    experiment = experiment_of(lesson)
    with Session(lesson, Home(tmp_path)) as session:
        page.goto(f"{session.page}/chat")
        expect(page.locator("#state")).to_have_text("open")
        for _ in range(2):
            page.locator("#text").fill("hello")
            page.locator("#send").click()
        session.wait_for(experiment.ACTIONS["twice"].seen, "the same word twice")
        code = known(experiment, session)["bait_code"]
        page.evaluate(f'ws101.socket.send("{code}")')  # what the lesson has the learner type
        session.wait_for(experiment.ACTIONS["bait"].seen, "the bait")
        (masked,) = list(experiment.TABLES["box"](session.evidence(), session))[1:]
        assert masked[0] == "masked"
        assert masked[2] == "(nothing)"
        facts = known(experiment, session)
        assert (facts["alike"], facts["needs"]) == ("two", "nothing")
