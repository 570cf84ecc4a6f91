"""HTTP exchanges, weighed: in whatever reads they come, the bytes and the bodies are the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lessons.course.course import Course
from lessons.course.home import Home
from lessons.course.session import Session
from lessons.course.traffic import Read, traffic

ASKED = (
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"HEAD /c HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /d HTTP/1.1\r\nHost: x\r\n\r\n",
)
TOLD = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"6\r\ndata: \r\n3;x=y\r\n1\n\n\r\n0\r\nTrailer: t\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
)
BODIES = (b"data: 1\n\n", b"abc", b"", b"until the end")


def reads(side: str, data: bytes, cuts: list[int]) -> list[Read]:
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places)]
    return [Read(side, piece, float(n)) for n, piece in enumerate(pieces) if piece]  # type: ignore[arg-type]


CUTS = st.lists(st.integers(0, 1000), max_size=12)


@given(CUTS, CUTS)
def test_any_reads_weigh_the_same(up: list[int], down: list[int]) -> None:
    told = traffic(reads("client", b"".join(ASKED), up) + reads("server", b"".join(TOLD), down))
    assert [each.up for each in told] == [len(asked) for asked in ASKED]
    assert [each.down for each in told] == [len(one) for one in TOLD]
    assert tuple(each.body for each in told) == BODIES


def test_pieces_carry_the_time_at_which_they_came() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    (told,) = traffic(
        [
            Read("client", ASKED[0], 1.0),
            Read("server", head + b"4\r\none", 2.0),
            Read("server", b"\n\r\n4\r\ntwo\n\r\n", 3.5),
        ]
    )
    assert told.pieces == [(2.0, b"one"), (3.5, b"\ntwo\n")]


@given(
    st.lists(st.tuples(st.sampled_from(["client", "server"]), st.binary(max_size=200)), max_size=12)
)
def test_no_bytes_are_too_strange(pieces: list[tuple[str, bytes]]) -> None:
    traffic([Read(side, data, 0.0) for side, data in pieces])  # type: ignore[arg-type]


def test_of_a_real_capture(tmp_path: Path) -> None:
    with Session(Course().find("1"), Home(tmp_path)) as session:
        answer = session.get("/feed/poll?after=0")
        session.wait_for(lambda evidence: bool(evidence.http and evidence.http[0].body), "the body")
        (http,) = session.evidence().http
        assert http.body == answer.body
        assert http.down == len(http.response.raw) + len(answer.body)
        assert http.up == len(http.request.raw)
        assert http.pieces[-1].time >= http.responded
