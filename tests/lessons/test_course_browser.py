"""The learner's own browser: opened where it does not take the terminal, and only there."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import pytest

from lessons.course.browser import SHORT, open_for_learner, show_headless
from tests.lessons.course_tools import until

URL = "http://127.0.0.1:8101/chat"


def a_program(path: Path) -> Path:
    path.write_text('#!/bin/sh\necho "$1" > "$0.opened"\n')
    path.chmod(0o755)
    return path


def opened(program: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    import webbrowser

    monkeypatch.setattr(webbrowser, "_tryorder", None)  # it looks at BROWSER once in a process
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setenv("BROWSER", str(program))
    return open_for_learner(URL)


def test_a_program_of_their_choice_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = a_program(tmp_path / "helper.sh")
    assert opened(program, monkeypatch)
    there = Path(f"{program}.opened")
    until(lambda: there.exists() and there.read_text() == f"{URL}\n", "it is opened")


def test_a_browser_that_would_take_the_terminal_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = a_program(tmp_path / "w3m")
    assert not opened(program, monkeypatch)
    assert not Path(f"{program}.opened").exists()


def test_without_a_screen_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    assert not open_for_learner(URL)


@pytest.mark.skipif(len(tempfile.gettempdir()) + 24 > SHORT, reason="temporary folders lie deep")
def test_what_a_browser_leaves_in_its_temporary_folder_goes_with_it(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text(f'#!/bin/sh\necho "$TMPDIR" > {tmp_path}/place; mkdir "$TMPDIR/left"\n')
    program.chmod(0o755)
    before = signal.getsignal(signal.SIGTERM)
    try:
        show_headless(str(program), URL, str(tmp_path))
    finally:
        signal.signal(signal.SIGTERM, before)
    place = Path((tmp_path / "place").read_text().strip())
    assert place.name.startswith("ws101-chromium-")
    assert not place.exists()
