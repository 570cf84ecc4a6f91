"""The script in the page's place: a client that compresses, as browsers do."""

from __future__ import annotations

import base64
import json
import os
import zlib

from inspector.core.rfc import BINARY, DEFLATE, DEFLATE_TAIL, TEXT
from lessons.course.client import Client
from lessons.course.session import Session
from lessons.course.wire import ScriptFailed

from .squeeze import (
    ANIMALS,
    ASK_PIECES,
    ASK_ZEROS,
    FORGETS,
    GUESS,
    HEARD,
    HELLO,
    PATH,
    SENTENCE,
    SIZE,
)

OFFER = f"{DEFLATE}; client_max_window_bits"


class Squeezer:
    """A client that compresses each message (RFC 7692 §7.2.1); `keeps` what it has said in mind."""

    def __init__(self, client: Client, keeps: bool = True) -> None:
        self.client = client
        self.keeps = keeps
        self.deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    def say(self, data: str | bytes) -> None:
        opcode = TEXT if isinstance(data, str) else BINARY
        clear = data.encode() if isinstance(data, str) else data
        squeezed = self.deflater.compress(clear) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        self.client.send_frame(opcode, squeezed.removesuffix(DEFLATE_TAIL), rsv=4)
        if not self.keeps:
            self.deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    def ask(self, words: str) -> str | bytes:
        self.say(words)
        return self.client.receive()


def the_line(session: Session) -> Squeezer:
    """The script's connection, kept from one `do` to the next, taken again if it was lost."""
    line: Squeezer | None = session.state.pop("line", None)
    if line:
        try:
            line.client.ping()
        except ScriptFailed:
            line.client.close()
            line = None
    session.state["line"] = line = line or Squeezer(session.client(PATH, extensions=OFFER))
    return line


def say_hello(session: Session) -> None:
    """offer compression, say hello"""
    the_line(session).ask(HELLO)


def say_it_twice(session: Session) -> None:
    """say a sentence, and say it again"""
    for _ in range(2):
        the_line(session).ask(SENTENCE)


def say_it_and_forget(session: Session) -> None:
    """say it twice on a connection on which nothing is kept"""
    with session.client(FORGETS, extensions=OFFER) as client:
        line = Squeezer(client, keeps=False)
        for _ in range(2):
            line.ask(SENTENCE)


def send_four_kinds(session: Session) -> None:
    """send 1,000 bytes each of one letter, JSON, random bytes, and base64"""
    rows = [{"seq": seq, "kind": "tick", "price": 100 + seq / 4} for seq in range(40)]
    text = json.dumps(rows, separators=(",", ":"))[:SIZE]
    random = base64.b64encode(os.urandom(SIZE // 4 * 3)).decode()
    for data in ("a" * SIZE, text, os.urandom(SIZE), random):
        the_line(session).say(data)
    the_line(session).client.ping()


def ask_for_pieces(session: Session) -> None:
    """ask for one message in three frames"""
    the_line(session).ask(ASK_PIECES)
    the_line(session).client.receive()


def guess_all(session: Session) -> None:
    """guess six animals, on a connection on which nothing is kept"""
    with session.client(FORGETS, extensions=OFFER) as client:
        line = Squeezer(client, keeps=False)
        for animal in ANIMALS:
            line.ask(GUESS + animal)


def ask_for_zeros(session: Session) -> None:
    """ask for zeros, and tell how many came"""
    came = the_line(session).ask(ASK_ZEROS)
    the_line(session).say(f"{HEARD}{len(came)} letters")
    the_line(session).client.ping()
