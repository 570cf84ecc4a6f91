"""Three ways of getting news: asking, listening, talking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inspector.files.dissect import address_text
from lessons.course.evidence import Connection, Evidence, Http
from lessons.course.model import Action, Claim, Missing
from lessons.course.session import Session

POLL, TICKER, CHAT = "/feed/poll", "/ws/ticker", "/ws/chat"
ENOUGH_POLLS = 3
ENOUGH_TICKS = 3


# What is done


def ask_three_times(session: Session) -> None:
    """ask for the newest tick three times, over HTTP"""
    for _ in range(ENOUGH_POLLS):
        session.get(POLL)


def listen(session: Session) -> None:
    """open the ticker's WebSocket, say nothing, hear three ticks"""
    with session.client(TICKER) as ws:
        for _ in range(ENOUGH_TICKS):
            ws.receive()


def talk(session: Session) -> None:
    """open the chat twice, say hello on the first, close the second"""
    with session.client(CHAT) as ours:
        ours.receive_until("You are")
        with session.client(CHAT) as other:
            other.receive_until("You are")
            ours.receive_until(" joined")
            ours.send("hello")
            ours.receive_until(": hello")
        ours.receive_until(" left")


def asked_enough(evidence: Evidence) -> bool:
    return len(polls(evidence)) >= ENOUGH_POLLS


def heard_enough(evidence: Evidence) -> bool:
    return len(evidence.connection(TICKER).said("server")) >= ENOUGH_TICKS


def talked_enough(evidence: Evidence) -> bool:
    chat = my_chat(evidence)
    texts = [said.text or "" for said in chat.said("server")]
    return bool(texts) and texts[-1].startswith("* ") and texts[-1].endswith(" left")


ACTIONS = {
    "poll": Action(ask_three_times, asked_enough, page=POLL),
    "ticker": Action(listen, heard_enough, page="/ticker", waiting="three numbers"),
    "chat": Action(talk, talked_enough, page="/chat", waiting="hello and a closed tab"),
}


# What was seen


def polls(evidence: Evidence) -> list[Http]:
    """The answered questions for a tick."""
    return [http for http in evidence.http if http.path == POLL and http.responded is not None]


def my_chat(evidence: Evidence) -> Connection:
    """The newest chat on which something was said by the client."""
    for connection in reversed(evidence.connections):
        if connection.upgraded and connection.path == CHAT and connection.said("client"):
            return connection
    raise Missing("nobody has said anything in the chat yet")


def http_voices(evidence: Evidence) -> list[str]:
    """Who spoke, over HTTP, in order of time."""
    spoken = [(http.requested, "client") for http in evidence.http]
    spoken += [(http.responded, "server") for http in evidence.http if http.responded is not None]
    return [voice for _, voice in sorted(spoken, key=lambda each: each[0])]


def voices(connection: Connection) -> list[str]:
    """Who spoke, on one WebSocket, message by message."""
    return [said.side for said in connection.messages]


def unasked(spoken: Iterable[str]) -> int:
    """How many of the server's messages answered nothing."""
    questions = count = 0
    for voice in spoken:
        if voice == "client":
            questions += 1
        elif questions:
            questions -= 1
        else:
            count += 1
    return count


def some(number: int) -> str:
    return {0: "none", 1: "one"}.get(number, "several")


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def lag(seconds: float) -> str:
    return f"{ms(seconds)} after the 101" if seconds else "together with the 101"


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    asked = polls(evidence)
    if asked:
        ports = {http.client for http in asked}
        yield "requests", len(asked)
        yield "answers", sum(http.responded is not None for http in asked)
        yield "http_key", some(unasked(http_voices(evidence)))
        yield "tcp", len(ports)
        yield "tcp_key", "each" if len(ports) == len(asked) else "one" if len(ports) == 1 else "two"
        yield "http_up", sum(len(http.request.raw) for http in asked)
        yield "http_down", sum(size_down(http) for http in asked)
        yield "connection_field", how_it_ends(asked[0])

    ticker = evidence.connection(TICKER)
    ticks = ticker.said("server")
    yield "ticker", ticker.number
    yield "ticks", len(ticks)
    yield "ticker_said", len(ticker.said("client"))
    yield "quiet_key", some(len(ticks))
    yield "ticker_seconds", ticks[-1].time - ticker.answered_at if ticks else 0.0
    yield "ticker_client", address_text(ticker.client)
    yield "ticker_server", address_text(ticker.server)
    yield "ticker_request", ticker.request.line
    yield "ticker_response", ticker.response.line

    chat = my_chat(evidence)
    said, heard = len(chat.said("client")), len(chat.said("server"))
    alone = unasked(voices(chat))
    yield "chat", chat.number
    yield "first_voice", chat.messages[0].side
    yield "first_after", lag(chat.messages[0].time - chat.answered_at)
    yield "chat_said", said
    yield "chat_heard", heard
    yield "chat_unasked", alone
    yield "asked_key", "none" if heard == alone else "each" if alone else "all"


def size_down(http: Http) -> int:
    """Bytes of the answer: its head, and the body that the head announces."""
    if http.response is None:
        return 0
    return len(http.response.raw) + int(http.response.get("content-length") or 0)


def how_it_ends(http: Http) -> str:
    """What the answer's `Connection` field says."""
    return (http.response and http.response.get("connection")) or "(no such field)"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    asked = polls(evidence)
    late = [http.responded - http.requested for http in asked if http.responded is not None]
    yield Claim(
        "Over HTTP the server speaks only when asked",
        len(asked) >= ENOUGH_POLLS and unasked(http_voices(evidence)) == 0 and min(late) >= 0,
        f"{len(asked)} requests, each answered {ms(min(late))} to {ms(max(late))} later, 0 unasked",
        "9110 §3.4",
    )
    fields = {how_it_ends(http) for http in asked}
    ports = {http.client for http in asked}
    yield Claim(
        "This server ends the connection after each answer, and says so",
        fields == {"close"} and len(ports) == len(asked),
        f"Connection: {', '.join(sorted(fields))}; {len(ports)} connections",
        "9112 §9.6",
    )
    ticker = evidence.connection(TICKER)
    ticks = ticker.said("server")
    yield Claim(
        "On a WebSocket the server speaks without being asked",
        len(ticks) >= ENOUGH_TICKS and not ticker.said("client"),
        f"{len(ticks)} messages, after 0 of the client's",
        "6455 §1.2",
    )
    yield Claim(
        "It is the connection that began as an HTTP request",
        ticker.upgraded and ticker.request.method == "GET" and ticker.answered_at <= ticks[0].time,
        f"{ticker.request.line} from {address_text(ticker.client)}, {ticker.status}, then frames",
        "6455 §1.3",
    )
    chat = my_chat(evidence)
    yield Claim(
        "Either side may have the first word after the 101: in the chat it is the server",
        chat.messages[0].side == "server",
        f"message 1: {chat.messages[0].text!r}",
        "6455 §4.2.2",
    )
    heard = len(chat.said("server"))
    alone = unasked(voices(chat))
    yield Claim(
        "In the chat both speak, and some of what the server says answers nothing",
        0 < alone < heard and bool(chat.said("client")),
        f"client {len(chat.said('client'))}, server {heard}, of those {alone} unasked",
        "6455 §1.2",
    )


def http_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Question and answer, a line each."""
    yield "your side", "asked", "answer", "after"
    for http in polls(evidence):
        status = f"{http.status}, {size_down(http)} bytes"
        after = (http.responded or 0) - http.requested
        yield address_text(http.client), http.request.line, status, ms(after)


def voices_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """How often each side spoke, on each way of getting news."""
    yield "way", "your side spoke", "the server spoke", "of that, unasked"
    over_http = http_voices(evidence)
    lines = [("HTTP, all requests", over_http)]
    for connection in (evidence.connection(TICKER), my_chat(evidence)):
        lines.append((f"WebSocket {connection.path}", voices(connection)))
    for words, spoken in lines:
        yield words, spoken.count("client"), spoken.count("server"), unasked(spoken)


TABLES = {"http": http_table, "voices": voices_table}
