"""A missing program excuses a test here and fails it in CI, and CI installs what tests need."""

from __future__ import annotations

import re

import pytest

from lessons.course.stores import STORES
from tests import needs
from tests.house.tree import ROOT, files


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the program "nothing"."""
    entry = needs.Program(("no-such-program",), package="nothing-bin", brew="nothing")
    monkeypatch.setitem(needs.PROGRAMS, "nothing", entry)
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.usefixtures("nothing")
def test_a_missing_program_skips_and_says_how_to_get_it() -> None:
    with pytest.raises(pytest.skip.Exception, match="apt install nothing-bin") as skipped:
        needs.program("nothing")
    assert skipped.value.allow_module_level


@pytest.mark.usefixtures("nothing")
def test_in_ci_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="WS101_NOTHING"):
        needs.program("nothing")


@pytest.mark.usefixtures("nothing")
def test_its_path_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WS101_NOTHING", "/bin/sh")
    assert needs.program("nothing") == "/bin/sh"
    monkeypatch.setenv("WS101_NOTHING", "/no/such/file")
    assert needs.find("nothing") is None


def test_ci_installs_every_program_that_a_test_needs() -> None:
    asked = {
        word
        for path in files(".py", under=("tests",))
        for word in re.findall(r'\bprogram\("([a-z-]+)"\)', path.read_text("utf-8"))
        if word != "nothing"
    }
    installed = dict(re.findall(r"^([a-z-]+): (.+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE))
    for word in asked:
        entry = needs.PROGRAMS[word]
        assert set(installed[entry.package].split()) <= {*entry.names, *entry.places}


def test_tests_and_course_look_for_the_same_database_servers() -> None:
    for store in STORES.values():
        entry = needs.PROGRAMS[store.program]
        assert (store.package, store.brew, store.places) == (
            entry.package, entry.brew, entry.places,
        )  # fmt: skip
        assert store.program in entry.names
        assert store.variable == needs.variable(store.program)
