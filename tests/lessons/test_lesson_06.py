"""Lesson 6: the page's server gives back what it got, and the lesson weighs what was sent."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from inspector.core.frames import encode_frame
from lessons.course.course import Course, load
from lessons.course.evidence import Evidence
from lessons.demo import create_app
from lessons.demo.server import DemoServer
from tests.lessons.demo_wire import Client, masked

LESSON = Course().find("6")
EXPERIMENT = load(LESSON, "experiment")
SERVER = load(LESSON, "server")
SOLUTION = load(LESSON, "solution")
CHECK = load(LESSON, "test_exercise")


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(create_app(SERVER.CONFIG, blueprints=[SERVER.bp])) as running:
        yield running


def test_each_payload_comes_back_in_one_frame_uncompressed(server: DemoServer) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate"
    with Client.open("/ws/cost", server.port, offer) as client:
        assert b"Sec-WebSocket-Extensions" not in client.head
        for size in SERVER.SIZES:
            client.send(masked(1, b"x" * size))
            frame = client.frame()
            assert (frame.first, frame.payload) == (0x81, b"x" * size)


def test_the_body_of_a_post_comes_back(server: DemoServer) -> None:
    for size in SERVER.POSTED:
        with urllib.request.urlopen(f"{server.url}/cost/echo", b"x" * size, timeout=10) as answer:
            assert answer.read() == b"x" * size
            assert answer.headers["Content-Type"].startswith("text/plain")


def test_the_page_is_in_the_list_of_pages(server: DemoServer) -> None:
    with urllib.request.urlopen(f"{server.url}/cost", timeout=10) as answer:
        page = answer.read().decode()
    assert '<a href="/cost" aria-current="page">Cost</a>' in page
    for size in SERVER.SIZES:
        assert f'data-send="{size}"' in page


def test_the_solution_counts_what_the_encoder_writes() -> None:
    for size in (0, 1, 125, 126, 127, 65535, 65536, 70_000):
        for key in (None, b"abcd"):
            written = len(encode_frame(2, bytes(size), masking_key=key)) - size
            assert SOLUTION.overhead([size], key is not None) == [written]
            assert len(CHECK.header(size, key is not None)) == written


def test_the_sample_shows_what_the_lesson_says() -> None:
    own = Evidence.read(LESSON.folder / "sample.pcapng")
    facts = dict(EXPERIMENT.facts(own, None))
    assert (facts["empty_out"], facts["empty_back"]) == (6, 2)
    assert (facts["one_more"], facts["one_more_huge"]) == (3, 7)
    assert (facts["pieces_header"], facts["wide_code"]) == (512, 1002)
    assert (facts["times_key"], facts["paid_key"], facts["large_key"]) == (
        "fifty",
        "first",
        "hundredth",
    )
    assert all(claim.held for claim in EXPERIMENT.claims(own, None))
