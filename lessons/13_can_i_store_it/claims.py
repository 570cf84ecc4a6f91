"""What the lesson asserts, checked on the bytes just captured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inspector.files.dissect import address_text
from lessons.course.evidence import Evidence
from lessons.course.model import Claim
from lessons.course.session import Session

from .shelves import (
    LOUD,
    SILENT,
    TITLES,
    WORKS,
    Told,
    Trial,
    ending,
    greetings,
    kernel_table,
    lab_connections,
    last,
    lives,
    read_back,
    trials,
    yours,
)
from .signed import cookie_of, saved_in
from .tables import place, same_object

SHOWN = {
    LOUD: ("pickle", "json", "deepcopy", "sqlite", "sqlite-pickle", "session"),
    SILENT: ("json-str", "sqlite-str", "session-str", "session-socket"),
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
DATABASES = {"SQLite": "sqlite", "Redis": "redis", "PostgreSQL": "postgres"}


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    at_server = trials(evidence, "tried")
    found = at_server | trials(evidence, "browser")
    for shelf in CLAIMED:
        tried = {name: at_server.get(name) for name in SHOWN[shelf]}
        tried |= {name: found[name] for name in SHOWN_IF_TRIED[shelf] if name in found}
        yield on_shelf(shelf, tried)
    yield from what_it_is(evidence, yours(evidence))
    yield not_serialisable(found)
    yield from in_the_session(evidence)
    yield from passed_on(at_server.get("pipe"), read_back(evidence).get("pipe"))
    yield from after_the_restart(evidence)
    yield not_in_a_database(evidence, at_server)
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


def what_it_is(evidence: Evidence, hello: Told) -> Iterator[Claim]:
    """In memory, live, tied."""
    told, connection = hello.note, hello.connection
    lab = list(lab_connections(evidence))  # after a pause it may be another one that was spoken on
    up = sum(len(each.said("client")) for each in lab)
    down = sum(len(each.said("server")) for each in lab)
    yield Claim(
        "A WebSocket object is an in-memory, live connection between a client and a server",
        bool(told.get("address") and up and down),
        f"at {told.get('address')} in process {told.get('pid')}, descriptor "
        f"{told.get('descriptor')}; in the lab {up} messages went up, {down} down",
    )
    key = connection.request.get("sec-websocket-key")
    yield Claim(
        "It is tied to a particular request: process and wire know it by the same key",
        key is not None and key == told.get("key"),
        f"Sec-WebSocket-Key: {key}",
        "6455 §4.2.1",
    )
    asked, rows = kernel_table(evidence)
    note = next(e.note for e in greetings(evidence) if e.connection is asked.connection)
    here, there = place(note, "here"), place(note, "there")
    row = rows.get(asked.note.get("own", -1))
    yield Claim(
        "It is tied to IP addresses, two of them, and to their ports: so the kernel's table says",
        f"{here} to {there}" in (row.what if row else ""),
        f"descriptor {row.number}: {row.what}" if row else "not in the table",
        "9293 §3.3.1",
    )


def not_serialisable(found: Mapping[str, Trial]) -> Claim:
    """By pickle, by json, by JSON.stringify."""
    tries = [found[name] for name in ("pickle", "json", "stringify") if name in found]
    told = (f"{each.code}: {each.raised if each.shelf == LOUD else each.kept}" for each in tries)
    empty = found["stringify"].kept == "{}" if "stringify" in found else True
    return Claim(
        "It is not serializable: pickle and json refuse it, JSON.stringify() makes nothing of it",
        empty
        and all(each.shelf == (SILENT if each.name == "stringify" else LOUD) for each in tries),
        "; ".join(told),
    )


def in_the_session(evidence: Evidence) -> Iterator[Claim]:
    """Loud and silent, by the heads of the responses."""
    refused, saved = saved_in(evidence)
    yield Claim(
        "A Flask session takes the object; the response that should carry it can't be made",
        refused is not None and saved is not None and cookie_of(refused) is None,
        f"{refused.response.line}; str(ws): {saved.response.line}, with a Set-Cookie"
        if refused and refused.response and saved and saved.response
        else "not tried",
        "6265 §4.1",
    )
    note = trials(evidence, "tried").get("session-socket")
    connection = evidence.numbered(note.connection) if note else yours(evidence).connection
    yield Claim(
        "What a socket handler puts into the session is never sent: the 101 is out before",
        note is not None and note.kept is None and connection.response.get("set-cookie") is None,
        f"{connection.response.line}, without Set-Cookie; the next request brought nothing of it",
        "6455 §4.2.2",
    )


def passed_on(pipe: Trial | None, later: Trial | None) -> Iterator[Claim]:
    """To another process, and what was left of that when the first one was gone."""
    told = pipe.more if pipe else {}
    yield Claim(
        "Another process spoke on the very same socket",
        pipe is not None
        and told.get("heir") != told.get("pid")
        and told.get("kernel") == told.get("heirs_kernel"),
        f"process {told.get('heir')}, not {told.get('pid')}; {same_object(pipe)}"
        if pipe
        else "not tried",
    )
    yield Claim(
        "What crossed the pipe was a ticket, not the socket: it outlived the process and is void",
        later is not None and later.shelf == LOUD,
        f"{later.size} bytes; later: {later.raised}" if later else "nothing of it was read back",
    )


def after_the_restart(evidence: Evidence) -> Iterator[Claim]:
    """It died, and nothing brings it back."""
    old, new = lives(evidence)
    end = ending(old.connection)
    yield Claim(
        "It dies when the server restarts or disconnects",
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
    back = read_back(evidence)
    yield Claim(
        'Useless when stored: nothing that was read back "worked" again, as no socket is on a disk',
        bool(back) and all(each.frame is None for each in back.values()),
        f"{len(back)} kept values tried again, 0 frames with their messages",
    )
    refused = {part[1] for part in last(evidence, "parts").note["refused"]}
    yield Claim(
        "What refuses to be pickled is what makes it live: socket, locks, thread, decoder",
        {"socket", "Condition", "Thread", "WSConnection"} <= refused,
        f"{len(refused)} kinds of part: {', '.join(sorted(refused))}",
    )


def not_in_a_database(evidence: Evidence, at_server: Mapping[str, Trial]) -> Claim:
    """The sentence that the lesson is about."""
    tried = {title: at_server[name] for title, name in DATABASES.items() if name in at_server}
    kept = [trial for trial in read_back(evidence).values() if trial.name != "pipe"]
    return Claim(
        "No, you can't (and shouldn't) store a live WebSocket object in a database",
        all(trial.shelf == LOUD for trial in tried.values())
        and all(trial.shelf != WORKS for trial in kept),
        f"{', '.join(tried)}: each refused the object; what was kept instead, {len(kept)} texts, "
        "reached nobody",
    )
