"""Lesson 1: the count that the check trusts is what the words say, and what the solution counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lessons.course.course import Course, load
from lessons.course.evidence import Evidence

LESSON = Course().find("1")
EXPERIMENT = load(LESSON, "experiment")
SOLUTION = load(LESSON, "solution")
CHECK = load(LESSON, "test_exercise")

VOICES = st.lists(st.sampled_from(["client", "server"]), max_size=60)


@given(VOICES)
def test_the_solution_counts_as_the_check_does(voices: list[str]) -> None:
    assert SOLUTION.count_unasked(list(voices)) == CHECK.unasked(voices)


def furthest_ahead(voices: list[str]) -> int:
    """Another way: the server is unasked as often as it was ever ahead of the client."""
    ahead = worst = 0
    for voice in voices:
        ahead += 1 if voice == "server" else -1
        worst = max(worst, ahead)
    return worst


def matched_by_pairing(voices: list[str]) -> int:
    """A third way: take away a question and its answer until there is none left."""
    left = list(voices)
    while True:
        pair = next(
            (at for at in range(len(left) - 1) if left[at : at + 2] == ["client", "server"]), None
        )
        if pair is None:
            return left.count("server")
        del left[pair : pair + 2]


@given(VOICES)
def test_the_oracle_is_what_the_words_say(voices: list[str]) -> None:
    assert CHECK.unasked(voices) == matched_by_pairing(voices)
    assert CHECK.unasked(voices) == furthest_ahead(voices)


def test_each_named_mistake_is_a_mistake_somewhere() -> None:
    c, s = "client", "server"
    sequences = ([c], [c, s], [s, c], [c, c, s, s], [c, s, s], [c, s, s, c, s])
    caught = {
        near.tag
        for voices in sequences
        for near in CHECK.mistakes(voices)
        if near.value != CHECK.unasked(voices)
    }
    assert caught == {near.tag for near in CHECK.mistakes([])}


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    facts = dict(EXPERIMENT.facts(own, None))
    assert facts["http_key"] == "none"
    assert facts["tcp_key"] == "each"
    assert facts["quiet_key"] == "several"
    assert facts["first_voice"] == "server"
    assert facts["asked_key"] == "each"
    assert all(claim.held for claim in EXPERIMENT.claims(own, None))
