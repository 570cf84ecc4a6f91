"""The self-check of lesson 12: `differences`, on made-up legs and on the learner's own two.

What is right, `legs.py` says for real legs; made-up ones know what was put into them.
"""

from __future__ import annotations

import copy
import random

from lessons.course.course import Course, load
from lessons.course.expect import Near, known_mistakes
from lessons.course.model import Missing

LESSON = Course().find("12")
KNOWN = (
    ("wire_bytes", "mask", "payloads were compared as they are on the wire: take the mask off"),
    ("near_is_sent", "way", "what a server sends was sent on `far`, and arrived on `near`"),
    ("frame_by_frame", "frames", "frames were compared: a message cut anew is the same message"),
    ("case_of_names", "case", "the names of fields have no case: Host and HOST are the same"),
    ("only_ended", "begun", "a Ping amid a message: how many had begun before it counts, too"),
    ("counts_all", "counts-all", "a message that is on one leg alone was counted as well"),
    ("as_a_set", "twice", "the same thing may be said twice: match them one by one"),
    ("numbers_as_sent", "number", "what was invented has a number on the leg where it arrived"),
    ("unsorted", "order", "all of it is there, in another order: sort the list"),
)
SECTIONS = {
    "none": "6455 §5.3",
    "field": "9110 §7.6.1",
    "lost": "6455 §5.5.1",
    "invented": "6455 §5.5.1",
    "recut": "6455 §5.4",
    "moved": "6455 §5.4",
}


def mistakes(near, far) -> tuple[Near, ...]:
    return known_mistakes(
        LESSON, KNOWN, lambda wrong: wrong.differences(copy.deepcopy(near), copy.deepcopy(far))
    )


def try_on(exercise, expect, near, far, right, where: str, rfc: str) -> None:
    kept = copy.deepcopy((near, far))
    wire, mark = where_it_is(near, far, right)
    told = {"rfc": rfc, "wire": wire, "mark": mark}
    with expect.asked(right, where=f"{where}; {shown(kept, right, [])}", **told):
        got = exercise.differences(near, far)
    told["where"] = f"{where}; {shown(kept, right, got)}"
    expect(got, right, near=mistakes(*kept), **told)
    where = "the two legs, after your function was done with them: it may not change them"
    expect((near, far), kept, where=where, rfc=rfc)


def shown(legs, right, got) -> str:
    """The frames of the side that is meant; the same letter is the same message. Where only
    fields are meant, those of the first that is wrong."""
    answer = got if isinstance(got, list) else []
    wrong = [each for each in [*right, *answer] if not (each in right and each in answer)]
    triples = [each for each in wrong if isinstance(each, tuple) and len(each) == 3]
    side = next((each[1] for each in triples if each[1] in ("client", "server")), "client")
    shapes = load(LESSON, "shapes").Shapes()
    sent, arrived = legs if side == "client" else reversed(legs)
    fields = [each[2] for each in triples if each[:2] == ("field", side)]
    if fields and all(each[0] == "field" for each in triples):
        told = (field_of(leg[side], fields[0]) for leg in (sent, arrived))
        return "the {} sent {}, there arrived {}".format(side, *told)
    return (
        f"the {side} sent {shapes.of(sent[side]['frames'])},"
        f" there arrived {shapes.of(arrived[side]['frames'])}"
    )


def field_of(half: dict, name: object) -> str:
    """That field as it stands in a head."""
    found = [f'"{n}: {v}"' for n, v in half["fields"] if n.lower() == str(name).lower()]
    return ", ".join(found) or f"no {name}"


def where_it_is(near, far, right) -> tuple[bytes, tuple[int, int]]:
    """The payload of the first frame that is spoken of, whole."""
    for kind, side, at in right:
        if kind != "field":
            sent = (side == "client") is (kind != "invented")
            payload = (near if sent else far)[side]["frames"][at - 1]["payload"]
            return payload, (0, min(16, len(payload)))
    return b"", (0, 0)


def one_frame(key: bytes | None, text: bytes = b"hello") -> dict:
    payload = bytes(b ^ key[n % 4] for n, b in enumerate(text)) if key else text
    return {"opcode": 1, "fin": True, "key": key, "payload": payload}


def leg(frame: dict, host: str = "a.example") -> dict:
    return {
        "client": {"fields": [("Host", host), ("Upgrade", "websocket")], "frames": [frame]},
        "server": {"fields": [("Upgrade", "websocket")], "frames": [one_frame(None)]},
    }


def test_host(exercise, expect):
    """one word under two masks, and another Host"""
    near = leg(one_frame(b"\x2a\xb6\x73\x01"))
    far = leg(one_frame(b"\x8e\x94\x38\x96"), "b.example")
    where = "hello under two keys, Host a.example and b.example"
    try_on(exercise, expect, near, far, [("field", "client", "host")], where, "9110 §7.6.1")


def made(*kinds: str):
    return load(LESSON, "made").connection(*kinds)


def several(exercise, expect, times: int, *kinds: str) -> None:
    what = " and ".join(kinds) or "masks and the look of fields only"
    for _ in range(times):
        near, far, right = made(*kinds)
        rfc = SECTIONS[kinds[0] if kinds else "none"]
        try_on(exercise, expect, near, far, right, f"random, changed: {what}", rfc)


def test_nothing(exercise, expect):
    """nothing that means something"""
    several(exercise, expect, 20)


def test_field(exercise, expect):
    """fields changed, added, taken out"""
    several(exercise, expect, 30, "field")


def test_lost_invented(exercise, expect):
    """messages and control frames lost, and invented"""
    several(exercise, expect, 20, "lost")
    several(exercise, expect, 20, "invented")


def test_recut(exercise, expect):
    """messages cut anew"""
    several(exercise, expect, 30, "recut")


def test_moved(exercise, expect):
    """a Ping that overtakes a message"""
    several(exercise, expect, 30, "moved")


def test_all(exercise, expect):
    """several changes at once"""
    for _ in range(60):
        kinds = random.sample(load(LESSON, "made").KINDS, random.randint(2, 5))
        several(exercise, expect, 1, *kinds)


def test_own(exercise, own, expect):
    """your own two legs"""
    legs, said = load(LESSON, "legs"), load(LESSON, "said")
    pairs = legs.pairs(own, said.LINE)
    if not pairs:
        raise Missing("nothing went by way of the proxy")
    for two in pairs:
        near, far = legs.plain(two.near), legs.plain(two.far)
        where = f"connections {two.near.number} and {two.far.number}, {own.whose}"
        right = legs.differences(near, far)
        try_on(exercise, expect, near, far, right, where, "6455 §5.4")
