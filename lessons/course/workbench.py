"""The exercise inside a lesson: it is checked whenever the learner saves it, here or elsewhere."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from inspector.screen.lines import Line
from lessons.course.checks import check_and_keep
from lessons.course.commands.check import after_hint, next_hint
from lessons.course.home import HomeError
from lessons.course.report import report
from lessons.course.telling import plain
from lessons.course.words import prose, sentence

if TYPE_CHECKING:
    from lessons.course.desk import Desk

EDITORS = ("nano", "vim", "vi", "emacs")
LEAVE_VI = "vi opens now. To leave it: Esc, then :wq (keep the changes) or :q! (drop them)."


class Workbench:
    """Hands the exercise over, and watches it."""

    def __init__(self, desk: Desk, task: list[Line]) -> None:
        """`task` says what to write."""
        self.desk = desk
        self.task = task
        self._last: list[Line] = []
        self.run = desk.run
        self.home = desk.run.session.home
        self.path = self.home.exercise(self.run.lesson)

    def work(self) -> str | None:
        """Until the learner goes `on`, with the check passing or not, or `back`."""
        desk = self.desk
        try:
            self.home.hand_over(self.run.lesson)
        except HomeError as fault:
            words = f"The exercise can't be handed over: {fault}"
            desk.show([*self.task, Line(), *sentence(words), Line()])
            return None
        self._show_task()
        if self.run.state.exercise.passed:
            desk.show([Line("It passes already.", "text"), Line()])
        stamp = self._stamp()
        while True:

            def saved(stamp: object = stamp) -> bool:
                return self._stamp() != stamp

            match desk.wait(self._prompt(), ("enter", "space", "p", "c", "e", "h"), saved):
                case "enter" | "space":
                    return "on"
                case "p":
                    return "back"
                case "e":
                    if not self._edit():
                        continue
                    if self._stamp() != stamp:
                        stamp = self._stamp()
                        self._check()
                    else:
                        self._show_task()
                        desk.show(self._last)
                case "h":
                    self._hint()
                case _:
                    stamp = self._stamp()
                    self._check()

    def _show_task(self) -> None:
        words = "Edit it in another window: each time you save it, it is checked here."
        file = plain(f"Your file:  {self.home.shown(self.path)}", "value")
        self.desk.show([*self.task, Line(), *file, *sentence(words), Line()])

    def _prompt(self) -> str:
        if self.run.state.exercise.passed:
            return "[Enter] go on   [c] check   [e] edit   [?] keys   [q] quit"
        return "watching   [c] check  [e] edit  [h] hint  [Enter] later  [?] keys  [q] quit"

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _check(self) -> None:
        desk = self.desk
        desk.terminal.clear()
        said = ""

        def waiting(told: str) -> None:
            """Say how far it is; q and m leave, other keys are not for later."""
            nonlocal said
            if told != said:
                said = told
                desk.terminal.prompt(Line(f"{told}   [m] map   [q] quit"))
            while key := desk.terminal.key(0):
                desk.leaving(key)

        try:
            verdict = check_and_keep(self.run.lesson, self.home, self.run.progress, waiting)
        except HomeError as fault:
            desk.show([*sentence(str(fault)), Line()])
            return
        self._last = [*report(verdict, self.home, hints=False), Line()]
        desk.show(self._last)

    def _hint(self) -> None:
        lesson = self.run.lesson
        if not lesson.hints:
            self.desk.show([Line("There are no hints for this one.")])
            return
        title, text = next_hint(lesson, self.home, self.run.progress)
        self.desk.show([Line(title, "title"), Line(), *prose(text, None), Line()])
        if self.run.state.exercise.hints >= len(lesson.hints):
            self.desk.show([Line(after_hint(lesson, self.run.progress), "quiet"), Line()])

    def _edit(self) -> bool:
        """Let the learner's editor have the terminal, if they still want it; False if there is
        none."""
        named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        try:
            command = shlex.split(named) if named else []
        except ValueError:
            command = []
        command = command or [path for name in EDITORS if (path := shutil.which(name))][:1]
        if not command:
            self.desk.show([Line("No editor is found here: set EDITOR, or use another window.")])
            return False
        terminal = self.desk.terminal
        if not named and os.path.basename(command[0]) in ("vi", "vim"):
            self.desk.show([*sentence(LEAVE_VI)])
            prompt = "[Enter] open it   [Backspace] no   [q] quit"
            if self.desk.wait(prompt, ("enter", "backspace")) == "backspace":
                return True
        terminal.clear()
        try:
            with terminal.keyboard.lent():
                subprocess.run([*command, str(self.path)], check=False)
        except OSError as fault:
            words = f"{command[0]} does not start ({fault.strerror}): set EDITOR to another one."
            self.desk.show([*sentence(words), Line()])
            return False
        terminal.clear()
        return True
