"""What is remembered is never lost: not to a kill, a full disk, garbage, or a second terminal."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.course.home import Home
from lessons.course.progress import Guess, LessonState, NewerProgress, Progress
from tests.lessons.course_tools import ROOT, environment, until

WRITER = """
import sys
from pathlib import Path
from lessons.course.home import Home
from lessons.course.progress import Progress
progress = Progress(Home(Path(sys.argv[1])))
for number in range(int(sys.argv[3])):
    state = progress.change(sys.argv[2], lambda s: s.skipped.append("x"))
    print(len(state.skipped), progress.trouble, flush=True)
"""


def writer(home: Path, slug: str, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), slug, str(times)],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_lesson_whose_questions_were_asked_elsewhere_is_not_begun(home: Home) -> None:
    progress = Progress(home)

    def ask(state: LessonState) -> None:
        state.predictions["p"] = Guess("", 1.5, "Which?", "b", ["b"])

    progress.change("00_x", ask)
    assert not progress["00_x"].begun
    progress.change("00_x", lambda state: state.captures.append("00_x.pcapng"))
    assert progress["00_x"].begun


def test_it_comes_back_as_it_was(home: Home) -> None:
    progress = Progress(home)
    assert not progress["03_x"].begun

    def change(state: LessonState) -> None:
        state.step = 2
        state.predictions["p"] = Guess("a", 1.5, "Which?", "b", ["b"])
        state.exercise.passed = True
        state.notes = {"table": [[1, None], {"x": "y"}]}

    progress.change("03_x", change)
    again = Progress(home)
    assert again["03_x"] == progress["03_x"]
    assert again.last == "03_x"
    assert again["03_x"].predictions["p"].right is False


def test_a_kill_at_any_moment_leaves_a_whole_file(home: Home) -> None:
    """Killed while it writes, again and again: what was said to be kept is there."""
    rng = random.Random(6455)
    kept = 0
    for _ in range(8):
        process = writer(home.path, "03_x", 10_000)
        assert process.stdout
        promised = 0
        for _ in range(rng.randrange(1, 30)):
            promised = int(process.stdout.readline().split()[0])
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        progress = Progress(home)
        assert progress.note == ""
        found = len(progress["03_x"].skipped)
        assert found >= promised > kept
        kept = found
    Progress(home).change("03_x", lambda state: None)
    assert [path.name for path in home.path.glob(".progress.json*")] == []


def test_two_terminals_do_not_undo_each_other(home: Home) -> None:
    processes = [writer(home.path, slug, 60) for slug in ("03_x", "05_y", "03_x")]
    for process in processes:
        output, _ = process.communicate(timeout=60)
        assert len(output.splitlines()) == 60
    progress = Progress(home)
    assert len(progress["03_x"].skipped) == 120
    assert len(progress["05_y"].skipped) == 60


def test_a_full_disk_is_said_and_what_was_there_stays(home: Home) -> None:
    Progress(home).change("03_x", lambda state: setattr(state, "step", 1))
    before = home.progress.read_bytes()
    # A file may not grow at all any more: what a full disk looks like to a writer.
    code = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    code += "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n" + WRITER
    done = subprocess.run(
        [sys.executable, "-c", code, str(home.path), "03_x", "3"], cwd=ROOT, env=environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    numbers = [line.split()[0] for line in done.stdout.splitlines()]
    assert numbers == ["1", "2", "3"], done.stderr  # in memory it goes on
    assert "progress is not kept: File too large" in done.stdout
    assert home.progress.read_bytes() == before


def test_what_was_not_kept_is_kept_once_that_works_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress(home)
    progress.change("03_x", lambda state: None)
    blocked = home.path / f".progress.json.{os.getpid()}"
    blocked.mkdir()
    (blocked / "x").touch()
    progress.change("03_x", lambda state: state.skipped.append("a"))
    assert progress.trouble.startswith("progress is not kept: ")
    (blocked / "x").unlink()
    blocked.rmdir()
    progress.change("03_x", lambda state: state.skipped.append("b"))
    assert progress.trouble == ""
    assert Progress(home)["03_x"].skipped == ["a", "b"]


@settings(max_examples=50)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["version", "lessons", "last", "03_x", "step", "predictions"]),
                    inner,
                    max_size=4,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_garbage_is_kept_aside_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    home.progress.write_bytes(data)
    try:
        progress = Progress(home)
    except NewerProgress:
        assert home.progress.read_bytes() == data
        return
    if progress.note:
        (kept,) = home.path.glob("progress-broken-*.json")
        assert kept.read_bytes() == data
        assert kept.name in progress.note
    progress.change("03_x", lambda state: None)
    assert Progress(home)["03_x"].begun


@pytest.mark.parametrize(
    "state",
    [{"skipped": [1]}, {"captures": [None]}, {"exercise": {"told": [[]]}},
     {"predictions": {"x": {"choice": "a", "at": 1, "again": [{}]}}}],
)  # fmt: skip
def test_lists_of_anything_but_text_are_garbage(home: Home, state: dict[str, object]) -> None:
    home.path.mkdir()
    home.progress.write_text(json.dumps({"version": 1, "lessons": {"03_x": state}}))
    assert "was not readable" in Progress(home).note


def test_a_second_broken_file_does_not_replace_the_first(home: Home) -> None:
    home.path.mkdir()
    for text in ("one", "two"):
        home.progress.write_text(text)
        Progress(home)
    kept = {path.read_text() for path in home.path.glob("progress-broken-*.json")}
    assert kept == {"one", "two"}


def test_a_file_of_a_later_version_is_left_alone(home: Home) -> None:
    home.path.mkdir()
    home.progress.write_text('{"version": 99, "lessons": {}}')
    with pytest.raises(NewerProgress, match="update ws101"):
        Progress(home)
    assert home.progress.read_text() == '{"version": 99, "lessons": {}}'


def test_fields_of_a_later_version_are_passed_over(home: Home) -> None:
    home.path.mkdir()
    state = {"step": 2, "mood": "good"}
    home.progress.write_text(json.dumps({"version": 1, "lessons": {"03_x": state}}))
    progress = Progress(home)
    assert (progress.note, progress["03_x"].step) == ("", 2)


def test_a_file_that_may_not_be_read_is_not_replaced(home: Home) -> None:
    home.progress.mkdir(parents=True)  # a folder: unreadable for everyone, root included
    progress = Progress(home)
    assert "can't be read" in progress.trouble
    progress.change("03_x", lambda state: setattr(state, "step", 3))
    assert progress["03_x"].step == 3
    assert home.progress.is_dir()


def test_no_lock_file_grows_and_nothing_is_written_before_it_has_to_be(home: Home) -> None:
    Progress(home)
    assert not home.path.exists()
    Progress(home).change("03_x", lambda state: None)
    until(lambda: (home.path / ".progress.lock").stat().st_size == 0, "the lock is empty")
