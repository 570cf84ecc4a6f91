"""What the pages show of the program's own words is what the program says."""

from __future__ import annotations

import subprocess
import sys

from inspector.core.life import life_as_text
from inspector.core.rules import RULES
from tests.house.tree import ROOT

EXAMPLE = "818537fa213d7f9f4d5158"


def test_the_readme_shows_what_explain_prints() -> None:
    command = [sys.executable, "-m", "inspector", "explain", EXAMPLE]
    picture = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = "\n".join(line.rstrip() for line in picture.rstrip("\n").splitlines())
    page = (ROOT / "README.md").read_text("utf-8")
    assert f"ws101 explain {EXAMPLE}" in page
    assert f"```\n{lines}\n```" in page


def test_the_readme_counts_the_rules() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    assert f"- {len(RULES)} of the 108 rules" in page


def test_the_architecture_page_shows_the_life_of_a_connection() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert f"```\n{life_as_text()}\n```" in page
