"""The guided course: the map, the lessons one after another, and what is kept when it ends.

While the map is looked at, the servers of the next lesson start already. However the learner
leaves, by q, Ctrl-C, a closed window or `kill`, the servers end, the capture is finished and the
terminal has its manners back; what was answered had been kept before.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

from inspector.screen.lines import Line, wrap
from lessons.course.browser import open_for_learner
from lessons.course.course import Course
from lessons.course.desk import Desk, Leave, keys
from lessons.course.home import Home
from lessons.course.keyboard import Hangup, Keyboard
from lessons.course.map import drawn_map, following, next_words
from lessons.course.model import Lesson
from lessons.course.process import SessionFailed
from lessons.course.program import command
from lessons.course.progress import Progress
from lessons.course.runner import Run, play, resumable
from lessons.course.session import PAGE_PORT, Session
from lessons.course.terminal import Terminal
from lessons.course.words import sentence

WELCOME = (
    "A small web app runs on this machine. You talk to it with your own browser, a tap in between "
    "writes down every byte, and each lesson asks what you expect, then reads what was there."
)

SKETCH = "    your browser  <-->  the tap, which records  <-->  the demo app"


class Warming:
    """A session that starts while the learner looks at something else.

    `wake` becomes readable when it is ready, or has failed.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.wake, self._bell = os.pipe()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._start)
        self._thread.start()

    def _start(self) -> None:
        try:
            self.session.start()
        except BaseException as fault:
            self._fault = fault
        os.write(self._bell, b"!")

    @property
    def ready(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> Session:
        """The session, started. Raises what its start raised."""
        self._thread.join()
        if self._fault:
            raise self._fault
        return self.session

    def close(self) -> None:
        self._thread.join()
        self.session.close()
        for descriptor in (self.wake, self._bell):
            with suppress(OSError):
                os.close(descriptor)


class Guide:
    """One sitting of a learner."""

    def __init__(self, course: Course, home: Home) -> None:
        self.course = course
        self.home = home
        self.progress = Progress(home)
        self.warming: Warming | None = None
        self._notes: list[str] = []
        self.terminal = Terminal(Keyboard(sys.stdin.fileno()))

    def run(self, chosen: Lesson | None) -> int:
        """Until the learner quits; the exit code."""
        signal.signal(signal.SIGTERM, _hang_up)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, _hang_up)
        fault = ""
        with self.terminal.keyboard.raw():
            try:
                self._sit(chosen)
            except (KeyboardInterrupt, Hangup):
                pass
            except SessionFailed as failure:
                fault = str(failure)
            finally:
                self.terminal.end_prompt()
                if self.warming:
                    self.warming.close()
        self._farewell()
        if fault:
            print(f"ws101 learn: {fault}", file=sys.stderr)
        return 1 if fault else 0

    def _sit(self, chosen: Lesson | None) -> None:
        lesson = chosen
        while True:
            if lesson is None:
                lesson = self._map()
            if lesson is None:
                return
            try:
                lesson = self._lesson(lesson)
            except Leave as leave:
                if leave.where == "quit":
                    return
                lesson = None

    def _farewell(self) -> None:
        with suppress(OSError, ValueError):
            here = following(self.course, self.progress)
            kept = self.progress.trouble or "Everything is kept."
            self.terminal.end_prompt()
            for words in (
                kept,
                f"Next: {next_words(here, self.progress[here.slug])}",
                f"Come back with: {command('learn')}",
            ):
                self.terminal.paper.lines(sentence(words))

    # The servers

    def _warm(self, lesson: Lesson) -> Warming:
        """The lesson's servers, starting or started; another lesson's are ended first."""
        if self.warming and self.warming.session.lesson != lesson:
            self._cool()
        if not self.warming:
            state = self.progress[lesson.slug]
            names = state.captures if resumable(state) else []
            earlier = [self.home.captures / os.path.basename(name) for name in names]
            there = tuple(path for path in earlier if path.exists())
            session = Session(
                lesson, self.home, port=PAGE_PORT, earlier=there, notes=dict(state.notes)
            )
            self.warming = Warming(session)
        return self.warming

    def _cool(self) -> None:
        if self.warming:
            warming, self.warming = self.warming, None
            warming.close()

    # The map

    def _map(self) -> Lesson | None:
        """The lesson to take; None to quit."""
        self.progress.reread()
        here = picked = following(self.course, self.progress)
        lessons = self.course.lessons
        self._notes.clear()
        typed, words, drawn = "", "", False
        while True:
            warming = self._warm(here)
            if not drawn:
                self._draw_map(here, picked, warming, words)
            key = self._map_key(warming, typed)
            drawn, words = key is not None and (key.isdecimal() or key == "backspace"), ""
            if key is None:  # the servers are ready
                continue
            if key.isdecimal() and len(typed) < 2:
                typed += key
            elif key == "backspace":
                typed = typed[:-1]
            elif key in ("up", "down"):
                move = -1 if key == "up" else 1
                picked = lessons[(lessons.index(picked) + move) % len(lessons)]
            elif key in ("enter", "space"):
                lesson = self._typed(typed) if typed else picked
                if lesson:
                    return lesson
                words, typed = f"There is no lesson {typed} yet.", ""
            elif key == "?":
                self.terminal.lines([Line(), *keys()])
                self.terminal.prompt(Line("[Enter] back to the map"))
                self.terminal.key()
            elif key == "b":
                url = warming.join().page
                opened = open_for_learner(url)
                words = f"opened {url}" if opened else f"No browser opens from here: go to {url}"
            elif key == "q":
                return None
            else:
                drawn = True  # no key of ours

    def _map_key(self, warming: Warming, typed: str) -> str | None:
        prompt = "[Enter] go there  [up, down, number] another  [b] browser  [?] keys  [q] quit"
        if typed:
            prompt = f"lesson {typed}   [Enter] go there   [Backspace] no"
        self.terminal.prompt(Line(prompt))
        return self.terminal.key(None, () if warming.ready else (warming.wake,))

    def _typed(self, typed: str) -> Lesson | None:
        numbers = {lesson.number: lesson for lesson in self.course.lessons}
        return numbers.get(int(typed))

    def _draw_map(self, here: Lesson, picked: Lesson, warming: Warming, words: str) -> None:
        terminal, session = self.terminal, warming.session
        self.progress.reread()
        terminal.clear()
        lines = [*drawn_map(self.course, self.progress, picked), Line()]
        if not self.progress.last:
            lines += [*sentence(WELCOME), Line(), Line(SKETCH, "quiet"), Line()]
        rows = [("next", next_words(here, self.progress[here.slug]))]
        if warming.ready:
            warming.join()
            self._notes += session.heal()
            rows.append(("demo app", f"{session.page}/   (through the tap: it sees every byte)"))
            rows.append(("capture", self.home.shown(session.capture)))
        else:
            rows.append(("demo app", "starting ..."))
            rows.append(("capture", "..."))
        for name, text in rows:
            for number, part in enumerate(wrap(text, 66)):
                lines.append(Line("  ").add("" if number else name, "quiet").to(12).add(part))
        if self.progress.note:
            self._notes.append(self.progress.note)
            self.progress.note = ""
        for note in self._notes:
            lines += [Line("! ", "warning").join(line) for line in sentence(note, 74)]
        terminal.lines([*lines, Line(), *([Line(words)] if words else [])])

    # A lesson

    def _lesson(self, lesson: Lesson) -> Lesson | None:
        """Take a lesson; the one that follows, or None for the map. Whoever leaves in the middle
        may come back: the servers stay, until it is for another lesson."""
        warming = self._warm(lesson)
        if not warming.ready:
            self.terminal.clear()
            self.terminal.prompt(Line("starting the demo app and the tap ..."))
        session = warming.join()
        run = Run(self.course, lesson, session, self.progress)
        desk = Desk(run, self.terminal)
        moments = play(run)
        reply: str | None = None
        while True:
            try:
                reply = desk.meet(moments.send(reply))
            except StopIteration:
                self._cool()
                return self.course.after(lesson)
            except Leave as leave:
                if leave.where != "back":
                    if desk.ended:  # taken again, it begins anew
                        self._cool()
                    raise
                last = len(lesson.steps) - 1
                before = last if desk.ended else max(0, run.state.step - 1)
                run.keep(lambda state, at=before: setattr(state, "step", at))  # type: ignore[misc]
                desk.ended = False
                moments, reply = play(run, ask_again=False), None


def _hang_up(*_: object) -> None:
    raise Hangup
