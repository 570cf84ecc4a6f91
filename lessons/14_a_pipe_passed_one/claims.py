"""What the lesson asserts, checked on the bytes just captured."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.course.evidence import Evidence
from lessons.course.model import Claim, in_parts
from lessons.course.session import Session

from .holder import FIRST_WORDS
from .passing import (
    Kill,
    closed,
    killed,
    middle,
    notes,
    passed,
    shut,
    torn,
    unread,
    window,
)


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        claims_of_lending,
        claims_of_tearing,
        claims_of_forgetting,
        claims_of_halving,
        claims_of_inflating,
        claims_of_closing,
        claims_of_shutting,
        claims_of_killing,
    )
    return in_parts(parts, evidence)


def claims_of_lending(evidence: Evidence) -> Iterator[Claim]:
    lent = passed(evidence)
    before, heir, child, _, after = lent.rows
    yield Claim(
        "A descriptor's number means nothing in another process",
        str(before.alone).startswith("OSError"),
        f"number {before.number} in process {heir.pid}: {before.alone}",
    )
    yield Claim(
        "Passed on, or inherited by fork, it leads to the same socket in the kernel's memory",
        lent.same and len({row.pid for row in lent.rows}) == 3,
        f"processes {before.pid}, {heir.pid}, {child.pid}: {heir.kernel or heir.ends}",
    )
    yield Claim(
        "Three processes wrote on one TCP connection, each its own frames",
        all(row.said in lent.line.messages for row in lent.rows),
        f"frames {lent.rows[0].frame} to {lent.rows[-1].frame} of connection {lent.line.number}",
    )
    yield Claim(
        "What the kernel notes of a socket holds for all who have it",
        before.blocks and not after.blocks,
        "the heir set O_NONBLOCK, and the first process's reads wait no more",
    )


def claims_of_tearing(evidence: Evidence) -> Iterator[Claim]:
    rent = torn(evidence)
    yield Claim(
        "Frames written by two processes at once mix, and framing is lost",
        rent.at not in (0, 2 + len(FIRST_WORDS)),
        f"{rent.fault.rule.id} at byte {rent.fault.offset}: {rent.fault.words}",
        rent.fault.rule.rfc,
    )


def claims_of_forgetting(evidence: Evidence) -> Iterator[Claim]:
    left = unread(evidence)
    lost = [row.said.text for row in left.rows if row.answer is None]
    yield Claim(
        "Messages that the first process had read, the heir never sees",
        lost == ["two", "three"],
        f"{' and '.join(map(str, lost))} were sent, and never answered; {left.left} bytes",
    )


def claims_of_halving(evidence: Evidence) -> Iterator[Claim]:
    half = middle(evidence)
    yield Claim(
        "An heir in mid-frame takes payload for a header",
        half.pair == half.on_wire,
        f"bytes {half.octets} and {half.octets + 1}, {half.pair.hex(' ')}: {taken(half.pair)}",
        "6455 §5.2",
    )


def claims_of_inflating(evidence: Evidence) -> Iterator[Claim]:
    _, told = window(evidence)
    inflated = told.fields["with"]
    yield Claim(
        "A compressed message can't be read without the window, and can with it",
        "rror" in told.alone and "same words" in inflated,
        f"{told.alone}; with the {told.window} bytes before: {inflated!r}",
        "7692 §7.2.2",
    )


def claims_of_closing(evidence: Evidence) -> Iterator[Claim]:
    kept, last, alone = closed(evidence)
    ends = kept.ended("server")
    yield Claim(
        "close() in one process ends nothing while another holds the socket",
        alone.pid != last.pid and not (ends and ends.time < alone.said.time),
        f"process {last.pid} closed it; then frame {alone.frame} came from process {alone.pid}",
    )


def claims_of_shutting(evidence: Evidence) -> Iterator[Claim]:
    ended, last, at = shut(evidence)
    yield Claim(
        "shutdown() ends the connection for all of them",
        not [each for each in notes(ended) if each.says == "I have it, and nobody hears me"],
        f"the server's direction ended {(at - last.said.time) * 1000:.1f} ms after the last frame",
        "9293 §3.6",
    )


def claims_of_killing(evidence: Evidence) -> Iterator[Claim]:
    yield from goes_on(killed(evidence))


def goes_on(death: Kill) -> Iterator[Claim]:
    after = death.after
    yield Claim(
        "A server was killed, and a connection that another process held went on",
        bool(after) and all(each.pid not in (death.first.pid, death.new) for each in after),
        f"process {death.first.pid} is gone, {death.new} took its place; "
        + (f"frame {after[0].frame} came from process {after[0].pid}" if after else "no frame"),
    )


def taken(pair: bytes) -> str:
    """What two bytes say if they are taken for the first two of a frame (RFC 6455 §5.2)."""
    first, second = pair
    rsv = f"{first >> 4 & 7:03b}"
    mask = "a mask" if second & 0x80 else "no mask"
    return f"FIN {first >> 7}, RSV {rsv}, opcode {first & 15:X}, {mask}, length {second & 0x7F}"
