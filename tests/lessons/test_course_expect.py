"""What an exercise's check says of one answer."""

from __future__ import annotations

import pytest

from lessons.course.expect import Expect, Mismatch, Miss, Near, Unanswered, difference, same
from lessons.course.plugin import Broken, OutOfTime
from lessons.course.plugin import told as told_by_plugin


def test_types_count_all_through() -> None:
    assert same([1, (2, "x")], [1, (2, "x")])
    assert same({"a": [1]}, {"a": [1]})
    for got, expected in (
        (True, 1), (1.0, 1), ([1], (1,)), ([True], [1]), ({"a": 1}, {"a": True}), ("a", b"a"),
        (None, 0), ([1], [1, 2]), ({"a": 1}, {"b": 1}),
    ):  # fmt: skip
        assert not same(got, expected)


def test_a_known_mistake_is_named_and_the_bytes_are_marked() -> None:
    with pytest.raises(Mismatch) as caught:
        Expect()(
            126, 300, where="frame 8", rfc="6455 §5.2", wire=bytes.fromhex("81fe012c") + bytes(30),
            mark=(2, 4), near=[Near("code", 126, "126 says where the length stands")],
        )  # fmt: skip
    assert caught.value.miss.tag == "code"
    assert caught.value.miss.lines() == [
        "frame 8",
        "  81 fe 01 2c 00 00 00 00 00 00 00 00 00 00 00 00 ...",
        "        ^^ ^^ bytes 2 to 3",
        "expected  300",
        "got       126",
        "126 says where the length stands",
        "RFC 6455 §5.2",
    ]


def test_what_no_rfc_says_is_not_cited_from_one() -> None:
    for rfc, said in (("9110 §3.3", "RFC 9110 §3.3"), ("the lesson's own rule",) * 2):
        assert Miss("here", "1", "2", rfc=rfc).lines()[-1] == said
    assert Miss("here", "1", "2").lines()[-1] == "got       2"


def test_what_is_raised_when_asked_is_told_with_the_bytes_and_no_line_of_ours() -> None:
    with (
        pytest.raises(Unanswered) as caught,
        Expect().asked(None, where="cut short", rfc="6455 §5.2", wire=b"\x81", mark=(0, 1)),
    ):
        _ = b"\x81"[1]
    assert told_by_plugin(caught.value).lines() == [
        "cut short",
        "  81",
        "  ^^ byte 0",
        "expected  None",
        "got       raised IndexError: index out of range",
        "RFC 6455 §5.2",
    ]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Broken("exercise.py has no f"), "exercise.py has no f"),
        (Mismatch(Miss(words="another one")), "another one"),
    ],
)
def test_what_says_enough_by_itself_is_told_as_ever(fault: Exception, words: str) -> None:
    with pytest.raises(Unanswered) as caught, Expect().asked(1, where="here"):
        raise fault
    assert told_by_plugin(caught.value).lines() == [words]


def test_a_time_limit_is_no_answer_and_passes_through() -> None:
    with pytest.raises(OutOfTime), Expect().asked(1, where="here"):
        raise OutOfTime


def test_a_mark_far_behind_is_still_seen() -> None:
    with pytest.raises(Mismatch) as caught:
        Expect()(1, 2, wire=bytes(range(60)), mark=(40, 41))
    assert caught.value.miss.picture() == [
        "... 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f ...",
        "                            ^^ byte 40",
    ]


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        ("abc", "abd", "they differ from character 2 on (counted from 0)"),
        (b"a", b"ab", "the length differs: expected 2 bytes, got 1"),
        (1, "1", "the type differs: expected str, got int"),
        (1, 2, ""),
    ],
)
def test_a_difference_in_words(got: object, expected: object, words: str) -> None:
    assert difference(got, expected) == words


# The command
