"""Lesson 5: the solution reads headers as the decoder does, and the check builds them right."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame as OtherFrame

from inspector.core.frames import Frame, encode_frame
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence

LESSON = Course().find("5")
EXPERIMENT = load(LESSON, "experiment")
SOLUTION = load(LESSON, "solution")
CHECK = load(LESSON, "test_exercise")

FIRST = st.integers(0, 255)
LENGTHS = st.one_of(
    st.integers(0, 130),
    st.integers(65530, 65540),
    st.integers(0, (1 << 63) - 1),
)
KEYS = st.one_of(st.none(), st.binary(min_size=4, max_size=4))


@given(FIRST, LENGTHS, KEYS, st.binary(max_size=20))
def test_solution_and_truth_agree(first: int, length: int, key: bytes | None, rest: bytes) -> None:
    header = CHECK.header(first, length, key)
    assert SOLUTION.parse_header(header + rest) == CHECK.truth(first, length, key)
    for size in range(len(header)):
        assert SOLUTION.parse_header(header[:size]) is None


@given(FIRST, LENGTHS, KEYS)
def test_truth_is_what_the_decoder_reads(first: int, length: int, key: bytes | None) -> None:
    frame = Frame("client", 0, CHECK.header(first, length, key))
    assert CHECK.truth(first, length, key) == {
        "fin": frame.fin,
        "opcode": frame.opcode,
        "masked": frame.masked,
        "length": frame.length,
        "masking_key": frame.masking_key,
        "header_length": len(frame.header),
    }


@given(st.binary(max_size=300), KEYS)
def test_headers_are_those_of_the_encoder_and_of_another_library(
    payload: bytes, key: bytes | None
) -> None:
    wire = encode_frame(2, payload, masking_key=key)
    assert wire.startswith(CHECK.header(0x82, len(payload), key))

    def read_exact(size: int):  # type: ignore[no-untyped-def]
        return stream.read(size)
        yield

    stream = io.BytesIO(wire)
    parser = OtherFrame.parse(read_exact, mask=key is not None)
    with pytest.raises(StopIteration) as done:
        next(parser)
    assert done.value.value.data == payload


def test_marks_point_at_the_bytes_that_are_meant() -> None:
    key = b"\x01\x02\x03\x04"
    for length, extended in ((5, (1, 2)), (300, (2, 4)), (70_000, (2, 10))):
        wire = CHECK.header(0x81, length, key)
        places = CHECK.places(CHECK.truth(0x81, length, key))
        assert places["length"] == extended
        assert wire[slice(*places["masking_key"])] == key
        bare = CHECK.places(CHECK.truth(0x81, length, None))
        assert bare["masking_key"] == (1, 2)  # the MASK bit says that there is none


@pytest.mark.parametrize(
    ("first", "got", "words"),
    [
        (0x81, 0x81, "this is the whole first byte; FIN is still in it"),
        (0xC1, 0xC1, "this is the whole first byte; FIN and RSV are still in it"),
        (0xC1, 0x41, "an RSV bit is still in it: the opcode is the lowest four bits"),
        (0xC1, 0x81, "FIN is still in it: the opcode is the lowest four bits"),
        (0x10, 0x10, "an RSV bit is still in it: the opcode is the lowest four bits"),
    ],
)
def test_what_is_left_in_an_opcode_is_named(first: int, got: int, words: str) -> None:
    wire = CHECK.header(first, 0, None)
    near = CHECK.mistakes("opcode", wire, CHECK.truth(first, 0, None))
    assert next(each.words for each in near if each.value == got) == words


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    facts = dict(EXPERIMENT.facts(own, None))
    assert facts["first_byte"] == "81"
    assert facts["server_masked"] == "no"
    assert (facts["extra"], facts["long_header"], facts["huge_header"]) == (4, 8, 14)
    assert all(claim.held for claim in EXPERIMENT.claims(own, None))
