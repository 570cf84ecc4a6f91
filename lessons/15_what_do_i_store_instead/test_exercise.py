"""The self-check of lesson 15: `Room`, run as a server that is killed with SIGKILL.

What has to come is worked out here from what was said; what came is read from the clients' frames.
This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import pytest

from lessons.course.course import Course, load
from lessons.course.expect import Near

LESSON = Course().find("15")
TRIAL, SIGHTINGS = load(LESSON, "trial"), load(LESSON, "sightings")
AGREED = "the rule stands in exercise.py; no RFC numbers what is said, nor keeps it"


@pytest.fixture
def run(exercise, expect, tmp_path):
    """Start a server on this test's file: `with run(kill="word") as server`."""
    assert exercise.Room  # there is one
    path, database = Path(exercise.__file__), tmp_path / "rooms.sqlite"

    @contextmanager
    def started(where: str, **plan: object) -> Iterator:
        try:
            with TRIAL.Server(path, database, **plan) as server:
                yield server
                if report := server.report():
                    raise TRIAL.Stuck("", report)
        except TRIAL.Stuck as stuck:
            told = stuck.report
            kind, line = told.get("raised", "stuck"), told.get("where", "")
            got = f"raised {kind}: {told['words']}" if told else str(stuck)
            got = told["words"] if kind == "after-leave" else got
            words = "after leave(ws), nothing is sent to ws" if kind == "after-leave" else line
            near = (Near(kind, got, words),)
            expect(got, "an answer", where=where, rfc=AGREED, near=near)

    return started


def word() -> str:
    """Something to say that nobody has said before."""
    return f"{random.choice(WORDS)} {secrets.token_hex(3)}"


WORDS = ("hello", "how are you?", "7 plums", "it's; -- late", "grüß dich", "100% yes")


def numbered(texts: list[str], first: int = 1) -> list[str]:
    return [f"{number} {text}" for number, text in enumerate(texts, first)]


def judge(expect, visitor, wanted: list[str], where: str, tag: str = "") -> None:
    """What came has to be that, in that order; the frame at which it differs is named."""
    came, got = visitor.came, visitor.texts
    pairs = enumerate(zip_longest(got, wanted))
    at = next((n for n, pair in pairs if pair[0] != pair[1]), len(wanted))
    wire, mark, place = b"", (0, 0), "after the last frame"
    if at < len(came):
        frame, place = came[at].frame, came[at].place
        head = len(frame.wire) - len(frame.payload)
        wire, mark = frame.wire, (head, head + len(got[at].partition(" ")[0].encode()))
    near = () if got == wanted else mistake(visitor.last, got, wanted, at, place, tag)
    start = max(0, at - 2)
    shown, right = (
        (got, wanted) if len(wanted) < 8 else (got[start : at + 4], wanted[start : at + 4])
    )
    where = f"{where}: resume {visitor.last}, {place}"
    near = tuple(Near(each.tag, shown, each.words) for each in near)
    if got != wanted and shown == right:  # what differs lies beyond
        shown, right = got, wanted
    expect(shown, right, where=where, rfc=AGREED, wire=wire, mark=mark, near=near)


def mistake(
    last: int, got: list[str], wanted: list[str], at: int, place: str, tag: str
) -> tuple[Near, ...]:
    """What the first difference tells: lost, twice, another number, another order."""
    numbers = [number_of(text) for text in got]
    now = numbers[at] if at < len(got) else None
    right = number_of(wanted[at]) if at < len(wanted) else None
    same_words = [
        n
        for n, text in zip(numbers, got, strict=True)
        if at < len(wanted) and words_of(text) == words_of(wanted[at])
    ]
    if not got:
        return (Near(tag or "nothing", got, f"nothing came at all; number {right} had to"),)
    if any(number is None for number in numbers):
        return (Near("form", got, 'an event is sent as number, blank, text: "7 hello"'),)
    if now is not None and now <= last:
        words = f"number {now} came again in {place}: the client has processed all up to {last}"
        return (Near("at-or-after" if now == last else "everything", got, words),)
    if now is not None and now in numbers[:at]:
        return (Near(tag or "twice", got, f"number {now} came twice: again in {place}"),)
    if right is not None and right not in numbers:
        if same_words:
            words = f"number {same_words[0]} in {place}: what was said there has to have {right}"
            return (Near("numbers", got, words),)
        brought = f"{place} brought {now} instead" if now else "nothing came after it"
        return (Near(tag or "lost", got, f"number {right} was lost: {brought}"),)
    if sorted(numbers) == sorted(number_of(text) for text in wanted) and numbers != sorted(numbers):
        words = f"out of order: {place} brought {now} where {right} had to come"
        return (Near("seam" if tag == "seam" else "order", got, words),)
    if now is not None and now == right:
        words = f"number {now} in {place} is another event than the one that had this number"
        return (Near("other-event", got, words),)
    if right is not None and right in numbers[at:]:
        words = f"{place} brought {now} before {right}"
        return (Near("seam" if tag == "seam" else "order", got, words),)
    return ()


def number_of(text: str) -> int | None:
    first = text.partition(" ")[0]
    return int(first) if first.isascii() and first.isdecimal() else None


def words_of(text: str) -> str:
    return text.partition(" ")[2]


def say(expect, visitor, text: str, number: int, where: str) -> None:
    """What `say` returns is the number."""
    got = visitor.say(text)
    near = [Near("no-number", None, "say returns the number of the event")]
    if isinstance(got, int) and got < number:
        near.append(Near("restart", got, f"the room had {number - 1} events already: count on"))
    elif isinstance(got, int):
        near.append(Near("one-count", got, "each room counts its own events"))
    expect(got, number, where=f"{where}: what say({text!r}) returned", rfc=AGREED, near=near)


def test_numbers(run, expect):
    """two rooms, each numbered from 1, each hearing its own"""
    where = "two rooms, one file"
    with run(where) as server:
        otter, heron = server.visit("garden"), server.visit("kitchen")
        heron.sync()
        garden, kitchen = [word() for _ in range(4)], [word()]
        say(expect, otter, garden[0], 1, f"{where}, garden")
        say(expect, heron, kitchen[0], 1, f"{where}, kitchen")
        for number, text in enumerate(garden[1:], 2):
            say(expect, otter, text, number, f"{where}, garden")
        judge(expect, otter, numbered(garden), "the garden")
        judge(expect, heron.sync(), numbered(kitchen), "the kitchen")
        fox = server.visit("garden", 2)
        judge(expect, fox.sync(), numbered(garden[2:], 3), "a second client of the garden")


def test_restart(run, expect):
    """killed, and started again: the numbers go on"""
    texts, last = [word() for _ in range(random.randrange(12, 18))], 0
    with run("before the kill") as server:
        otter = server.visit("garden")
        for text in texts:
            otter.client.send(text)
        judge(expect, otter.sync(), numbered(texts), "before the kill")
        server.kill()
    last = len(texts) - random.randrange(2, 6)
    where = "started again after SIGKILL, the clock an hour back"
    with run(where, clock=-3600) as server:
        otter = server.visit("garden", last).sync()
        judge(expect, otter, numbered(texts[last:], last + 1), where)
        texts.append(word())
        say(expect, otter, texts[-1], len(texts), where)
        fox = server.visit("garden").sync()
        judge(expect, fox, numbered(texts), where, "trimmed")


def test_killed_after_sending(run, expect):
    """killed right after an event has left, before anyone else got it"""
    for speaker, room in enumerate(("garden", "kitchen")):
        kill_and_resume(run, expect, speaker, room)


def kill_and_resume(run, expect, speaker: int, room: str) -> None:
    """Two are here, one says the fatal word; both come back, with what they had."""
    fatal, before = word(), [word() for _ in range(random.randrange(2, 7))]
    number = len(before) + 1
    with run("before the kill", kill=fatal) as server:
        guests = [server.visit(room).sync() for _ in range(2)]
        for text in before:
            guests[0].say(text)
        if guests[speaker].last_words(fatal):
            server.wait()
    where = f"killed right after number {number} was sent"
    longest = max((guest.texts for guest in guests), key=len)
    near = (Near("lost", longest, f"number {number} was never sent, to neither of two clients"),)
    expect(longest, numbered([*before, fatal]), where=where, rfc=AGREED, near=near)
    with run(where) as server:
        last = [len(guest.texts) for guest in guests]
        back = [server.visit(room, number).sync() for number in last]
        after = word()
        say_after(expect, back[0], after, number + 1, where)
        everything = numbered([*before, fatal, after])
        for guest, had in zip(back, last, strict=True):
            judge(expect, guest.sync(), everything[had:], where, "uncommitted")


def say_after(expect, visitor, text: str, number: int, where: str) -> None:
    got = visitor.say(text)
    words = f"number {number - 1} was on the wire already, with another event: commit, then send"
    near = (Near("uncommitted", number - 1, words), Near("restart", 1, "count on after a restart"))
    expect(got, number, where=f"{where}: what the next say returned", rfc=AGREED, near=near)


def test_killed_in_mid_stream(run, expect):
    """killed at a random moment, in mid-stream"""
    texts = [word() for _ in range(20)]
    with run("in mid-stream") as server:
        otter = server.visit("garden").sync()
        for text in texts:
            otter.client.send(text)
        otter.wait_for(random.randrange(1, 15), len(texts))
        server.kill()
    had = otter.texts
    last = len(had)
    where = f"killed in mid-stream, after number {last}"
    judge(expect, otter, numbered(texts[:last]), "before the kill")
    with run(where) as server:
        back = server.visit("garden", last).sync()
        stored = last + len(back.came)
        judge(expect, back, numbered(texts[last:stored], last + 1), where)
        text = word()
        say_after(expect, back, text, stored + 1, where)


def test_seam(run, expect):
    """somebody speaks just while a client is let in"""
    between, texts = word(), [word() for _ in range(3)]
    where = "somebody spoke while this client was let in"
    with run(where, between=between) as server:
        otter = server.visit("garden").sync()
        for text in texts:
            otter.say(text)
        heron = server.visit("garden").sync()
        texts += [between, word()]
        otter.say(texts[-1])
        judge(expect, heron.sync(), numbered(texts), where, "seam")
        judge(expect, otter.sync(), numbered(texts), "the one who was there before")


def test_gone(run, expect):
    """a connection that is gone keeps nothing from the others"""
    lost, texts = word(), [word()]
    where = "one connection is gone, and its send raises"
    with run(where, gone=lost) as server:
        otter, heron, fox = (server.visit("garden").sync() for _ in range(3))
        say(expect, heron, texts[0], 1, where)
        say(expect, fox, lost, 2, where)
        for name, guest in (("the second client", heron), ("the third", fox)):
            judge(expect, guest.sync(), numbered([*texts, lost]), f"{where}; {name}", "gone")
        fox.client.close()
        otter.client.close()
        say(expect, heron, word(), 3, "after two have left")


def test_own(run, expect, own):
    """your own page's events, and its own resume"""
    told = SIGHTINGS.back(own)["yours"]
    last, came = told.after.resumed, told.came
    texts = {number: words_of(said.text) for number, said in (*told.before.heard, *came)}
    said = [texts.get(number, "before your time") for number in range(1, told.until)]
    where = f"connection {told.after.connection.number}, {own.whose}"
    with run(where) as server:
        otter = server.visit("garden").sync()
        for text in said:
            otter.client.send(text)
        otter.sync()
        server.kill()
    with run(where) as server:
        back = server.visit("garden", last).sync()
        server.visit("garden", told.until).say(texts[told.until])
        judge(expect, back.sync(), [said.text for _, said in came], where)
