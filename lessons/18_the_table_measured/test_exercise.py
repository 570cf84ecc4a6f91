"""The self-check of lesson 18: what is wrong in five captures, made for this learner alone.

What is right follows from the name of the set, by making it again. It is never printed: a finding
is told how far it is right, first what, then who, then which frame.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.expect import Near

LESSON = Course().find("18")
captures = load(LESSON, "captures")
faults = load(LESSON, "faults")
HERE = Path(__file__).parent
FORM = "a tuple (what, who, frame): a str, a str, an int"
RIGHT = "the right fault, side and frame"
SIDES = ("client", "server", "between")
SECTION = "6455 §7.1.7"  # what a side does that has found a fault
SO_FAR = ("another fault", "the fault, another side", "fault and side, another frame")


def in_form(got: object) -> bool:
    return (
        type(got) is tuple
        and len(got) == 3
        and all(type(part) is kind for part, kind in zip(got, (str, str, int), strict=True))
    )


def judged(got: object, truth) -> str:
    """How far it is right."""
    if not in_form(got):
        return f"{got!r}"
    what, who, frame = got
    if what != truth.what:
        return SO_FAR[0]
    return SO_FAR[1] if who != truth.who else SO_FAR[2] if frame != truth.frame else RIGHT


def part_of(what: str) -> int:
    return captures.PARTS.index(faults.FAULTS[what].part)


def about_what(what: str, truth) -> Near:
    """A wrong name: what is to be said of it without saying the right one."""
    if what == "":
        return Near("nothing", SO_FAR[0], "you have named no fault here yet")
    if what not in faults.FAULTS:
        return Near("no-name", SO_FAR[0], "that is none of the names at the top of exercise.py")
    named, right = part_of(what), part_of(truth.what)
    if named > right:
        words = "something came before what you name: look for the first thing that is not right"
        return Near("consequence", SO_FAR[0], words)
    if named < right:
        words = "as far as you have looked, all is as it should be: read on"
        return Near("too-early", SO_FAR[0], words)
    return Near("same-part", SO_FAR[0], "the right part of the connection, another fault of it")


def about_who(who: str, truth) -> Near:
    if who not in SIDES:
        words = 'it is that fault; who: "client", "server" or "between"'
        return Near("no-side", SO_FAR[1], words)
    words = "it is that fault, but not theirs: who notices a fault is not who made it"
    return Near("other-side", SO_FAR[1], words)


def about_frame(frame: int, truth, connection) -> Near:
    """A wrong number; `connection` is the capture's."""
    known = {each.number: each.frame for each in connection.frames}
    said = "fault and side are right"
    if truth.frame == 0:
        return Near("needless-frame", SO_FAR[2], f"{said}, but no frame has it: say 0")
    if frame == 0:
        return Near("frame-missing", SO_FAR[2], f"{said}: which frame is it?")
    if truth.what.startswith("number-") and frame < truth.frame:
        words = f"{said}; it is the first frame whose number is not the next one"
        return Near("gap", SO_FAR[2], words)
    if truth.what == "data-after-close" and frame == truth.frame - 1:
        return Near("the-close", SO_FAR[2], f"{said}, but frame {frame} is the Close itself")
    if frame == truth.frame - 1:
        words = f"{said}, but frame {frame} is one too early: the first one is number 1, not 0"
        return Near("counted-from-0", SO_FAR[2], words)
    if frame not in known:
        words = f"{said}; the capture has {len(known)} frames, no {frame}"
        return Near("no-such-frame", SO_FAR[2], words)
    side = known[truth.frame].side  # not always who is to blame: an answer may be missing to it
    if known[frame].side != side:
        words = f"{said}, but frame {frame} is the {known[frame].side}'s: look at the {side}'s"
        return Near("others-frame", SO_FAR[2], words)
    return Near("frame", SO_FAR[2], f"{said}, but frame {frame} is not the one")


def all_five(exercise, truths) -> str:
    """How it stands with each: one line for all."""
    told = []
    for truth in truths:
        verdict = "no answer"
        with suppress(Exception, SystemExit):
            verdict = judged(exercise.diagnose(truth.number), truth)
        verdict = {RIGHT: "right"}.get(verdict, verdict if verdict in SO_FAR else "no answer")
        told.append(f"{truth.number} {verdict}")
    return f"All five: {', '.join(told)}."


def look_at(exercise, expect, number: int) -> None:
    name, truths = captures.hand_out(HERE, captures.SAMPLE)
    truth = truths[number - 1]
    whose = "yours" if name != captures.SAMPLE else "a sample: the lesson makes your own"
    where = f"captures/{truth.file} ({whose})"
    with expect.asked(RIGHT, where=where, rfc=SECTION):
        got = exercise.diagnose(number)
    if not in_form(got):
        near = Near("form", form_of(got), "give all three in round brackets, frame as a number")
        expect(form_of(got), FORM, where=where, rfc=SECTION, near=[near])
    what, who, frame = got
    path = HERE / captures.FOLDER / truth.file
    connection = Evidence.read(path).connections[0]
    verdict, wire = judged(got, truth), b""
    if verdict == SO_FAR[0]:
        near = about_what(what, truth)
    elif verdict == SO_FAR[1]:
        near = about_who(who, truth)
    else:
        near = about_frame(frame, truth, connection)
        wire = frame_bytes(connection, frame)
    near = Near(near.tag, near.value, f"{near.words}. {all_five(exercise, truths)}")
    mark = (0, 2 if wire else 0)
    expect(verdict, RIGHT, where=where, rfc=SECTION, near=[near], wire=wire, mark=mark)


def form_of(got: object) -> str:
    if type(got) is tuple:
        return f"a tuple of {', '.join(type(part).__name__ for part in got) or 'nothing'}"
    return f"{type(got).__name__}: {got!r}"[:120]


def frame_bytes(connection, number: int) -> bytes:
    """The frame that was named, so that one can see that nothing is wrong with it."""
    found = [each.frame for each in connection.frames if each.number == number]
    return found[0].wire if found else b""


def test_one(exercise, expect):
    """capture-1.pcapng"""
    look_at(exercise, expect, 1)


def test_two(exercise, expect):
    """capture-2.pcapng"""
    look_at(exercise, expect, 2)


def test_three(exercise, expect):
    """capture-3.pcapng"""
    look_at(exercise, expect, 3)


def test_four(exercise, expect):
    """capture-4.pcapng"""
    look_at(exercise, expect, 4)


def test_five(exercise, expect):
    """capture-5.pcapng"""
    look_at(exercise, expect, 5)
