"""Lesson 7: the model of a box takes the bait only where it stands on the wire as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frames import encode_frame
from inspector.core.masking import apply_mask
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.course.show import frames

LESSON = Course().find("7")
EXPERIMENT = load(LESSON, "experiment")
SOLUTION = load(LESSON, "solution")
BOX = load(LESSON, "box")
BAIT = EXPERIMENT.BAIT.encode()


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4))
def test_the_solution_masks_as_the_inspector_does(payload: bytes, key: bytes) -> None:
    assert SOLUTION.mask(payload, key) == apply_mask(payload, key)
    assert SOLUTION.mask(SOLUTION.mask(payload, key), key) == payload


@given(st.binary(min_size=4, max_size=4).filter(any))
def test_the_box_finds_nothing_under_any_key_but_zeros(key: bytes) -> None:
    assert BOX.requests(encode_frame(1, BAIT, masking_key=key)) == []


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (encode_frame(1, BAIT), ["victim.example/script.js"]),
        (encode_frame(1, BAIT, masking_key=bytes(4)), ["victim.example/script.js"]),
        (b"GET /a HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\n\r\n", ["b/a"]),
        (encode_frame(1, b"GET /a HTTP/1.1\nHost: b\n\n"), []),  # on a line with the header
        (b"\nGET /a HTTP/1.1\nAccept: c\n\n\nGET /a\nHost: b\n", []),
        (b"", []),
        (bytes(range(256)) * 4, []),
    ],
)
def test_what_the_box_takes_for_a_request(stream: bytes, found: list[str]) -> None:
    assert BOX.requests(stream) == found


def test_the_text_for_a_known_key_can_be_sent_as_text() -> None:
    text = apply_mask(BAIT, EXPERIMENT.KNOWN_KEY)
    assert text.decode("utf-8").encode() == text
    assert BOX.requests(text) == []
    frame = encode_frame(1, text, masking_key=EXPERIMENT.KNOWN_KEY)
    assert BOX.requests(frame) == ["victim.example/script.js"]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("41c55a9f", "14d4459f", "; byte 3 of the keys is the same by chance"),
        ("41c55a9f", "41d4459f", "; 2 key bytes are the same by chance"),
        ("41c55a9f", "9f41c55a", ""),
        ("41c55a9f", "41c55a9f", ""),  # no chance: one key was used twice
        ("", "", ""),
    ],
)
def test_key_bytes_that_are_alike_by_chance_are_owned_up_to(
    one: str, other: str, said: str
) -> None:
    assert EXPERIMENT.by_chance(bytes.fromhex(one), bytes.fromhex(other)) == said


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    facts = dict(EXPERIMENT.facts(own, None))
    assert (facts["alike"], facts["needs"], facts["naked_reaction"]) == ("two", "nothing", "closes")
    assert (facts["bites"], facts["zero_reaction"], facts["guessed_found"]) == (
        "bare",
        "takes",
        "yes",
    )
    assert all(claim.held for claim in EXPERIMENT.claims(own, None))


def test_a_listing_tells_the_findings_of_its_frames_and_of_no_others() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    naked = own.numbered(dict(EXPERIMENT.facts(own, None))["naked"])
    number = naked.findings[0].frame
    assert number is not None
    told = "\n".join(line.plain for line in frames(naked, 1, len(naked.frames)))
    assert "frame-unmasked-client" in told
    others = "\n".join(line.plain for line in frames(naked, number + 1, len(naked.frames)))
    assert "frame-unmasked-client" not in others
