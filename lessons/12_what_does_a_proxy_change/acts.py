"""What the scripts of this lesson do, by way of the proxy and without."""

from __future__ import annotations

import re
import socket
import struct
import time

from inspector.core.rfc import TEXT, VERSION
from lessons.course.client import Client, new_key
from lessons.course.session import Session, address_of
from lessons.course.wire import AGENT, PATIENCE, ScriptFailed, Wire, request_head

from .found import killed, lawful, lawful_direct, vanished
from .said import ENDS, GREETING, IN_PIECES, KEEP, LINE, PIECES, SQUEEZED


def the_line(session: Session, *, proxied: bool = True) -> Client:
    """The script's connection, kept from one `do` to the next, taken again if it was lost."""

    def opened() -> Client:
        line = session.client(LINE, proxied=proxied)
        if line.status == 101:
            line.receive_until(GREETING)
        return line

    return session.lasting("line" if proxied else "direct", opened)


def ask(session: Session) -> None:
    """ask for the WebSocket by way of the proxy"""
    session.client(LINE, proxied=True).close()


def keep_host(session: Session) -> None:
    """start the proxy again, ask once more"""
    session.set_proxy(KEEP)
    the_line(session)


def say_hello(session: Session) -> None:
    """say hello by way of the proxy"""
    line = the_line(session)
    line.send("hello")
    line.receive_until("hello")


def ask_for_pieces(session: Session) -> None:
    """ask for the message in pieces by way of the proxy"""
    line = the_line(session)
    line.send(IN_PIECES)
    line.receive_until("".join(PIECES))


def send_naked(session: Session) -> None:
    """send hello without a mask, by way of the proxy"""
    line = session.client(LINE, proxied=True)
    line.receive_until(GREETING)
    line.send_frame(TEXT, b"hello", masked=False)
    line.wait_closed()


def kill(session: Session) -> None:
    """kill the server (SIGKILL), start it again"""
    for proxied in (True, False):
        the_line(session, proxied=proxied)
    gone = session.client(LINE, proxied=True)
    gone.receive_until(GREETING)
    gone.abandon()
    session.wait_for(lambda e: bool(vanished(e)), "the end of a client that left without a word")
    session.kill_demo()
    try:
        session.wait_for(lambda e: bool(killed(e)), "the end of both connections")
    finally:
        session.start_demo()


def ask_lawfully(session: Session) -> None:
    """ask for the lawful message, both ways"""
    for proxied in (True, False):
        with session.client(SQUEEZED, proxied=proxied, extensions="permessage-deflate") as line:
            session.wait_for(
                lambda e, proxied=proxied: bool(lawful(e) if proxied else lawful_direct(e)),
                "what becomes of the lawful message",
            )
            line.close()


def reset(session: Session) -> None:
    """reset both"""
    ports = [reset_one(url) for url in (session.demo_url, session.page)]
    session.get(f"{ENDS}?direct={ports[0]}&tapped={ports[1]}")


def reset_one(url: str) -> str:
    """Open a connection and reset it; from which port it came, the server says."""
    wire = Wire(*address_of(url))
    fields = [
        *(("Upgrade", "websocket"), ("Connection", "Upgrade"), ("User-Agent", AGENT)),
        *(("Sec-WebSocket-Key", new_key()), ("Sec-WebSocket-Version", VERSION)),
    ]
    wire.send(request_head("GET", LINE, wire.authority, fields))
    wire.head("the server's answer")
    deadline = time.monotonic() + PATIENCE
    while not (told := re.search(rb"You come from [^ ]*:(\d+)\.", wire.buffer)):
        if not wire.more(deadline, "the server's greeting"):
            raise ScriptFailed("the connection ended before the server's greeting")
    # To close without lingering is to abort: RST instead of FIN (RFC 9293 §3.10.5).
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.socket.close()
    return told[1].decode()
