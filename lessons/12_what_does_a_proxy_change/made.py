"""Random connections with changes put into them, so that it is known what was changed."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field, replace
from typing import Final

from .legs import SIDES, Difference, Frame, Leg

KINDS: Final = ("field", "lost", "invented", "recut", "moved")
WORDS: Final = ("tick", "price", "grüße", "draw", "turn", "move", "save", "hello", "score", "seat")
FIELDS: Final = {
    "client": ("Host", "Origin", "Upgrade", "Connection", "Sec-WebSocket-Key", "User-Agent"),
    "server": ("Upgrade", "Connection", "Sec-WebSocket-Accept", "Server", "Date"),
}


@dataclass(frozen=True)
class Piece:
    """A frame before it is masked; `of` is the thing that it belongs to."""

    of: int
    opcode: int
    fin: bool
    payload: bytes


@dataclass
class Way:
    """One direction: what was sent, what arrived, and the truth about it."""

    side: str
    sent: list[Piece] = field(default_factory=list)
    arrived: list[Piece] = field(default_factory=list)
    truth: list[tuple[str, int]] = field(default_factory=list)
    """(kind, which thing)."""

    def told(self) -> list[Difference]:
        found: list[Difference] = []
        for kind, thing in self.truth:
            where = self.arrived if kind == "invented" else self.sent
            found.append((kind, self.side, 1 + [piece.of for piece in where].index(thing)))
        return found


def connection(*kinds: str) -> tuple[Leg, Leg, list[Difference]]:
    """Two legs with a change of each of these kinds, and what is to be said of them."""
    near: Leg = {}
    far: Leg = {}
    truth: list[Difference] = []
    changed = {side: [kind for kind in kinds if random.random() < 0.5] for side in SIDES}
    for kind in kinds:
        if not any(kind in each for each in changed.values()):
            changed[random.choice(SIDES)].append(kind)
    for side in SIDES:
        way = speech(side)
        for kind in (k for k in ("moved", "recut", "lost", "invented") if k in changed[side]):
            CHANGES[kind](way)
        told, heard, names = heads(side, changed="field" in changed[side])
        truth += way.told() + [("field", side, name) for name in names]
        sent = {"fields": told, "frames": on_the_wire(way.sent, side)}
        arrived = {"fields": heard, "frames": on_the_wire(way.arrived, side)}
        near[side], far[side] = (sent, arrived) if side == "client" else (arrived, sent)
    return near, far, sorted(truth)


def speech(side: str) -> Way:
    """Some messages, one of them in fragments with a Ping amid, one of them said twice."""
    way = Way(side)
    twice = f"{random.choice(WORDS)} again".encode()
    said = [text() for _ in range(random.randint(2, 4))]
    said[random.randrange(len(said)) : 0] = [twice]
    for content in [*said, twice]:
        add_message(way.sent, content, random.choice((1, 1, 2)) if content != twice else 1)
    for opcode in random.sample((9, 10, 9), 2):
        add_control(way.sent, opcode, random.choice(ends(way.sent)))
    at = random.choice(ends(way.sent))
    fragments = cut(text() + text(), random.randint(2, 4))
    thing = fresh(way.sent)
    whole = [
        Piece(thing, 0 if n else 1, n == len(fragments) - 1, each)
        for n, each in enumerate(fragments)
    ]
    way.sent[at:at] = whole
    add_control(way.sent, 9, at + random.randint(1, len(whole) - 1))
    way.arrived = list(way.sent)
    return way


def text() -> bytes:
    return f"{random.choice(WORDS)} {os.urandom(3).hex()}".encode()


def fresh(pieces: list[Piece]) -> int:
    return 1 + max((piece.of for piece in pieces), default=0)


def cut(content: bytes, into: int) -> list[bytes]:
    at = sorted(random.sample(range(1, len(content)), into - 1))
    return [content[a:b] for a, b in zip([0, *at], [*at, len(content)], strict=True)]


def add_message(pieces: list[Piece], content: bytes, opcode: int) -> None:
    pieces.append(Piece(fresh(pieces), opcode, True, content))


def add_control(pieces: list[Piece], opcode: int, at: int) -> None:
    pieces.insert(at, Piece(fresh(pieces), opcode, True, os.urandom(2).hex().encode()))


def ends(pieces: list[Piece]) -> list[int]:
    """Places where no message is amid: before the first piece, after each last one."""
    places, amid = [0], False
    for at, piece in enumerate(pieces, 1):
        amid = amid if piece.opcode >= 8 else not piece.fin
        if not amid:
            places.append(at)
    return places


# Changes


def move(way: Way) -> None:
    """The Ping amid a message overtakes its first fragment: it comes out before the message."""
    pieces = way.arrived
    amid = next(at for at, piece in enumerate(pieces) if piece.opcode < 8 and not piece.fin)
    ping = next(at for at in range(amid, len(pieces)) if pieces[at].opcode >= 8)
    way.truth.append(("moved", pieces[ping].of))
    pieces.insert(amid, pieces.pop(ping))


def recut(way: Way) -> None:
    """A message of one frame arrives in two."""
    once = [piece for piece in way.arrived if 0 < piece.opcode < 8 and piece.fin]
    piece = random.choice(once)
    at = way.arrived.index(piece)
    one, other = cut(piece.payload, 2)
    way.arrived[at : at + 1] = [
        replace(piece, fin=False, payload=one),
        replace(piece, opcode=0, payload=other),
    ]
    way.truth.append(("recut", piece.of))


def lose(way: Way) -> None:
    """Something that was not changed otherwise, and that nothing equals, doesn't arrive."""
    contents = [piece.payload for piece in way.sent]
    touched = {thing for _, thing in way.truth}
    whole = [
        piece
        for piece in way.arrived
        if piece.fin and piece.opcode and piece.of not in touched
        and contents.count(piece.payload) == 1
    ]  # fmt: skip
    piece = random.choice(whole)
    way.arrived.remove(piece)
    way.truth.append(("lost", piece.of))


def invent(way: Way) -> None:
    """A Close, a Pong or a message that nobody sent."""
    thing = max(fresh(way.sent), fresh(way.arrived))
    opcode = random.choice((8, 10, 1))
    payload = b"\x03\xe8" if opcode == 8 else text()
    at = len(way.arrived) if opcode == 8 else random.choice(ends(way.arrived))
    way.arrived.insert(at, Piece(thing, opcode, True, payload))
    way.truth.append(("invented", thing))


CHANGES: Final = {"moved": move, "recut": recut, "lost": lose, "invented": invent}

# On the wire


def on_the_wire(pieces: list[Piece], side: str) -> list[Frame]:
    """As plain values; a client's are masked, each with a key of its own."""
    frames: list[Frame] = []
    for piece in pieces:
        key = os.urandom(4) if side == "client" else None
        payload = piece.payload
        if key:
            payload = bytes(b ^ key[n % 4] for n, b in enumerate(payload))
        frames.append({"opcode": piece.opcode, "fin": piece.fin, "key": key, "payload": payload})
    return frames


def heads(side: str, *, changed: bool) -> tuple[list, list, list[str]]:
    """The fields as sent, as they arrive (in other case and order), and the names that differ."""
    sent = [(name, os.urandom(4).hex()) for name in FIELDS[side]]
    arrived = [(random.choice((name, name.lower(), name.upper())), v) for name, v in sent]
    names: list[str] = []
    if changed:
        at = random.randrange(len(arrived))
        name, value = arrived.pop(at)
        names.append(name.lower())
        if random.random() < 0.7:
            arrived.append((name, f"{value}.example"))
        if random.random() < 0.5:
            arrived.append(("Via", "1.1 gate"))
            names.append("via")
    random.shuffle(arrived)
    return sent, arrived, names
