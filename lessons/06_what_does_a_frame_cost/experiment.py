"""Payloads of the sizes at which a header grows, both ways; then the same payloads over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inspector.core.rfc import TEXT, Side
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Bars, Claim, in_parts
from lessons.course.session import Session

from .weights import (
    ECHO,
    LARGE,
    NOT_MINIMAL,
    PIECES,
    SIZES,
    SMALL,
    WS,
    answer_to_wide,
    around_frames,
    around_http,
    both,
    code_of,
    handshake,
    pieces,
    posted,
    share,
    weighed,
    wide,
)

PAGE = "/cost"
LEAST_SHARES = {"half": 30, "tenth": 3, "hundredth": 0.1, "little": 0}  # per cent


# What is done


def the_line(session: Session) -> Client:
    """The script's own connection, kept from one `do` to the next."""
    line: Client | None = session.state.get("line")
    if line is None or line.closed:
        line = session.state["line"] = session.client(WS)
    return line


def send_nothing(session: Session) -> None:
    """send an empty message"""
    give_and_take(session, 0)


def send_the_edges(session: Session) -> None:
    """send 125, 126, 65,535 and 65,536 letters"""
    for size in SIZES[1:]:
        give_and_take(session, size)


def give_and_take(session: Session, size: int) -> None:
    line = the_line(session)
    line.send("x" * size)
    line.receive()


def send_in_pieces(session: Session) -> None:
    """send 65,536 letters as one message in 64 frames"""
    line = the_line(session)
    line.send_fragments(*["x" * (LARGE // PIECES)] * PIECES)
    line.receive()


def send_wide(session: Session) -> None:
    """send hello with a length that is written too long"""
    with session.client(WS) as line:
        line.send_frame(TEXT, b"hello", length_bits=16)
        line.wait_closed()


def post_small(session: Session) -> None:
    """POST 125 letters, and get them back"""
    session.post(ECHO, b"x" * SMALL)


def post_large(session: Session) -> None:
    """POST 65,536 letters, and get them back"""
    session.post(ECHO, b"x" * LARGE)


ACTIONS = {
    "empty": Action(send_nothing, lambda evidence: bool(both(evidence, 0)), page=PAGE),
    "edges": Action(
        send_the_edges,
        lambda evidence: all(both(evidence, size) for size in SIZES[1:]),
        page=PAGE,
        waiting="your four payloads",
    ),
    "pieces": Action(
        send_in_pieces, lambda evidence: bool(pieces(evidence)), page=PAGE, script_only=True
    ),
    "wide": Action(
        send_wide, lambda evidence: bool(answer_to_wide(evidence)), page=PAGE, script_only=True
    ),
    "small": Action(post_small, lambda evidence: bool(posted(evidence, SMALL)), page=PAGE),
    "large": Action(post_large, lambda evidence: bool(posted(evidence, LARGE)), page=PAGE),
}


# What it comes to


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    parts = (
        empty_facts,
        size_facts,
        piece_facts,
        wide_facts,
        small_facts,
        handshake_facts,
        large_facts,
    )
    return in_parts(parts, evidence)


def empty_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    mine, theirs = both(evidence, 0)
    yield "empty_out", len(mine.wire)
    yield "empty_ip", len(mine.wire) + 40  # the least that TCP and IPv4 add
    yield "empty_back", len(theirs.wire)
    yield "empty_hex", mine.wire.hex(" ")


def size_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    out = {size: weighed(evidence, "client", size) for size in SIZES[1:]}
    yield "one_more", len(out[126].wire) - len(out[125].wire)
    yield "at_125", len(out[125].wire)
    yield "at_126", len(out[126].wire)
    yield "one_more_huge", len(out[65536].wire) - len(out[65535].wire)
    yield "at_65535", len(out[65535].wire)
    yield "at_65536", len(out[65536].wire)
    yield "largest", len(out[65536].header)


def piece_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    many = pieces(evidence)
    header = sum(len(frame.header) for frame in many)
    part = 100 * header / sum(len(frame.wire) for frame in many)
    yield "pieces", len(many)
    yield "piece", many[0].length
    yield "piece_header", len(many[0].header)
    yield "pieces_header", header
    yield "pieces_share", part
    yield "pieces_key", "under" if part < 1.5 else "five" if part < 8 else "twelve"


def wide_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    yield "wide_reaction", answer_to_wide(evidence)
    line = wide(evidence)
    yield "wide", line.number
    yield "wide_header", line.frames_from("client")[0].frame.header[:4].hex(" ")
    yield "wide_code", code_of(line)
    yield "wide_rule", NOT_MINIMAL


def small_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    frames = around_frames(evidence, SMALL)
    yield "frames_around", frames
    around = around_http(evidence, SMALL)
    times = around / frames
    yield "http_around", around
    yield "times", times
    yield "times_key", "same" if times < 2 else "five" if times < 25 else "fifty"


def handshake_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    yield "handshake", handshake(evidence)
    frames, around = around_frames(evidence, SMALL), around_http(evidence, SMALL)
    after = handshake(evidence) // (around - frames) + 1 if around > frames else 0
    yield "paid_after", after
    yield "paid_key", "first" if after == 1 else "tenth" if after <= 10 else "hundredth"


def large_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    part = share(around_http(evidence, LARGE), LARGE)
    yield "large_share", part
    yield "large_around", around_http(evidence, LARGE)
    yield "large_frames", share(around_frames(evidence, LARGE), LARGE)
    yield "large_key", next(key for key, least in LEAST_SHARES.items() if part >= least)


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (size_claims, piece_claims, wide_claims, small_claims, large_claims)
    return in_parts(parts, evidence)


def size_claims(evidence: Evidence) -> Iterator[Claim]:
    out = [len(weighed(evidence, "client", size).header) for size in SIZES]
    back = [len(weighed(evidence, "server", size).header) for size in SIZES]
    yield Claim(
        "A header has 2, 4 or 10 bytes: it grows at 126 and at 65,536 bytes of payload",
        back == [2, 2, 4, 4, 10],
        f"from the server, for {listed(SIZES)} bytes: {listed(back)}",
        "6455 §5.2",
    )
    yield Claim(
        "A client's has four bytes more at every size, also where there is nothing to mask",
        [mine - theirs for mine, theirs in zip(out, back, strict=True)] == [4] * len(SIZES),
        f"from the client: {listed(out)}",
        "6455 §5.3",
    )


def piece_claims(evidence: Evidence) -> Iterator[Claim]:
    many = pieces(evidence)
    header = sum(len(frame.header) for frame in many)
    whole = len(weighed(evidence, "client", LARGE).header)
    yield Claim(
        "One frame is cheaper than many, by less than 1 % of what is sent",
        whole < header < LARGE / 100,
        f"{LARGE:,} bytes: {whole} in one frame, {header} in {len(many)}",
        "6455 §5.4",
    )


def wide_claims(evidence: Evidence) -> Iterator[Claim]:
    yield Claim(
        "This server fails a connection on which a length is written longer than it has to be",
        answer_to_wide(evidence) == "closes" and code_of(wide(evidence)) == 1002,
        f"Close {code_of(wide(evidence))}; the finding is {NOT_MINIMAL}",
        "6455 §5.2",
    )


def small_claims(evidence: Evidence) -> Iterator[Claim]:
    small, frames = around_http(evidence, SMALL), around_frames(evidence, SMALL)
    yield Claim(
        "Around a small payload HTTP/1.1 sends more than fifty times as much as WebSocket",
        small > 50 * frames,
        f"{small:,} and {frames} bytes around {SMALL}, both ways",
        "9112 §2.1",
    )


def large_claims(evidence: Evidence) -> Iterator[Claim]:
    http, ws = (share(weigh(evidence, LARGE), LARGE) for weigh in (around_http, around_frames))
    yield Claim(
        "Around a large one both send next to nothing",
        http < 3 and ws < 0.1,
        f"{http:.2g} % and {ws:.2g} % around {LARGE:,} bytes, both ways",
        "6455 §5.2",
    )


def listed(numbers: Iterable[int]) -> str:
    """`2, 4 and 10`"""
    *before, last = (f"{number:,}" for number in numbers)
    return f"{', '.join(before)} and {last}"


# What is drawn


def empty_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """An empty message, both ways."""
    yield "who", "on the wire", "header", "payload"
    for who, frame in zip(("you", "the server"), both(evidence, 0), strict=True):
        yield who, frame.wire.hex(" "), len(frame.header), frame.length


def headers_plot(evidence: Evidence, session: Session) -> Bars:
    """Header bytes by size, from either side."""
    sides: tuple[tuple[str, Side], ...] = (("you", "client"), ("server", "server"))
    rows = tuple(
        (f"{size:,} from {who}", len(weighed(evidence, side, size).header))
        for who, side in sides
        for size in SIZES[1:]
    )
    return Bars("What a frame adds to a payload of so many bytes", rows, "bytes")


def around_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Small payloads: what was sent both ways, and what of it is not payload."""
    http = posted(evidence, SMALL)
    out, back = both(evidence, SMALL)
    yield "there and back again", "up", "down", "of both, payload", "around it"
    post = http.up, http.down
    frames = len(out.wire), len(back.wire)
    for name, (up, down) in (("HTTP POST", post), ("WebSocket message", frames)):
        yield name, f"{up:,}", f"{down:,}", 2 * SMALL, f"{up + down - 2 * SMALL:,}"


def bill_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """All overhead so far, after so many small payloads there and back."""
    yield "payloads there and back", "WebSocket, handshake included", "HTTP"
    frames, http = around_frames(evidence, SMALL), around_http(evidence, SMALL)
    for many in (1, 10, 100):
        yield many, f"{handshake(evidence) + many * frames:,} bytes", f"{many * http:,} bytes"


def share_plot(evidence: Evidence, session: Session) -> Bars:
    """What is no payload, in per cent."""
    ways = (("HTTP", around_http), ("WebSocket", around_frames))
    rows = tuple(
        (f"{name}, {size:,} bytes", share(weigh(evidence, size), size))
        for size in (SMALL, LARGE)
        for name, weigh in ways
    )
    return Bars("Overhead, of all bytes", rows, "%", form=".2g", log=True)


def below_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """What carries an empty message, from the frame down."""
    yield "what", "bytes", "where it is written", "in this capture?"
    yield "your frame", len(weighed(evidence, "client", 0).wire), "RFC 6455 §5.2", "yes, as sent"
    yield "TLS 1.3 record, if it is wss", "about 22", "RFC 8446 §5.2", "no, there was none"
    yield "TCP header", "20 or more", "RFC 9293 §3.1", "no, one made up"
    yield "IP header", "20; IPv6: 40", "RFC 791, RFC 8200", "no, one made up"


TABLES = {"empty": empty_table, "around": around_table, "bill": bill_table, "below": below_table}
PLOTS = {"headers": headers_plot, "share": share_plot}
