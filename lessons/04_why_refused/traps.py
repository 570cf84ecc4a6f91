"""Heads that are built so that their cause is known beforehand, for the self-check of lesson 4.

A trap is a whole handshake with something changed. `near` says which mistake takes it for what;
`usual_mistakes` has words for any head.
"""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

HOST = "chat.example:8101"
OTHER = "http://elsewhere.example"
WHOLE: Mapping[str, tuple[str, ...]] = {
    "Host": (HOST,),
    "Upgrade": ("websocket",),
    "Connection": ("Upgrade",),
    "Sec-WebSocket-Version": ("13",),
    "Origin": (f"http://{HOST}",),
}
HARMLESS = (
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Pragma", "no-cache"),
    ("Cache-Control", "no-cache"),
    ("Cookie", "theme=dark; upgrade=yes"),
    ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ("Sec-WebSocket-Protocol", "chat, superchat"),
    ("X-Forwarded-For", "192.0.2.7"),
    ("Referer", "http://elsewhere.example/GET/websocket"),
)
SECTIONS = {
    "not-get": "6455 §4.1(2)",
    "stripped-by-proxy": "9110 §7.6.1",
    "no-upgrade": "6455 §4.1(5), §4.1(6)",
    "wrong-version": "6455 §4.1(9)",
    "no-key": "6455 §4.1(7)",
    "wrong-origin": "6455 §10.2",
    "none": "6455 §4.2.1",
}


def key(size: int = 16) -> str:
    return base64.b64encode(os.urandom(size)).decode()


@dataclass(frozen=True, slots=True)
class Trap:
    """`changed` are lines of a field, none for one left out; `look` is the field that it is about;
    `near` are mistaken causes with a tag and words."""

    cause: str
    look: str
    changed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    near: tuple[tuple[str, str, str], ...] = ()
    method: str = "GET"
    target: str = "/ws/chat"


NONE: tuple[str, ...] = ()
BARE = {"Upgrade": NONE, "Connection": NONE}
NO_KEY = {"Sec-WebSocket-Key": NONE}
ORDER = "the first cause that fits, in the order of your file"
LIST = "Connection is a list: one of its elements is upgrade"
LINES = "several lines of one field are one list"
CASE = "this counts without regard to upper and lower case"
BOTH = "an upgrade takes two: Upgrade says to what, Connection that it is meant for this hop"
WORD = "an element is a whole word: x-upgrade is not upgrade"
MARK = "a key, and nothing that asks for the upgrade: somebody in between took that out"
OWN_WORDS = "a proxy may write a Connection of its own, for its own next hop: the key is what tells"
ONLY_KEY = "only Sec-WebSocket-Key tells a client behind a proxy: there is none here"
THIRTEEN = "the version has to be 13, to the letter"
KEY = "a key is 16 bytes in base64, no more, no less, and nothing else in it"
AUTHORITY = "what stands behind :// has to be the Host, all of it, port included"
NO_BROWSER = "without Origin the client is no browser: that is no fault"
SPACES = "spaces around a value are not part of it, and none need be there"


def not_none(tag: str, words: str, *mistaken: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((cause, tag, words) for cause in mistaken)


TRAPS = (
    # whole
    Trap("none", "Connection"),
    Trap("none", "Connection", {"Connection": ("keep-alive, Upgrade",)},
         not_none("list", LIST, "stripped-by-proxy")),
    Trap("none", "Connection", {"Connection": ("Upgrade", "keep-alive")},
         not_none("lines", LINES, "stripped-by-proxy")),
    Trap("none", "Connection", {"Connection": ("keep-alive", "Upgrade")},
         not_none("lines", LINES, "stripped-by-proxy")),
    Trap("none", "Upgrade", {"Upgrade": ("WebSocket",), "Connection": ("upgrade",)},
         not_none("case", CASE, "stripped-by-proxy")),
    Trap("none", "Upgrade", {"Upgrade": ("h2c , websocket",)},
         not_none("list", LIST.replace("Connection", "Upgrade", 1).replace("upgrade", "websocket"),
                  "stripped-by-proxy")),
    Trap("none", "Host", {"Host": (HOST.upper(),)}, not_none("case", CASE, "wrong-origin")),
    Trap("none", "Origin", {"Origin": (f"https://{HOST}",)},
         not_none("scheme", "only what stands behind :// is compared", "wrong-origin")),
    Trap("none", "Host", {"Origin": NONE}, not_none("no-origin", NO_BROWSER, "wrong-origin")),
    Trap("none", "Via", {"Via": ("1.1 proxy.example",)},
         not_none("via", "this proxy passed the upgrade on: nothing is missing",
                  "stripped-by-proxy")),
    # an upgrade is not asked for, and somebody took that out
    Trap("stripped-by-proxy", "Sec-WebSocket-Key", BARE, not_none("key", MARK, "no-upgrade")),
    Trap("stripped-by-proxy", "Connection", {**BARE, "Connection": ("close",)},
         not_none("own-words", OWN_WORDS, "no-upgrade")),
    Trap("stripped-by-proxy", "Connection", {**BARE, "Connection": ("keep-alive",)},
         not_none("own-words", OWN_WORDS, "no-upgrade")),
    Trap("stripped-by-proxy", "Upgrade", {"Connection": NONE}, not_none("both", BOTH, "none")),
    Trap("stripped-by-proxy", "Connection", {"Upgrade": NONE}, not_none("both", BOTH, "none")),
    Trap("stripped-by-proxy", "Connection", {"Connection": ("x-upgrade",)},
         not_none("word", WORD, "none")),
    Trap("stripped-by-proxy", "Upgrade", {"Upgrade": ("websocket-draft",)},
         not_none("word", WORD.replace("upgrade", "websocket"), "none")),
    Trap("stripped-by-proxy", "Sec-WebSocket-Version", {**BARE, "Sec-WebSocket-Version": ("8",)},
         not_none("order", ORDER, "wrong-version")),
    Trap("stripped-by-proxy", "Sec-WebSocket-Key", {**BARE, "Sec-WebSocket-Key": (key(12),)},
         not_none("order", ORDER, "no-key")),
    Trap("stripped-by-proxy", "Origin", {**BARE, "Origin": (OTHER,)},
         not_none("order", ORDER, "wrong-origin")),
    # an upgrade is not asked for, and nobody meant to
    Trap("no-upgrade", "Host", {**BARE, **NO_KEY, "Sec-WebSocket-Version": NONE},
         not_none("only-key", ONLY_KEY, "stripped-by-proxy")),
    Trap("no-upgrade", "Connection",
         {**NO_KEY, "Upgrade": NONE, "Connection": ("keep-alive",), "Via": ("1.1 proxy.example",)},
         not_none("only-key", ONLY_KEY, "stripped-by-proxy")),
    Trap("no-upgrade", "Sec-WebSocket-Version", {**BARE, **NO_KEY},
         not_none("only-key", ONLY_KEY, "stripped-by-proxy")),
    Trap("no-upgrade", "X-Note", {**BARE, **NO_KEY, "X-Note": ("Sec-WebSocket-Key: none",)},
         not_none("anywhere", "these are letters inside of another field's value",
                  "stripped-by-proxy")),
    Trap("no-upgrade", "Connection", {**NO_KEY, "Upgrade": NONE},
         not_none("both", BOTH, "no-key")),
    # another version
    *(Trap("wrong-version", "Sec-WebSocket-Version", {"Sec-WebSocket-Version": (version,)},
           not_none("version", THIRTEEN, "none"))
      for version in ("8", "14", "130", "013", "13, 8", "0", "")),
    Trap("wrong-version", "Host", {"Sec-WebSocket-Version": NONE},
         not_none("version", "there is no version at all", "none")),
    Trap("wrong-version", "Sec-WebSocket-Version", {**NO_KEY, "Sec-WebSocket-Version": ("8",)},
         not_none("order", ORDER, "no-key")),
    # no key, or none that is one
    Trap("no-key", "Host", NO_KEY, not_none("key-missing", "there is no key at all", "none")),
    *(Trap("no-key", "Sec-WebSocket-Key", {"Sec-WebSocket-Key": (bad,)},
           not_none("bad-key", KEY, "none"))
      for bad in ("", key(15), key(18), key(32), "x" * 24, "not base64 at all", key() + "!",
                  key()[:-2], f"{key()[:12]} {key()[12:]}", f"*{key()[1:]}")),
    Trap("no-key", "Origin", {**NO_KEY, "Origin": (OTHER,)},
         not_none("order", ORDER, "wrong-origin")),
    # another origin
    *(Trap("wrong-origin", "Origin", {"Origin": (origin,)},
           not_none("origin", AUTHORITY, "none"))
      for origin in (OTHER, f"http://{HOST}.evil.example", f"http://evil-{HOST}",
                     f"http://x.{HOST}", "http://chat.example", "http://chat.example:8102",
                     f"http://evil.example/{HOST}")),
    Trap("wrong-origin", "Origin", {"Origin": ("null",)},
         not_none("null", "null names no Host: it comes from a page without an origin", "none")),
    # another method
    *(Trap("not-get", "", {}, not_none("method", "the method is the first word", "none"), method)
      for method in ("POST", "HEAD", "OPTIONS", "PUT")),
    Trap("not-get", "", {}, not_none("method", "the method is the first word", "none"), "POST",
         "/GET"),
    Trap("not-get", "Upgrade", {**BARE, **NO_KEY},
         not_none("order", ORDER, "no-upgrade"), "POST"),
)  # fmt: skip

USUAL = {
    ("stripped-by-proxy", "no-upgrade"): ("key", MARK),
    ("no-upgrade", "stripped-by-proxy"): ("only-key", ONLY_KEY),
    ("wrong-version", "none"): ("version", THIRTEEN),
    ("no-key", "none"): ("bad-key", KEY),
    ("wrong-origin", "none"): ("origin", AUTHORITY),
}
NOT_SO = {
    "not-get": "the method of this one is GET",
    "stripped-by-proxy": "this one asks for the upgrade, or has no key",
    "no-upgrade": "this one asks for the upgrade, or has a key",
    "wrong-version": "the version of this one is 13",
    "no-key": "there is a key in this one, 16 bytes in base64",
    "wrong-origin": "in this one the Origin, if there is any, names the Host",
    "none": "something is wrong with this one",
}


def usual_mistakes(faults: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """What to say of each wrong cause for a head with these `faults`, the right one first."""
    right = faults[0]
    told = [(late, "order", ORDER) for late in faults[1:] if late not in (right, "none")]
    told += [(got, *words) for (cause, got), words in USUAL.items() if cause == right]
    told += [(cause, "not-so", words) for cause, words in NOT_SO.items() if cause != right]
    return tuple(told)


def lines_of(trap: Trap) -> list[tuple[str, str]]:
    """The fields of a trap, a fresh key with them."""
    fields = {**WHOLE, "Sec-WebSocket-Key": (key(),), **trap.changed}
    return [(name, value) for name, values in fields.items() for value in values]


def tidy(trap: Trap) -> bytes:
    """The head of a trap as a browser would write it."""
    return joined(trap, [f"{name}: {value}" for name, value in lines_of(trap)])


def untidy(trap: Trap) -> bytes:
    """The same with harmless fields, names in other letters, other spaces, in any order: nothing of
    it alters the cause."""
    lines = [*lines_of(trap), *random.sample(HARMLESS, random.randrange(len(HARMLESS)))]
    random.shuffle(lines)
    return joined(trap, [written(name, value) for name, value in lines])


def joined(trap: Trap, lines: Sequence[str]) -> bytes:
    return "\r\n".join([f"{trap.method} {trap.target} HTTP/1.1", *lines, "", ""]).encode()


def written(name: str, value: str) -> str:
    """A field line as somebody may write it."""
    name = random.choice((str, str.lower, str.upper))(name)
    before, after = random.choice((("", ""), (" ", ""), ("\t ", " "), (" ", "  ")))
    return f"{name}:{before}{value}{after}"
