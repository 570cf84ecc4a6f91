"""A lesson at the terminal: each moment shown, its keys waited for, while the wire is watched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from inspector.screen.lines import Line
from inspector.screen.words import count, lapse
from lessons.course import telling
from lessons.course.browser import open_for_learner
from lessons.course.model import Missing, Unavailable
from lessons.course.moments import (
    Act,
    Ask,
    Begin,
    Draw,
    Ending,
    HandOver,
    LeftOut,
    Moment,
    Reveal,
    Say,
    StepEnd,
)
from lessons.course.program import command
from lessons.course.runner import Run
from lessons.course.session import is_seen
from lessons.course.stores import STORES
from lessons.course.terminal import Terminal
from lessons.course.wire import ScriptFailed
from lessons.course.words import TEXT_WIDTH, Unmeasured, fill, prose, sentence, wrap_whole
from lessons.course.workbench import Workbench

GO_ON: Final = "[Enter] go on   [?] keys   [q] quit"
LOOK_SECONDS: Final = 0.5
"""How often to look whether a server has died, while nothing else happens."""

NOTICED: Final = 0.05
"""Seconds: what took longer was a start worth telling."""

KEYS: Final = (
    ("Enter", "go on (space does, too)"),
    ("1 to 6", "choose an answer, Enter locks it; on the map, a lesson"),
    ("p", "the step before this one"),
    ("b", "open the page in your browser"),
    ("s", "when you are to act: let the script do it in your place"),
    ("n", "then, too: not now, leave out the rest of this step"),
    ("c, e, h", "at an exercise: check it, edit it here, a hint"),
    ("m", "the map of the course"),
    ("q", "quit (Ctrl-C, too): everything is kept"),
)


class Leave(Exception):
    """The learner leaves: for the `map`, for the step before (`back`), or to `quit`."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class Desk:
    """The face of a lesson that a learner takes."""

    def __init__(self, run: Run, terminal: Terminal) -> None:
        self.run = run
        self.terminal = terminal
        self.page = "/"
        self.proxied = False
        self._said_trouble = ""
        self._held: list[Line] = []
        self._move: str | None = None
        self._first = True
        self._unread = False
        """Words stand on the screen, and no key was asked for since."""
        self._told = False
        """The last that was shown is what it was, of a question asked again, and they went on."""
        self.ended = False
        """The lesson is over; what comes before its last screen is its last step."""
        terminal.otherwise = self.leaving

    def meet(self, moment: Moment) -> str | None:
        """Show a moment; the reply to it."""
        if isinstance(moment, Draw | Reveal):
            self.hold(moment)
            return None
        self.release()
        told, self._told = self._told, False
        match moment:
            case Begin():
                self._first = moment.number == 1
                self.terminal.clear()
                self.show([*telling.heading(moment), Line()])
                self.tell_trouble()
            case Say():
                self._unread = True
                self.show([*prose(moment.text, Unmeasured(moment.facts)), Line()])
            case Ask():
                return self.ask(moment)
            case Act():
                return self.act(moment)
            case LeftOut():
                self._left_out(moment.why)
            case HandOver():
                words = sentence(fill(moment.words, Unmeasured(self.run.facts())))
                self._move = Workbench(self, words).work()
            case StepEnd():
                return "on" if told else self.step_end(moment)
            case Ending():
                self.end(moment)
        return None

    def hold(self, moment: Draw | Reveal) -> None:
        """Evidence and what it says of a prediction are looked at together, on one screen."""
        if isinstance(moment, Draw):
            self.release()
            words = f"(nothing to show: {moment.missing})"
            missing = [Line(words, "quiet")] if moment.missing else []
            self._held += [*moment.lines, *missing, Line()]
        else:
            self._held += [*telling.reveal(moment), Line()]
            if moment.again:
                self.release()
                self.wait(GO_ON)
                self._told = True

    def release(self) -> None:
        """Show what was held."""
        held, self._held = self._held, []
        if held:
            self.terminal.beside(held)

    def show(self, lines: list[Line]) -> None:
        self.terminal.lines(lines)

    # Keys

    def wait(
        self,
        prompt: str | Callable[[], str],
        wanted: tuple[str, ...] = ("enter", "space"),
        until: Callable[[], bool] | None = None,
    ) -> str:
        """Wait for one of the keys wanted; `""` when `until` came true before.

        Keys that always work are answered here. `prompt` may change while we wait.
        """
        shown = ""
        while True:
            if until and until():
                self.terminal.end_prompt()
                self.terminal.read()  # they did what it says
                return ""
            text = prompt() if callable(prompt) else prompt
            if text != shown:
                self.terminal.prompt(Line(text))
                shown = text
            wake = self.run.session.wake
            key = self.terminal.key(LOOK_SECONDS, (wake,) if wake is not None else ())
            if key is None:
                self.run.evidence()  # or the bell would ring on
                if self.tell_trouble():
                    shown = ""
                continue
            if key in wanted:
                self.terminal.end_prompt()
                self.terminal.read()
                self._unread = False
                return key
            if self._always(key):
                shown = ""

    def _always(self, key: str) -> bool:
        """A key that works everywhere; True if something was written."""
        self.leaving(key)
        match key:
            case "?":
                self.terminal.aside([Line(), *keys(), Line()])
            case "b":
                self._browse()
            case "p" if not self._first:
                raise Leave("back")
            case _:
                return False
        return True

    @staticmethod
    def leaving(key: str) -> None:
        """Raise `Leave` at the keys for that."""
        if key in ("q", "m"):
            raise Leave("quit" if key == "q" else "map")

    def _browse(self) -> None:
        session = self.run.session
        url = f"{session.proxied if self.proxied else session.page}{self.page}"
        if open_for_learner(url):
            self.terminal.aside([Line(f"opened {url}", "quiet")])
        else:
            words = f"No browser opens from here: go to {url} in yours."
            self.terminal.aside(list(telling.plain(words)))

    def tell_trouble(self) -> bool:
        """Mend and tell what went wrong beside the lesson; True if something was told."""
        progress = self.run.progress
        told = self.run.session.heal()
        if progress.note:
            told.append(progress.note)
            progress.note = ""
        trouble = progress.trouble
        if trouble != self._said_trouble:
            self._said_trouble = trouble
            told.append(trouble or "progress is kept again")
        for words in told:
            lines = [Line("! ", "warning").join(line) for line in sentence(words, 74)]
            self.terminal.aside([*lines, Line()])
        return bool(told)

    # Moments

    def ask(self, ask: Ask) -> str:
        """Lock a prediction."""
        if ask.again is not None:
            if self._unread:
                self.wait(GO_ON)
            self.terminal.clear()
        self.terminal.keep_together([*telling.question(ask), Line()])
        if ask.locked is not None:
            self.show([*telling.locked(ask, ask.locked), Line()])
            return ask.locked
        digits = tuple(str(number) for number, _ in enumerate(ask.options, 1))
        chosen, hurried = "", ""
        self.terminal.keyboard.forget()
        while True:
            if chosen:
                prompt = f"your answer: {chosen}   [Enter] lock it   [1-{digits[-1]}] change"
            else:
                prompt = f"your answer?   [1-{digits[-1]}] choose{hurried}   [?] keys   [q] quit"
            key = self.wait(prompt, (*digits, "enter"))
            if key == "enter" and not chosen:
                hurried = " first"
            elif key == "enter":
                option = ask.options[int(chosen) - 1]
                self.show([*telling.locked(ask, option.key), Line()])
                return option.key
            else:
                chosen = key

    def act(self, act: Act) -> str:
        """Wait for the learner's own browser; or let the script act."""
        self.page, self.proxied = act.action.page, act.action.proxied
        run = self.run
        if not act.already and not self._have(act.action.needs):
            return "lacking"
        self.show(list(telling.task(act)))
        if act.already:
            self.show([Line("seen already", "quiet"), Line()])
            return "done"
        begun = len(run.evidence().connections), len(run.evidence().http)

        by_script = False

        def seen() -> bool:
            return is_seen(act.action.seen, run.evidence())

        def prompt() -> str:
            return telling.turn(act.action, self._so_far(begun), self.terminal.columns)

        while True:
            match self.wait(prompt, ("s", "n"), seen):
                case "":
                    # After a script, the time since would be the reader's own.
                    words = "" if by_script else f"seen{self._after()}"
                    self.show([*([Line(words, "quiet")] if words else []), Line()])
                    return "done"
                case "n":
                    self.show([Line("left out for now", "quiet"), Line()])
                    return "skipped"
                case _:
                    by_script = True
                    self._script(act)

    def _have(self, names: tuple[str, ...]) -> bool:
        """Start the private servers that a turn needs; without one, the turn is left out."""
        session = self.run.session
        for name in names:
            title = STORES[name].title
            self.terminal.prompt(Line(f"starting a private {title} ..."))
            begun = time.monotonic()
            try:
                session.store(name)
            except Unavailable as fault:
                self._left_out(str(fault))
                return False
            if (took := time.monotonic() - begun) > NOTICED:
                words = f"started a private {title}, for this sitting only ({took:.1f} s)"
                self.show([Line(words, "quiet")])
        self.terminal.end_prompt()
        return True

    def _left_out(self, why: str) -> None:
        words = f"The rest of this step can't be done here: {why}."
        self.show([*(Line("! ", "warning").join(x) for x in sentence(words, 74)), Line()])

    def _so_far(self, begun: tuple[int, int]) -> str:
        """What has come since then: of WebSockets, else of plain HTTP."""
        evidence = self.run.evidence()
        connections, requests = evidence.connections[begun[0] :], len(evidence.http) - begun[1]
        frames = sum(len(connection.frames) for connection in connections)
        if connections:
            return f" {count(frames, 'frame')} so far" if frames else " a handshake so far"
        return f" {count(requests, 'request')} so far" if requests else ""

    def _after(self) -> str:
        """How long ago the last byte crossed the wire, as far as that is known."""
        evidence = self.run.evidence()
        times = [c.reads[-1].time for c in evidence.connections if c.reads]
        times += [each.responded for each in evidence.http if each.responded is not None]
        ago = time.time() - max(times, default=0.0)
        return f", {lapse(max(0.0, ago))} after it crossed the wire" if times else ""

    def _script(self, act: Act) -> None:
        self.terminal.prompt(Line(f"the script acts: {telling.script_words(act)} ..."))
        try:
            act.action.script(self.run.session)
            self.run.session.wait_for(act.action.seen, "what that should bring")
        except (ScriptFailed, Unavailable, Missing, OSError) as fault:
            words = f"The script could not: {fault}. Do it in your browser, or press n."
            self.show([Line("! ", "warning").join(line) for line in sentence(words, 74)])
        else:
            words = f"the script did it: {telling.script_words(act)}"
            self.show([Line(line, "quiet") for line in wrap_whole(words, TEXT_WIDTH)])

    def step_end(self, moment: StepEnd) -> str:
        move, self._move = self._move, None
        if move:  # decided at the workbench
            return move
        back = "" if moment.first else "   [p] back"
        wanted = ("enter", "space") if moment.first else ("enter", "space", "p")
        key = self.wait(f"[Enter] go on{back}   [m] map   [?] keys   [q] quit", wanted)
        return "back" if key == "p" else "on"

    def end(self, told: Ending) -> None:
        """The claims, the score, what comes next."""
        self.ended = True
        self._first = False
        self.terminal.clear()
        lesson = self.run.lesson
        lines = [Line(f"Lesson {lesson} · done", "title"), Line(), *telling.ending(told), Line()]
        for words in filter(None, (telling.score(told.guesses), telling.sealed(told.sealed))):
            lines.append(Line(words))
        back = ""
        if lesson.has_exercise and not self.run.state.exercise.passed:
            words = f"The exercise is still open: {command('check', lesson.number)}"
            lines += telling.plain(words)
            back = "   [p] back to the exercise"
        self.show([*lines, *telling.bytes_at(self.run.session), Line()])
        keys = f"{back}   [m] map   [q] quit"
        following = told.following
        onward = f"[Enter] lesson {following}" if following else "[Enter] the map"
        if following and not self.terminal.prompts(onward + keys):
            onward = f"[Enter] lesson {following.number}"
        self.wait(onward + keys)


def keys() -> list[Line]:
    """What each key does."""
    return [Line("  ").add(key, "title").to(12).add(words) for key, words in KEYS]
