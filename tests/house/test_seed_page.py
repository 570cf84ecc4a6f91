"""Every sentence of the text that the course began with is shown by a lesson (docs/seed.md)."""

from __future__ import annotations

import pytest

from lessons.course.course import Course
from tests.house.seed_page import (
    PAGE,
    SIMPLIFIES,
    VERDICTS,
    Entry,
    entries,
    sentences,
    texts_of,
)

LESSONS = {lesson.number: lesson for lesson in Course().lessons}
ENTRIES = entries()


def test_the_page_has_each_sentence_of_the_text_once_and_in_order() -> None:
    assert [entry.sentence for entry in ENTRIES] == sentences()
    assert len(ENTRIES) == 27


def test_each_pointer_on_the_page_is_read() -> None:
    """A line that looks like one and is not would be passed over."""
    text = PAGE.read_text("utf-8")
    assert text.count("\n- lesson ") == sum(len(each.claims) + len(each.steps) for each in ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.sentence[:30])
def test_a_sentence_is_shown_by_claims_that_its_lessons_make(entry: Entry) -> None:
    assert entry.verdict in VERDICTS
    assert entry.claims
    for number, words in entry.claims:
        assert words in texts_of(LESSONS[number].folder), (number, words)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.sentence[:30])
def test_where_the_text_simplifies_a_lesson_says_so(entry: Entry) -> None:
    assert bool(entry.steps) == (entry.verdict in SIMPLIFIES)
    for number, title in entry.steps:
        assert title in [step.title for step in LESSONS[number].steps], (number, title)
