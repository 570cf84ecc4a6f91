"""Two handshakes of the same page: what they share, and what each has for itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from inspector.core.handshake import accept_for
from inspector.core.rfc import GUID
from inspector.files.dissect import address_text
from lessons.course.evidence import Connection, Evidence
from lessons.course.model import Action, Claim, Missing
from lessons.course.session import Session

CHAT = "/ws/chat"


# What is done


def say_hello(session: Session) -> None:
    """open the chat, say hello"""
    chat = session.keep(session.client(CHAT))
    session.state["chat"] = chat
    chat.receive_until("You are")
    chat.send("hello")
    chat.receive_until(": hello")


def load_again(session: Session) -> None:
    """leave the chat, open it again"""
    if chat := session.state.get("chat"):
        chat.close(1001)
    with session.client(CHAT) as again:
        again.receive_until("You are")


def said_something(evidence: Evidence) -> bool:
    return bool(talk(evidence).said("client"))


def came_twice(evidence: Evidence) -> bool:
    return len(chats(evidence)) > 1


ACTIONS = {
    "hello": Action(say_hello, said_something, page="/chat", waiting="your hello"),
    "again": Action(load_again, came_twice, page="/chat", waiting="a second handshake"),
}


# What was seen


def chats(evidence: Evidence) -> list[Connection]:
    """All chats that were agreed on."""
    return [each for each in evidence.connections if each.upgraded and each.path == CHAT]


def talk(evidence: Evidence) -> Connection:
    """The first chat in which the learner's side spoke."""
    for chat in chats(evidence):
        if chat.said("client"):
            return chat
    raise Missing("nobody has said anything in the chat yet")


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    chat = talk(evidence)
    yield "connection", chat.number
    yield "request_line", chat.request.line
    yield "upgrade", chat.request.get("upgrade")
    yield "asks_in", "fields" if asks_in_its_head(chat) else "method"
    yield "status", chat.status
    yield "ms", chat.answered_in * 1000
    yield "up", len(chat.request.raw)
    yield "down", len(chat.response.raw)
    yield "client", address_text(chat.client)
    yield "client_port", chat.client[1]
    yield "server", address_text(chat.server)
    yield "travels", "same" if follows_its_handshake(chat) else "new"
    yield "key", chat.proof.key
    yield "expected", chat.proof.expected
    yield "received", chat.proof.received
    digest = hashlib.sha1((chat.proof.key or "").encode() + GUID).digest()
    yield "sha1_start", digest[:10]
    yield "sha1_end", digest[10:]
    yield "who", "anyone" if accept_for(chat.proof.key or "") == chat.proof.received else "nobody"

    seen = chats(evidence)
    if len(seen) > 1:
        keys = {each.proof.key for each in seen}
        yield "handshakes", len(seen)
        yield "keys", len(keys)
        yield "again", "new" if len(keys) == len(seen) else "none" if None in keys else "same"


def asks_in_its_head(chat: Connection) -> bool:
    """A GET like any other but for its field lines?"""
    asked = chat.request
    return (
        asked.method == "GET"
        and asked.has_token("upgrade", "websocket")
        and asked.has_token("connection", "upgrade")
    )


def follows_its_handshake(chat: Connection) -> bool:
    """Did a message of the client come on the very TCP connection of its request?"""
    return all(said.time >= chat.answered_at for said in chat.said("client"))


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    chat = talk(evidence)
    seen = chats(evidence)
    yield Claim(
        "It begins as an HTTP request, a GET that asks for an upgrade",
        asks_in_its_head(chat),
        f"{chat.request.line}, Upgrade: {chat.request.get('upgrade')}",
        "6455 §4.1",
    )
    yield Claim(
        "A server that agrees answers 101",
        chat.status == 101,
        f"{chat.response.line}, after {chat.answered_in * 1000:.1f} ms",
        "6455 §4.2.2",
    )
    first = chat.frames[0]
    yield Claim(
        "From then on the same TCP connection carries frames",
        follows_its_handshake(chat) and first.time >= chat.answered_at,
        f"{len(chat.frames)} frames, from and to port {chat.client[1]}, all after the 101",
        "6455 §1.7",
    )
    keys = [each.proof.key or "" for each in seen]
    yield Claim(
        "Each handshake draws a new key",
        len(seen) > 1 and len(set(keys)) == len(keys),
        f"{len(seen)} handshakes, {len(set(keys))} keys",
        "6455 §4.1",
    )
    yield Claim(
        "Sec-WebSocket-Accept is base64(SHA-1(key + GUID)): no secret",
        all(
            each.proof.ok and accept_for(each.proof.key or "") == each.proof.received
            for each in seen
        ),
        f"computed, received: {chat.proof.expected}",
        "6455 §1.3",
    )


def keys_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """A handshake a line."""
    yield "from port", "Sec-WebSocket-Key", "Sec-WebSocket-Accept"
    for chat in chats(evidence):
        yield chat.client[1], chat.proof.key, chat.proof.received


TABLES = {"keys": keys_table}
