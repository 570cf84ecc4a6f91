"""The course proves itself: what a lesson promises, tried.

For each lesson: its files, its words, its scripted run on real traffic with every claim, its stub,
its solution, its wrong answers. Lessons are proved side by side, each with servers, ports and
folders of its own.
"""

from __future__ import annotations

import ast
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from inspector.screen.lines import Line, wrap
from inspector.screen.paper import Paper
from inspector.screen.words import count
from lessons.course.auto import run_by_script
from lessons.course.checks import Verdict, run_tests
from lessons.course.course import Course, experiment_of
from lessons.course.home import Home
from lessons.course.model import Do, Exercise, Instead, Lesson, LessonError, Prediction, Prose, Show
from lessons.course.process import SessionFailed
from lessons.course.runner import blocks
from lessons.course.wire import ScriptFailed
from lessons.course.words import has_facts

ALWAYS: Final = {"en.md", "experiment.py"}
WITH_EXERCISE: Final = {
    "exercise.py", "solution.py", "test_exercise.py", "hints.md", "sample.pcapng",
}  # fmt: skip
WRONG_ALWAYS: Final = ("empty", "returns_none", "hard_coded")
OPTIONAL: Final = {"server.py", "page", "__pycache__"}
HINTS: Final = 3

type Step = Literal["files", "words", "script", "exercise"]
SECONDS: Final = 30.0


@dataclass(slots=True)
class Proof:
    """What was found out about one lesson."""

    lesson: Lesson
    held: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def note(self, faults: Sequence[str], held: str) -> None:
        self.faults += faults
        if not faults:
            self.held.append(held)


def verify_lessons(lessons: Sequence[Lesson], course: Course, paper: Paper) -> bool:
    """Prove each lesson, telling as it goes; True if everything holds."""
    begun = time.monotonic()
    good = 0
    workers = min(len(lessons), max(2, (os.cpu_count() or 2) // 2)) or 1
    many = "1 lesson" if len(lessons) == 1 else f"{len(lessons)} lessons, {workers} at a time"
    paper.lines([Line(f"proving {many}", "quiet")])
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(prove, lesson, course): lesson for lesson in lessons}
        try:
            for number, done in enumerate(as_completed(running), 1):
                proof = done.result()
                good += not proof.faults
                paper.lines(_told(proof, number, len(lessons)))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    took = time.monotonic() - begun
    hold = "lesson holds" if len(lessons) == 1 else "lessons hold"
    words = f"{good} of {len(lessons)} {hold} ({took:.0f} s)"
    paper.lines([Line(words, "text" if good == len(lessons) else "error")])
    return good == len(lessons)


def _told(proof: Proof, number: int, of: int) -> Iterator[Line]:
    sign = Line(f"[{number}/{of}] ", "quiet")
    sign.add("FAULTY  " if proof.faults else "holds   ", "error" if proof.faults else "text")
    yield sign.add(str(proof.lesson), "title").add(f"   {proof.seconds:.1f} s", "quiet")
    for text in wrap(" · ".join(proof.held), 70) if proof.held else ():
        yield Line("        ").add(text, "quiet")
    for fault in proof.faults:
        for index, text in enumerate(wrap(fault, 68)):
            yield Line("        " if index else "     !! ", "error").add(text)


def prove(lesson: Lesson, course: Course, only: Sequence[Step] = ()) -> Proof:
    """Everything about one lesson, or `only` some of it. A mistake in it is a fault, never an
    exception.
    """
    proof = Proof(lesson)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ws101-verify-") as scratch:
        home = Home(Path(scratch))
        for name, step in _STEPS.items():
            if only and name not in only:
                continue
            try:
                step(proof, course, home)
            except (LessonError, ScriptFailed, SessionFailed) as fault:
                proof.faults.append(str(fault))
            except Exception as fault:
                proof.faults.append(f"{name}: {type(fault).__name__}: {fault}")
    proof.seconds = time.monotonic() - begun
    return proof


# Files and words


def _files(proof: Proof, course: Course, home: Home) -> None:
    lesson = proof.lesson
    wanted = ALWAYS | (WITH_EXERCISE | {"wrong"} if lesson.has_exercise else set())
    there = {path.name for path in lesson.folder.iterdir()}
    languages = {path.name for path in lesson.folder.glob("??.md")}
    allowed = wanted | OPTIONAL | languages | _imported(lesson.folder)
    faults = [f"{lesson.slug}/{name} is missing" for name in sorted(wanted - there)]
    faults += [f"{lesson.slug}/{name}: a stray file" for name in sorted(there - allowed)]
    if lesson.has_exercise:
        faults += _wrong_files(lesson)
        stages = len(lesson.hints)
        if stages != HINTS:
            faults.append(f"{lesson.slug}/hints.md has {stages} stages; there are to be {HINTS}")
    proof.note(faults, "files")


def _imported(folder: Path) -> set[str]:
    """Modules of its own that a lesson's code imports (`from .shelves import ...`), or its check
    loads (`load(LESSON, "traps")`), which lies beside the exercise and not here."""
    found: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.ImportFrom(level=1, module=module, names=aliases):
                    names = [module] if module else [alias.name for alias in aliases]
                    found |= {f"{name.split('.')[0]}.py" for name in names}
                case ast.Call(func=ast.Name(id="load"), args=[_, ast.Constant(value=str(name))]):
                    found.add(f"{name}.py")
    return found


def _wrong_files(lesson: Lesson) -> list[str]:
    answers = sorted((lesson.folder / "wrong").glob("*.py"))
    names = {path.stem for path in answers}
    faults = [
        f"{lesson.slug}/wrong/{name}.py is missing" for name in WRONG_ALWAYS if name not in names
    ]
    if names <= set(WRONG_ALWAYS):
        faults.append(f"{lesson.slug}/wrong has no near miss: an answer that is almost right")
    for path in answers:
        if not ast.get_docstring(ast.parse(path.read_bytes())):
            faults.append(f"{lesson.slug}/wrong/{path.name} does not say which mistake it is")
    return faults


def _words(proof: Proof, course: Course, home: Home) -> None:
    lesson = proof.lesson
    experiment = experiment_of(lesson)
    faults = []
    for block in blocks(lesson):
        where = f"{lesson.slug}/en.md:{block.line}"
        if isinstance(block, Do) and block.name not in experiment.ACTIONS:
            faults.append(f"{where}: the experiment has no action {block.name!r}")
        if isinstance(block, Show) and block.what in ("table", "plot"):
            known = experiment.TABLES if block.what == "table" else experiment.PLOTS
            if block.arguments[0] not in known:
                faults.append(f"{where}: the experiment has no {block.what} {block.arguments[0]!r}")
        if isinstance(block, Prediction) and (block.ask_again or block.sealed):
            faults += [
                f"{where}: asked again, the option {option.key!r} can't name a fact"
                for option in block.options
                if has_facts(option.words)
            ]
            if has_facts(block.again) or (block.sealed and has_facts(block.question)):
                faults.append(f"{where}: asked again, a question can't name a fact")
        if isinstance(block, Prose | Instead):
            text = block.text if isinstance(block, Prose) else block.words
            faults += [
                f"{where}: a line of code is wider than 76: {line.strip()[:40]}..."
                for line in text.split("\n")
                if line.startswith("    ") and len(line) > 80
            ]
    faults += [
        f"{lesson.slug}/en.md:{block.line}: no turn of this step can be lacking: instead of what?"
        for step in lesson.steps
        for block in step.blocks
        if isinstance(block, Instead) and not any(isinstance(each, Do) for each in step.blocks)
    ]
    used = {block.name for block in blocks(lesson) if isinstance(block, Do)}
    faults += [
        f"{lesson.slug}/experiment.py: nothing in en.md does the action {name!r}"
        for name in experiment.ACTIONS
        if name not in used
    ]
    has_hand_over = any(isinstance(block, Exercise) for block in blocks(lesson))
    if has_hand_over != lesson.has_exercise:
        faults.append(f"{lesson.slug}/en.md: an exercise block and exercise.py belong together")
    if has_hand_over and not isinstance(lesson.steps[-1].blocks[-1], Exercise):
        faults.append(f"{lesson.slug}/en.md: what stands behind the exercise is never read")
    proof.note(faults, "words")


# The scripted run


def _script(proof: Proof, course: Course, home: Home) -> None:
    text = io.StringIO()
    transcript = run_by_script(proof.lesson, course, home, Paper(text))
    faults = [f"the claim did not hold: {words}" for words in transcript.not_held]
    faults += transcript.unmeasured
    held = f"{count(transcript.claims, 'claim')} on captured bytes"
    if transcript.left_out:
        held += f" (left out here: {'; '.join(dict.fromkeys(transcript.left_out))})"
    if not transcript.claims:
        faults.append(f"{proof.lesson.slug}/experiment.py makes no claim")
    proof.note(faults, held)


def record_sample(lesson: Lesson, course: Course, paper: Paper) -> None:
    """Record `sample.pcapng` from a scripted run. Raises what that raises."""
    with tempfile.TemporaryDirectory(prefix="ws101-sample-") as scratch:
        home = Home(Path(scratch))
        run_by_script(lesson, course, home, Paper(io.StringIO()))
        # Of two legs there are two; a pcapng file may hold one after the other.
        whole = b"".join(path.read_bytes() for path in sorted(home.captures.glob("*.pcapng")))
        (lesson.folder / "sample.pcapng").write_bytes(whole)
    paper.lines([Line(f"recorded {lesson.slug}/sample.pcapng")])


# The exercise


def _exercise(proof: Proof, course: Course, home: Home) -> None:
    lesson = proof.lesson
    if not lesson.has_exercise:
        return
    stub = _try(lesson, lesson.folder / "exercise.py", home)
    proof.note(_stub_faults(stub), "stub fails helpfully")
    solved = _try(lesson, lesson.folder / "solution.py", home)
    faults = []
    if not solved.passed:
        failure = solved.first_failure
        words = solved.words or (f"{failure.title}: {failure.miss}" if failure else "no test ran")
        faults.append(f"{lesson.slug}/solution.py does not pass: {words}")
    proof.note(faults, f"solution passes {len(solved.checks)} checks")
    answers = sorted((lesson.folder / "wrong").glob("*.py"))
    passing = [path.name for path in answers if _try(lesson, path, home).passed]
    proof.note(
        [f"{lesson.slug}/wrong/{name} passes all checks" for name in passing],
        f"{len(answers)} wrong answers rejected",
    )


def _try(lesson: Lesson, answer: Path, home: Home) -> Verdict:
    """The verdict on an answer, in a learner's folder made for it. One failure is enough."""
    with tempfile.TemporaryDirectory(prefix="try-", dir=home.path) as place:
        theirs = Home(Path(place))
        theirs.hand_over(lesson)
        shutil.copyfile(answer, theirs.exercise(lesson))
        ini = theirs.path / "pytest.ini"
        return run_tests(lesson, theirs.folder(lesson), ini, SECONDS, to_first_failure=True)


def _stub_faults(verdict: Verdict) -> list[str]:
    where = f"{verdict.lesson.slug}/exercise.py"
    failure = verdict.first_failure
    if verdict.passed or failure is None:
        return [f"{where}: the stub does not fail: {verdict.words or 'every check passes'}"]
    told = {
        "where": failure.miss.where,
        "expected": failure.miss.expected,
        "got": failure.miss.got,
        "the RFC's section, or whose rule it is": failure.miss.rfc,
    }
    lacking = ", ".join(name for name, words in told.items() if not words)
    return [f"{where}: the stub's failure does not say {lacking}"] if lacking else []


_STEPS: Final[Mapping[Step, Callable[[Proof, Course, Home], None]]] = {
    "files": _files,
    "words": _words,
    "script": _script,
    "exercise": _exercise,
}
