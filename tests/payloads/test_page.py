"""The page on adding a view: its example is copied, and works."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from inspector.payloads.table import VIEWS, look
from inspector.payloads.view import Hints, View
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "payload-views.md").read_text("utf-8")


def example() -> View:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    module = ModuleType("quotes")
    exec(compile(source, str(Path("quotes.py")), "exec"), module.__dict__)
    view = module.QUOTE
    assert isinstance(view, View)
    return view


def test_the_example_is_a_view() -> None:
    views = (*VIEWS, example())
    decoded = look(b"price;ACME;1.07", Hints(), views).decoded
    assert decoded is not None
    assert decoded.view == "Quote"
    assert decoded.shown.facts == (("name", "ACME"), ("price", "1.07"))
    for wrong in (b"price;ACME", b"price;\xff;1"):
        assert look(wrong, Hints(), views).decoded is None


def test_every_view_stands_on_the_page() -> None:
    table = PAGE.split("## Adding one")[0]
    assert [view.name for view in VIEWS if view.name not in table] == []
