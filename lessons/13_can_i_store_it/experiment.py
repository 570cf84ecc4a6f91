"""Ways to store a live WebSocket, tried on a live WebSocket; then the server is restarted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from inspector.files.dissect import address_text
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Claim, Unavailable
from lessons.course.session import Session
from lessons.course.wire import ScriptFailed
from lessons.demo.attempts import STRANGER

from .shelves import (
    LAB,
    LOUD,
    PIPE,
    SILENT,
    TITLES,
    WORKS,
    Trial,
    by_server,
    ending,
    greetings,
    last,
    lives,
    notes,
    read_back,
    trials,
    yours,
)
from .tables import (
    COPIES,
    DATABASE,
    PAGE,
    POSTGRES,
    REDIS,
    TABLES,
    TEXTS,
    everything,
    here,
    same_object,
)

__all__ = ["ACTIONS", "TABLES", "claims", "facts"]

SHOWN = {
    LOUD: ("pickle", "json", "deepcopy", "sqlite", "sqlite-pickle"),
    SILENT: ("json-str", "sqlite-str"),
    WORKS: ("copy", "pipe"),
}
SHOWN_IF_TRIED = {
    LOUD: ("redis", "postgres", "postgres-pickle", "structured-clone", "push-state", "indexed-db"),
    SILENT: ("redis-repr", "postgres-json", "stringify", "local-storage"),
    WORKS: (),
}
"""Not every machine has a Redis, a PostgreSQL and a browser."""
CLAIMED = {
    LOUD: "What refuses to be stored failed loudly",
    SILENT: "What was stored as a text failed silently",
    WORKS: "What worked did so while a process here held the socket: a copy, an heir",
}


# What is done


def the_lab(session: Session) -> Client:
    """The script's own live connection, kept from one `do` to the next, opened anew if it died."""
    lab: Client | None = session.state.pop("lab", None)
    if lab:
        try:
            lab.ping()
        except ScriptFailed:
            lab.close()
        else:
            session.state["lab"] = lab
            return lab
    session.state["lab"] = lab = session.client(LAB)
    hear(lab, "hello")
    return lab


def hear(lab: Client, kind: str) -> dict[str, Any]:
    """The lab's next note of this kind."""
    while True:
        said = lab.receive(patience=60)
        if isinstance(said, str) and said.startswith("{"):
            note: dict[str, Any] = json.loads(said)
            if note.get("lab") == kind:
                return note


def open_lab(session: Session) -> None:
    """open the lab, and keep the connection open"""
    the_lab(session)


def tries(*names: str) -> Callable[[Session], None]:
    def script(session: Session) -> None:
        lab = the_lab(session)
        for name in names:
            lab.send(f"try {name}")
            hear(lab, "tried")

    script.__doc__ = f"let the lab try {', '.join(names)}"
    return script


def tried(*names: str) -> Callable[[Evidence], bool]:
    return lambda evidence: all(name in trials(evidence, "tried") for name in names)


def says(words: str, kind: str) -> Callable[[Session], None]:
    def script(session: Session) -> None:
        lab = the_lab(session)
        lab.send(words)
        hear(lab, kind)

    script.__doc__ = f"ask the lab: {words}"
    return script


def told(kind: str) -> Callable[[Evidence], bool]:
    return lambda evidence: any(True for _ in notes(evidence, kind))


def try_in_page(session: Session) -> None:
    """let a headless Chromium try all five in the lab's page"""
    if session.chromium is None:
        raise Unavailable(
            "no Chromium here (apt install chromium, or brew install --cask chromium): "
            "the browser's part has to be done in a browser of your own"
        )
    session.browse("/lab?act=browser", tried_in_page)


def tried_in_page(evidence: Evidence) -> bool:
    return all(name in trials(evidence, "browser") for name in PAGE)


def pass_it_on(session: Session) -> None:
    """open a side connection, and let the server pass its socket on"""
    with session.client(PIPE) as side:
        hear(side, "tried")


def restart(session: Session) -> None:
    """end the server politely, and start it again"""
    if "lab" not in session.state and held_by_browser(session):
        session.restart_demo()
        return
    lab = the_lab(session)
    session.restart_demo()
    lab.wait_closed()
    session.state.pop("lab").close()


def held_by_browser(session: Session) -> bool:
    """Is a connection of the lab open now? (The captures of an earlier sitting don't count.)"""
    greeted = (each.connection for each in notes(session.evidence(), "hello"))
    return any(each.file == session.capture and ending(each) is None for each in greeted)


def restarted(evidence: Evidence) -> bool:
    """Has the server ended a connection of the lab?"""
    return any(by_server(each.connection) for each in notes(evidence, "hello"))


def read_after(session: Session) -> None:
    """connect anew, and let the server read back what it kept"""
    lab = the_lab(session)
    lab.send("read")
    hear(lab, "read")


def was_read(evidence: Evidence) -> bool:
    _, now = lives(evidence)
    return last(evidence, "read").note.get("pid") == now.note.get("pid")


ACTIONS = {
    "connect": Action(open_lab, told("hello"), page="/lab"),
    "texts": Action(tries(*TEXTS), tried(*TEXTS), page="/lab"),
    "copies": Action(tries(*COPIES), tried(*COPIES), page="/lab"),
    "database": Action(tries(*DATABASE), tried(*DATABASE), page="/lab"),
    "redis": Action(tries(*REDIS), tried(*REDIS), page="/lab", needs=("redis",)),
    "postgres": Action(tries(*POSTGRES), tried(*POSTGRES), page="/lab", needs=("postgres",)),
    "page": Action(try_in_page, tried_in_page, page="/lab"),
    "pipe": Action(pass_it_on, tried("pipe"), page="/lab"),
    "restart": Action(restart, restarted, page="/lab", script_only=True),
    "again": Action(read_after, was_read, page="/lab"),
    "parts": Action(says("parts", "parts"), told("parts"), page="/lab"),
    "stranger": Action(says("stranger", "stranger"), told("stranger"), page="/lab"),
}


# What was seen


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "stranger_bytes", repr(STRANGER)
    yield "stranger_size", len(STRANGER)
    hello = yours(evidence)
    yield "connection", hello.connection.number
    now = greetings(evidence)[-1].note
    if stores := getattr(session, "stores", None):
        yield "redis_socket", stores.socket("redis")
        yield "postgres_folder", stores.socket("postgres").parent
    yield "server_pid", getattr(session, "demo_pid", None) or now.get("pid")
    yield from here(hello.note)
    yield "client", address_text(hello.connection.client)
    for name, trial in (trials(evidence, "tried") | trials(evidence, "browser")).items():
        name = name.replace("-", "_")
        yield name, trial.shelf
        yield f"{name}_measured", trial.measured
        yield f"{name}_kept", trial.kept
        yield f"{name}_size", trial.size
        if name == "pipe":
            yield "heir", trial.more.get("heir")
            yield "holder", trial.more.get("pid")
            yield "pipe_kernel", same_object(trial)
    yield from counted(trials(evidence, "tried") | trials(evidence, "browser"))
    page = trials(evidence, "browser").get("stringify")
    said = f"{page.kept} from JSON.stringify" if page else "JSON.stringify (not tried here)"
    yield "stringify_said", said
    for shelf in TITLES:
        yield f"count_{shelf}", sum(each.shelf == shelf for each in everything(evidence))
    if parts := [each.note for each in notes(evidence, "parts")]:
        yield "parts", len(parts[-1].get("refused", ()))
    if strange := [each.note for each in notes(evidence, "stranger")]:
        yield "stranger_back", strange[-1]["back"]
        yield "stranger_key", "ran" if strange[-1]["back"] == strange[-1]["pid"] else "nothing"

    old, new = lives(evidence)
    yield "old_pid", old.note.get("pid")
    yield "new_pid", new.note.get("pid")
    yield "old_key", old.note.get("key")
    yield "new_key", new.note.get("key")
    yield "old_client", address_text(old.connection.client)
    yield "new_client", address_text(new.connection.client)
    end = ending(old.connection)
    yield "old_end", "ends" if end else "survives"
    if end:
        yield "old_by", end[0]
        yield "old_code", end[1] or "none at all"
    found = read_back(evidence).values()
    yield "found", len(found)
    yield "reached", sum(each.shelf == WORKS for each in found)
    yield "survivors", "some" if any(each.shelf == WORKS for each in found) else "none"


def counted(found: dict[str, Trial]) -> Iterator[tuple[str, object]]:
    """The questions that are asked about several attempts at once."""
    if {"pickle", "json"} <= found.keys():
        pickled, dumped = found["pickle"], found["json"]
        yield "dumps", pickled.shelf if pickled.shelf == dumped.shelf else "pickle"
        yield "dumps_measured", f"{pickled.measured}; {dumped.measured}"
    if found.keys() >= set(DATABASE):
        rows = tuple(name for name in DATABASE if found[name].size)
        several = "all" if len(rows) == len(DATABASE) else "two"
        yield "inserts", {(): "none", ("sqlite-str",): "text"}.get(rows, several)
        left = ((found[name].code.removeprefix("INSERT ... VALUES "), name) for name in DATABASE)
        told = (f"{code[1:-1]} left {found[name].size} bytes" for code, name in left)
        yield "inserts_measured", ", ".join(told)
    if found.keys() >= set(PAGE):
        threw = [found[name] for name in PAGE[1:] if found[name].shelf == LOUD]
        yield "throwers", len(threw)
        codes = "; ".join(each.code for each in threw) or "nothing"
        yield "throwers_measured", f"what threw: {codes}"


# What the lesson asserts


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    at_server = trials(evidence, "tried")
    found = at_server | trials(evidence, "browser")
    for shelf in CLAIMED:
        tried = {name: at_server.get(name) for name in SHOWN[shelf]}
        tried |= {name: found[name] for name in SHOWN_IF_TRIED[shelf] if name in found}
        yield on_shelf(shelf, tried)
    pipe = at_server["pipe"]
    yield Claim(
        "Another process spoke on the very same socket",
        pipe.more.get("heir") != pipe.more.get("pid")
        and pipe.more.get("kernel") == pipe.more.get("heirs_kernel"),
        f"process {pipe.more.get('heir')}, not {pipe.more.get('pid')}; {same_object(pipe)}",
    )
    yield Claim(
        "What crossed the pipe was a ticket, not the socket: it outlived the process and is void",
        read_back(evidence)["pipe"].shelf == LOUD,
        f"{pipe.size} bytes; later: {read_back(evidence)['pipe'].raised}",
    )
    old, new = lives(evidence)
    end = ending(old.connection)
    yield Claim(
        "The restart ended the connection",
        end is not None and end[0] == "server",
        f"closed by the {end[0]}, code {end[1]}" if end else "it is open",
        "6455 §7.1.1",
    )
    keys = old.note.get("key"), new.note.get("key")
    yield Claim(
        "The next connection is another one: new process, new key, new port",
        old.note.get("pid") != new.note.get("pid")
        and keys[0] != keys[1]
        and old.connection.client != new.connection.client,
        f"process {new.note.get('pid')}, key {keys[1]}, from {address_text(new.connection.client)}",
        "6455 §4.1",
    )
    asked = new.connection.request.get("sec-websocket-key")
    yield Claim(
        "The server's process and the wire mean the same connection: by its key",
        asked == new.note.get("key"),
        f"Sec-WebSocket-Key: {asked}",
        "6455 §4.2.1",
    )
    back = read_back(evidence)
    yield Claim(
        "Nothing that was read back after the restart reached anybody",
        bool(back) and all(each.frame is None for each in back.values()),
        f"{len(back)} kept values tried again, 0 frames with their messages",
    )
    refused = {part[1] for part in last(evidence, "parts").note["refused"]}
    yield Claim(
        "What refuses to be pickled is what makes it live: socket, locks, thread, decoder",
        {"socket", "Condition", "Thread", "WSConnection"} <= refused,
        f"{len(refused)} kinds of part: {', '.join(sorted(refused))}",
    )
    strange = last(evidence, "stranger").note
    yield Claim(
        "Unpickling a stranger's bytes ran their code in the server",
        strange["back"] == strange["pid"],
        f"{bytes.fromhex(strange['bytes'])!r} returned {strange['back']}, the server's process id",
    )


def on_shelf(shelf: str, found: Mapping[str, Trial | None]) -> Claim:
    """All these belong on one shelf. What is not there is named."""
    astray = [
        f"{trial.code}: {TITLES[trial.shelf]}" if trial else f"{name}: not tried"
        for name, trial in found.items()
        if trial is None or trial.shelf != shelf
    ]
    count = f"{len(found) - len(astray)} of {len(found)} attempts"
    return Claim(CLAIMED[shelf], not astray, "; ".join([count, *astray]))
