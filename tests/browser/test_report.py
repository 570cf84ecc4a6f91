"""The learner's report in a real browser: it asks nobody for anything, runs nothing, is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.progress import Progress
from lessons.course.reporting import as_html, report
from tests.lessons.learner import takes

pytestmark = pytest.mark.slow

EVIL = "</style><script>document.title='caught'</script><img src=http://127.0.0.1:9/x>"
DRAWN = """() => [...document.querySelectorAll('figure')].map((figure) => ({
  bars: [...figure.querySelectorAll('rect')].map((bar) => bar.getBoundingClientRect().width),
  marks: figure.querySelectorAll('circle').length,
  told: [...figure.querySelectorAll('tbody td:last-child')].map((cell) => cell.textContent),
}))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_real_run_is_told(browser: Browser, tmp_path: Path, scheme: str) -> None:
    home, course = Home(tmp_path), Course()
    takes(course.find("2"), home)

    def spoil(state) -> None:  # type: ignore[no-untyped-def]
        next(iter(state.predictions.values())).said = EVIL

    progress = Progress(home)
    progress.change(course.find("2").slug, spoil)
    page_file = tmp_path / "report.html"
    page_file.write_text(as_html(report(home, course, progress)), "utf-8")

    context = browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 800})
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_file.as_uri())
    assert page.title() == "Your course of WebSocket"
    assert EVIL in page.inner_text("main")
    assert asked == [page_file.as_uri()]
    assert said == []  # the style sheet was let in by its digest
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == {"light": "rgb(247, 245, 240)", "dark": "rgb(16, 22, 29)"}[scheme]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelectorAll('script').length") == 0

    drawn = page.evaluate(DRAWN)
    lanes = next(figure for figure in drawn if figure["marks"])
    assert lanes["marks"] == sum(map(int, lanes["told"]))
    bars = [figure for figure in drawn if figure["bars"]]
    assert len(bars) >= 2
    for figure in bars[1:]:  # the first is of shares, some of which are 0
        numbers = [float(text.replace(",", "")) for text in figure["told"]]
        widest = max(range(len(numbers)), key=numbers.__getitem__)
        assert figure["bars"][widest] == max(figure["bars"])
    context.close()
