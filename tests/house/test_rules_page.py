"""The page of the rules says what the table of the rules says."""

from __future__ import annotations

import re

from inspector.core.rules import RULES
from tests.house.rules_page import COMMAND, PAGE, PHASES, page


def test_the_page_is_what_the_table_says() -> None:
    told = PAGE.read_text("utf-8")
    assert told == page(), f"docs/rules.md is stale: {COMMAND}"


def test_the_page_has_every_rule_once_in_its_phase() -> None:
    sections = re.split(r"^## ", page(), flags=re.MULTILINE)[1:]
    assert len(sections) == len(PHASES)
    for phase, section in zip(PHASES, sections, strict=True):
        ids = re.findall(r"^### (\S+)$", section, re.MULTILINE)
        assert sorted(ids) == sorted(id for id, rule in RULES.items() if rule.phase == phase)
