"""docs/filter.md and `--filter help` say what the table of fields says; examples are filters."""

from __future__ import annotations

import re

import pytest

from inspector.filter import FIELDS, FilterError, parse
from inspector.filter.kinds import OPERATORS
from inspector.filter.pattern import MAX_REPEATS
from inspector.filter.patterns import MAX_PROGRAM
from inspector.filter.reference import BEGINNING, GROUPS, details, reference, table, written
from tests.filter.test_matching import CHAT
from tests.filter.traffic import all_entries, chosen, client, talk
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "filter.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0].splitlines()


@pytest.mark.parametrize("group", GROUPS)
def test_the_page_has_every_field(group: str) -> None:
    """What is to stand there is printed when this fails: copy it."""
    assert table(group) in PAGE  # type: ignore[arg-type]


def test_no_field_and_no_group_is_left_out() -> None:
    text = " ".join(reference().split())
    for field in FIELDS.values():
        assert field.group in GROUPS
        assert f" {written(field)} " in text
        assert details(field) in text


def test_the_page_has_every_operator_and_the_limits() -> None:
    for operator in OPERATORS:
        assert f"`{operator}`" in PAGE
    assert MAX_REPEATS == MAX_PROGRAM == 1000
    assert "A repeat goes to 1,000, and a pattern is at most 1,000 steps" in PAGE


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_are_filters(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


def test_the_examples_want_something() -> None:
    """Each of them, of what was seen in the vectors and in two chats."""
    firefox = talk(client(1, b'{"room": 1, }'), asked="User-Agent: Firefox/150\r\n")
    traffic = [*all_entries(), *CHAT, *firefox]
    assert [text for text in EXAMPLES if chosen(text, traffic) == []] == []


def test_the_examples_of_the_help_are_filters() -> None:
    shown = re.findall(r"^  (\S.*)$", BEGINNING, re.MULTILINE)
    assert len(shown) == 6
    for text in shown:
        parse(text)


def test_the_error_on_the_page_is_the_one_that_is_told() -> None:
    (picture,) = re.findall(r"^```text\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    with pytest.raises(FilterError) as caught:
        parse(picture.splitlines()[0])
    assert str(caught.value) == picture
