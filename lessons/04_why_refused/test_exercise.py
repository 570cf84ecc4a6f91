"""The self-check of lesson 4: `diagnose`, on the learner's own heads, on traps, on random ones.

Made heads are built, so that their cause is known beforehand (traps.py of the lesson), and captured
ones `inspector` has judged. This file lies beside the exercise, and is no place to copy from.
"""

from __future__ import annotations

import random

from inspector.core.heads import Head, parse_head
from lessons.course.course import Course, load
from lessons.course.evidence import Connection
from lessons.course.expect import Near
from lessons.course.model import Missing
from lessons.demo.gate import same_origin

LESSON = Course().find("4")
TRAPS = load(LESSON, "traps")
ORDER = list(TRAPS.SECTIONS)
ROUNDS = 8
"""So often each trap is set once more, in other letters and another order each time."""
UNTIDY = (
    "tidily written, the same was right: mind letters, spaces, the order of lines, other fields"
)
BROKEN = (
    ("not-get", {"req-method-not-get"}),
    ("upgrade", {"req-upgrade-missing", "req-connection-no-upgrade"}),
    ("wrong-version", {"req-version-missing", "req-version-not-13"}),
    ("no-key", {"req-key-missing", "req-key-bad-base64", "req-key-wrong-length"}),
)
"""Causes, and the inspector's names for the rules that they break."""


def cause_of(connection: Connection) -> str:
    """What the inspector says of a captured handshake."""
    asked = connection.request
    ids = {finding.rule.id for finding in connection.findings}
    cause = next((cause for cause, rules in BROKEN if rules & ids), "none")
    if cause == "upgrade":
        return "no-upgrade" if asked.get("sec-websocket-key") is None else "stripped-by-proxy"
    origin = asked.get("origin")
    if cause == "none" and origin is not None and not same_origin(origin, asked.get("host") or ""):
        return "wrong-origin"
    return cause


def line_of(head: Head, name: str) -> tuple[int, int]:
    """Where the line of a field stands; the first line where there is no such field."""
    start = head.offset_of(name) if name else 0
    return start, head.raw.index(b"\r\n", start)


def try_on(exercise, expect, raw: bytes, faults: list[str], where: str, look: str, near=()) -> None:
    """One head. `faults` are the causes that fit, `look` is the field that matters most, `near` are
    mistakes that belong to this head."""
    cause = faults[0]
    head = parse_head(raw)
    faults = [*faults, *(late for late in missing(head) if ORDER.index(late) > ORDER.index(cause))]
    mark = line_of(head, look)
    told = {"where": where, "rfc": TRAPS.SECTIONS[cause], "wire": raw, "mark": mark}
    with expect.asked(cause, **told):
        got = exercise.diagnose(raw)
    known = [*near, *TRAPS.usual_mistakes(faults)]
    mistakes = [Near(tag, mistaken, words) for mistaken, tag, words in known]
    mistakes.append(
        Near("bytes", cause.encode(), "nearly: these are bytes; give a str (.decode())")
    )
    if isinstance(got, str) and got not in TRAPS.SECTIONS:
        mistakes.append(Near("unknown", got, "this is none of the seven causes, to the letter"))
    expect(got, cause, **told, near=mistakes)


def missing(head: Head) -> list[str]:
    """Causes that fit beside the first one, because there is no such line."""
    fields = {"wrong-version": "sec-websocket-version", "no-key": "sec-websocket-key"}
    return [cause for cause, name in fields.items() if head.get(name) is None]


def shown(raw: bytes) -> str:
    """A head in one line."""
    return " | ".join(raw.decode("iso-8859-1").split("\r\n")[:-2])


LOOK = {
    "not-get": "",
    "stripped-by-proxy": "Sec-WebSocket-Key",
    "no-upgrade": "",
    "wrong-version": "Sec-WebSocket-Version",
    "no-key": "Sec-WebSocket-Key",
    "wrong-origin": "Origin",
    "none": "Upgrade",
}


def test_own(exercise, own, expect):
    """the requests of your own capture"""
    asked = [each for each in own.connections if each.handshake.request]
    if not asked:
        raise Missing("no handshake was captured")
    for each in asked:
        cause = cause_of(each)
        raw, look = each.request.raw, LOOK[cause]
        start, end = line_of(each.request, look)
        line = raw[start:end].decode("iso-8859-1")
        where = f"connection {each.number}, {line} ({own.whose})"
        try_on(exercise, expect, raw, [cause], where, look)
    for http in own.http:
        cause = "no-upgrade" if http.request.method == "GET" else "not-get"
        where = f"{http.request.line} from port {http.client[1]} ({own.whose})"
        try_on(exercise, expect, http.request.raw, [cause], where, "")


def test_traps(exercise, expect):
    """heads that look like something else, tidily written"""
    for trap in TRAPS.TRAPS:
        set_trap(exercise, expect, trap, TRAPS.tidy(trap), trap.near)


def test_untidy(exercise, expect):
    """the same in other letters, other spaces and another order"""
    other = tuple((cause, "untidy", UNTIDY) for cause in TRAPS.SECTIONS)
    for trap in TRAPS.TRAPS:
        set_trap(exercise, expect, trap, TRAPS.tidy(trap), trap.near)
        for _ in range(ROUNDS):
            set_trap(exercise, expect, trap, TRAPS.untidy(trap), other)


def set_trap(exercise, expect, trap, raw: bytes, near) -> None:
    try_on(exercise, expect, raw, [trap.cause], f"made up: {shown(raw)}", trap.look, near)


def test_random(exercise, expect):
    """500 random heads, most of them with more than one fault"""
    for _ in range(500):
        raw, faults = made()
        try_on(exercise, expect, raw, faults, f"random: {shown(raw)}", LOOK[faults[0]])


def made() -> tuple[bytes, list[str]]:
    """A head with random faults, and all causes that fit, in order."""
    rare = lambda: random.random() < 0.2  # noqa: E731
    changed: dict[str, tuple[str, ...]] = {}
    faults = []
    method = random.choice(("POST", "PUT", "DELETE")) if random.random() < 0.1 else "GET"
    if method != "GET":
        faults.append("not-get")
    keyless, unasked = rare(), rare()
    if keyless:
        changed["Sec-WebSocket-Key"] = ()
    if unasked:
        both = {"Upgrade": (), "Connection": random.choice(((), ("close",), ("keep-alive",)))}
        changed |= random.choice((both, {"Upgrade": ("h2c",)}, {"Connection": ("keep-alive",)}))
        faults.append("no-upgrade" if keyless else "stripped-by-proxy")
    elif random.random() < 0.5:
        lists = ("keep-alive, Upgrade",), ("upgrade",), ("te", "UPGRADE"), ("close ,upgrade",)
        changed["Connection"] = random.choice(lists)
    if rare():
        changed["Sec-WebSocket-Version"] = random.choice((("8",), ("7",), ("113",), ()))
        faults.append("wrong-version")
    if keyless:
        faults.append("no-key")
    elif rare():
        changed["Sec-WebSocket-Key"] = (TRAPS.key(random.choice((1, 8, 15, 17, 20))),)
        faults.append("no-key")
    if rare():
        changed["Origin"] = (f"http://{random.getrandbits(32):x}.example",)
        faults.append("wrong-origin")
    target = random.choice(("/", "/ws/chat", "/GET?upgrade=websocket"))
    trap = TRAPS.Trap("", "", changed, (), method, target)
    return TRAPS.untidy(trap), [*faults, "none"]


def test_again(exercise, expect):
    """the same two heads, one after the other and back"""
    whole = TRAPS.Trap("none", "Upgrade")
    bare = TRAPS.Trap("stripped-by-proxy", "Sec-WebSocket-Key", TRAPS.BARE)
    for trap in (whole, bare, whole):
        set_trap(exercise, expect, trap, TRAPS.tidy(trap), trap.near)
