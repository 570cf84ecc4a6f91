"""Messages that are compressed: what becomes of their bytes, what that hides, what it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from inspector.core.rfc import DEFLATE_TAIL, PING, TEXT
from inspector.screen.words import count
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Bars, Claim, Missing, in_parts
from lessons.course.session import Session

from . import script
from .seen import (
    KINDS,
    Cut,
    cut,
    guesses,
    heard,
    kinds,
    on_the_wire,
    said_hello,
    said_twice,
    squeezed,
    ways_to_inflate,
    zeros,
)
from .squeeze import FORGETS, HEARD, HELLO, PATH, PLAIN, SENTENCE, SIZE, ZEROS

PAGE = "/squeeze"


def seen(find: Callable[[Evidence], object]) -> Callable[[Evidence], bool]:
    """Is it there? (`Missing` is told by whoever asks.)"""
    return lambda evidence: bool(find(evidence))


ACTIONS = {
    "hello": Action(script.say_hello, seen(said_hello), PAGE, "your hello"),
    "twice": Action(
        script.say_it_twice, seen(lambda e: said_twice(e, PATH)), PAGE, "the sentence, twice"
    ),
    "forget": Action(
        script.say_it_and_forget, seen(lambda e: said_twice(e, FORGETS)), PAGE, "the sentence again"
    ),
    "sizes": Action(script.send_four_kinds, seen(kinds), PAGE, "four messages"),
    "pieces": Action(script.ask_for_pieces, seen(cut), PAGE, "three frames"),
    "guess": Action(script.guess_all, seen(guesses), PAGE, "six guesses"),
    "zeros": Action(script.ask_for_zeros, seen(zeros), PAGE, "the zeros"),
}


# What was seen


def range_of(size: int, of: int) -> str:
    return "fewer" if size < of else "same" if size == of else "more"


def cost_again(first: int, second: int) -> str:
    """Which range the second time lies in."""
    if second * 5 <= first:
        return "few"
    return "half" if second * 4 <= first * 3 else "same"


type Facts = Iterator[tuple[str, object]]


def facts(evidence: Evidence, session: Session) -> Facts:
    """Each part by itself: a step may be left out, for now or for want of a Chromium."""
    yield "sentence", SENTENCE
    yield "sentence_size", len(SENTENCE)
    parts = (
        hello_facts,
        twice_facts,
        forgotten_facts,
        sizes_facts,
        pieces_facts,
        grep_facts,
        guess_facts,
        zeros_facts,
    )
    yield from in_parts(parts, evidence)


def hello_facts(evidence: Evidence) -> Facts:
    line, said = said_hello(evidence)
    number = said.frames[0]
    frame = line.frame(number).frame
    payload = squeezed(line, said)
    yield "connection", line.number
    yield "offered", line.request.get("sec-websocket-extensions")
    yield "agreed", line.response.get("sec-websocket-extensions")
    yield "first_byte", f"{frame.header[0]:02x}"
    yield "rsv", "rsv1" if frame.rsv1 and frame.opcode == TEXT else "other"
    yield "hello_size", len(payload)
    yield "hello_range", range_of(len(payload), len(HELLO))
    yield "hello_hex", payload.hex(" ")
    tried = {name: result for name, _, result in ways_to_inflate(payload)}
    yield "plain_zlib", "raises" if tried["plain"].startswith("zlib.error") else "text"
    yield "plain_words", tried["plain"]


def twice_facts(evidence: Evidence) -> Facts:
    line, one, two = said_twice(evidence, PATH)
    first, second = len(squeezed(line, one)), len(squeezed(line, two))
    yield "first", first
    yield "second", count(second, "byte")
    yield "second_hex", squeezed(line, two).hex(" ")
    yield "second_range", cost_again(first, second)


def forgotten_facts(evidence: Evidence) -> Facts:
    line, one, two = said_twice(evidence, FORGETS)
    first, second = len(squeezed(line, one)), len(squeezed(line, two))
    yield "forgets", line.number
    yield "forgets_agreed", line.response.get("sec-websocket-extensions")
    yield "forgets_first", first
    yield "forgets_second", second
    yield "forgets_range", cost_again(first, second)


def sizes_facts(evidence: Evidence) -> Facts:
    sizes = kinds(evidence)
    yield "random_size", sizes[KINDS[2]]
    yield "random_range", range_of(sizes[KINDS[2]], SIZE)
    yield "base64_size", sizes[KINDS[3]]
    yield "base64_range", base64_range(sizes[KINDS[3]])
    yield "letter_size", count(sizes[KINDS[0]], "byte")


def pieces_facts(evidence: Evidence) -> Facts:
    told = cut(evidence)
    yield "cut", told.line.number
    yield "cut_first", told.said.frames[0]
    yield "cut_last", told.plain.frames[-1]
    yield "cut_rsv", which_have_rsv1(told)
    yield "cut_bytes", ", ".join(f"{f.frame.header[0]:02x}" for f in between(told))


def grep_facts(evidence: Evidence) -> Facts:
    if not heard(evidence, SENTENCE):
        raise Missing("the server has not repeated the sentence yet")
    yield "grep", on_the_wire(evidence, SENTENCE)
    yield "grep_range", "none" if not on_the_wire(evidence, SENTENCE) else "some"
    yield "repeated", count(heard(evidence, SENTENCE), "time")
    yield "grep_plain", count(on_the_wire(evidence, PLAIN), "time")


def guess_facts(evidence: Evidence) -> Facts:
    line, secret, found = guesses(evidence)
    yield "guess_line", line.number
    yield "secret", secret
    yield "shortest", shortest(evidence)
    yield "leak", "which" if shortest(evidence) == secret else "same"
    yield "guess_short", count(len(squeezed(line, found[secret])), "byte")
    others = [len(squeezed(line, said)) for name, said in found.items() if name != secret]
    yield "guess_others", f"{min(others)} to {max(others)}" if len({*others}) > 1 else others[0]


def zeros_facts(evidence: Evidence) -> Facts:
    line, said, reported = zeros(evidence)
    size = len(squeezed(line, said))
    yield "zeros_size", f"{size:,}"
    yield "zeros_ratio", f"{ZEROS / size:,.0f}"
    yield "zeros_range", min((10, 100, 1000), key=lambda each: abs(each - ZEROS / size))
    yield "zeros_heard", letters(reported)


def letters(reported: str) -> str:
    """What the page said that it heard, as a number is read."""
    number = reported.removeprefix(HEARD).partition(" ")[0]
    return count(int(number), "letter") if number.isdecimal() else "no number"


def base64_range(size: int) -> str:
    """Near the 750 bytes that are in it, or near the 1,000 that it has, or far less?"""
    return "half" if size < SIZE * 6 // 10 else "quarter" if size < SIZE * 9 // 10 else "same"


def between(told: Cut) -> list[object]:
    """All the server's frames from the first piece to the last, the Ping included."""
    first, last = told.said.frames[0], told.said.frames[-1]
    return [f for f in told.line.frames[first - 1 : last] if f.frame.side == "server"]


def which_have_rsv1(told: Cut) -> str:
    bits = [f.frame.rsv1 for f in told.frames]
    data = [f.frame.rsv1 for f in told.frames if f.frame.opcode != PING]
    if all(bits):
        return "all"
    return "data" if all(data) else "first" if bits[0] and not any(bits[1:]) else "other"


def shortest(evidence: Evidence) -> str:
    """The guess whose answer was the shortest on the wire; nobody's, if two were."""
    line, _, found = guesses(evidence)
    sizes = sorted((len(squeezed(line, said)), name) for name, said in found.items())
    return sizes[0][1] if sizes[0][0] < sizes[1][0] else "nobody"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts = (
        hello_claims,
        twice_claims,
        forgotten_claims,
        sizes_claims,
        pieces_claims,
        grep_claims,
        guess_claims,
        zeros_claims,
    )
    return in_parts(parts, evidence)


def hello_claims(evidence: Evidence) -> Iterator[Claim]:
    line, said = said_hello(evidence)
    frame = line.frame(said.frames[0]).frame
    yield Claim(
        "RSV1 says that a message is compressed, where both have agreed to permessage-deflate",
        frame.rsv1 and line.agreement.compresses,
        f"first byte {frame.header[0]:02x}; {line.response.get('sec-websocket-extensions')}",
        "7692 §6",
    )
    payload = squeezed(line, said)
    yield Claim(
        "A short message gets longer: the tail is off, and it is more bytes all the same",
        len(payload) > len(HELLO) and not payload.endswith(DEFLATE_TAIL),
        f"{HELLO!r}: {count(len(HELLO), 'byte')}, {len(payload)} on the wire",
        "7692 §7.2.1",
    )


def twice_claims(evidence: Evidence) -> Iterator[Claim]:
    line, one, two = said_twice(evidence, PATH)
    first, second = len(squeezed(line, one)), len(squeezed(line, two))
    yield Claim(
        "Is fast & efficient: what was said before costs next to nothing",
        second * 5 <= first,
        f"{count(len(SENTENCE), 'byte')}: {first} the first time, {second} the second",
        "7692 §7.2.3.2",
    )


def forgotten_claims(evidence: Evidence) -> Iterator[Claim]:
    line, one, two = said_twice(evidence, FORGETS)
    first, second = len(squeezed(line, one)), len(squeezed(line, two))
    agreed = line.response.get("sec-websocket-extensions") or ""
    yield Claim(
        "Without context takeover each message is compressed as if it were the first",
        first == second and "client_no_context_takeover" in agreed,
        f"{first} bytes, and {second} again",
        "7692 §7.1.1.2",
    )


def sizes_claims(evidence: Evidence) -> Iterator[Claim]:
    sizes = kinds(evidence)
    yield Claim(
        "Random bytes don't get shorter, and base64 gives back what it had added",
        sizes[KINDS[2]] >= SIZE and SIZE * 3 // 4 <= sizes[KINDS[3]] < SIZE * 9 // 10,
        ", ".join(f"{kind} {size}" for kind, size in sizes.items()),
    )


def pieces_claims(evidence: Evidence) -> Iterator[Claim]:
    told = cut(evidence)
    plain = told.line.frame(told.plain.frames[0]).frame
    yield Claim(
        "RSV1 is set on a message's first frame alone, and never on a control frame",
        which_have_rsv1(told) == "first" and len(told.said.frames) == 3,
        f"first bytes: {', '.join(f'{f.frame.header[0]:02x}' for f in told.frames)}",
        "7692 §6",
    )
    yield Claim(
        "A sender may leave a message uncompressed: RSV1 is 0 then",
        not plain.rsv1 and plain.payload == PLAIN.encode(),
        f"first byte {plain.header[0]:02x}, {PLAIN!r} in clear",
        "7692 §6",
    )


def grep_claims(evidence: Evidence) -> Iterator[Claim]:
    if not heard(evidence, SENTENCE):
        raise Missing("the server has not repeated the sentence yet")
    yield Claim(
        "What is compressed is not found in the capture by its words",
        heard(evidence, SENTENCE) > 0 and on_the_wire(evidence, SENTENCE) == 0,
        f"said by the server {count(heard(evidence, SENTENCE), 'time')}, found 0 times",
    )


def guess_claims(evidence: Evidence) -> Iterator[Claim]:
    line, secret, found = guesses(evidence)
    sizes_of = {name: len(squeezed(line, said)) for name, said in found.items()}
    yield Claim(
        "Lengths give a secret away: the right guess makes the shortest answer",
        shortest(evidence) == secret,
        ", ".join(f"{name} {size}" for name, size in sizes_of.items()),
        "7692 §8",
    )


def zeros_claims(evidence: Evidence) -> Iterator[Claim]:
    line, said, reported = zeros(evidence)
    size = len(squeezed(line, said))
    yield Claim(
        "A small frame may hold a large message, so a receiver needs a limit",
        500 * size < ZEROS and f"{ZEROS}" in reported,
        f"{count(size, 'byte')} on the wire, {count(ZEROS, 'byte')} in the page",
    )


# Tables and plots

type Row = tuple[object, ...]


def hello(evidence: Evidence, session: Session) -> Iterator[Row]:
    """The compressed hello beside the one that it would have been."""
    line, said = said_hello(evidence)
    frame = line.frame(said.frames[0]).frame
    yield "hello", "byte 0", "FIN", "RSV1", "RSV2, RSV3", "opcode", "payload, unmasked"
    for words, first, payload in (
        ("yours", frame.header[0], frame.payload),
        ("not compressed", frame.header[0] & ~0x40, said.data),
    ):
        bits = f"{first:08b}"
        yield (
            words,
            f"{first:02x}",
            bits[0],
            bits[1],
            f"{bits[2]}, {bits[3]}",
            bits[4:],
            payload.hex(" "),
        )


def inflated(evidence: Evidence, session: Session) -> Iterator[Row]:
    """Tries to read hello's payload, and what each gives."""
    line, said = said_hello(evidence)
    yield "what is tried", "what it gives"
    for _, call, result in ways_to_inflate(squeezed(line, said)):
        yield call, result


def grep(evidence: Evidence, session: Session) -> Iterator[Row]:
    """Two things that the server said: how often, and how often they are found."""
    yield "searched for", "said by the server", "found in its bytes"
    for words in (SENTENCE, PLAIN):
        yield f'"{words[:30]}..."', heard(evidence, words), on_the_wire(evidence, words)


def bombs(evidence: Evidence, session: Session) -> Iterator[Row]:
    line, said, reported = zeros(evidence)
    size = len(squeezed(line, said))
    yield "frames", "payload on the wire", "in the page", "of one byte came"
    yield len(said.frames), count(size, "byte"), letters(reported), f"{ZEROS / size:,.0f}"


def twice(evidence: Evidence, session: Session) -> Bars:
    line, one, two = said_twice(evidence, PATH)
    rows = [("as it was typed", float(len(SENTENCE)))]
    rows += [("said once", float(len(squeezed(line, one))))]
    rows += [("said again", float(len(squeezed(line, two))))]
    return Bars("The sentence's payload on the wire", tuple(rows), unit="bytes")


def forgotten(evidence: Evidence, session: Session) -> Bars:
    rows = []
    said_twice(evidence, FORGETS)
    for path, words in ((PATH, "window kept"), (FORGETS, "nothing kept")):
        with suppress(Missing):  # the step with the window may have been left out
            line, one, two = said_twice(evidence, path)
            rows += [(f"{words}, first", float(len(squeezed(line, one))))]
            rows += [(f"{words}, again", float(len(squeezed(line, two))))]
    return Bars("The sentence, on two connections", tuple(rows), unit="bytes")


def four(evidence: Evidence, session: Session) -> Bars:
    rows = tuple((kind, float(size)) for kind, size in kinds(evidence).items())
    return Bars(f"{SIZE:,} of each became", rows, unit="bytes")


def lengths(evidence: Evidence, session: Session) -> Bars:
    line, _, found = guesses(evidence)
    rows = tuple((name, float(len(squeezed(line, said)))) for name, said in found.items())
    return Bars("The answer's payload on the wire, by guess", rows, unit="bytes")


TABLES = {"hello": hello, "inflated": inflated, "grep": grep, "bombs": bombs}
PLOTS = {"twice": twice, "forgotten": forgotten, "four": four, "lengths": lengths}
