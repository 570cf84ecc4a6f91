"""What the lesson asserts, checked on the bytes just captured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from inspector.files.dissect import address_text
from lessons.course.evidence import Evidence
from lessons.course.model import Claim, Missing, in_parts
from lessons.course.session import Session

from .shelves import (
    LOUD,
    SILENT,
    TITLES,
    WORKS,
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
    LOUD: (
        "pickle", "json", "deepcopy", "sqlite", "sqlite-pickle", "session",
        "redis", "postgres", "postgres-pickle", "structured-clone", "push-state", "indexed-db",
    ),
    SILENT: (
        "json-str", "sqlite-str", "session-str", "session-socket",
        "redis-repr", "postgres-json", "stringify", "local-storage",
    ),
    WORKS: ("copy", "pipe"),
}  # fmt: skip
"""Those that were tried count: a step may be left out, and not every machine has a Redis, a
PostgreSQL and a browser."""
CLAIMED = {
    LOUD: "What refuses to be stored failed loudly",
    SILENT: "What was stored as a text failed silently",
    WORKS: "What worked did so while a process here held the socket: a copy, an heir",
}
DATABASES = {"SQLite": "sqlite", "Redis": "redis", "PostgreSQL": "postgres"}


def claims(evidence: Evidence, session: Session) -> Iterator[Claim]:
    parts: tuple[Callable[[Evidence], Iterator[Claim]], ...] = (
        on_shelves,
        what_it_is,
        in_the_kernel,
        not_serialisable,
        in_the_session,
        from_a_handler,
        passed_on,
        read_later,
        after_the_restart,
        never_again,
        what_refuses,
        not_in_a_database,
        by_a_stranger,
    )
    return in_parts(parts, evidence)


def by_a_stranger(evidence: Evidence) -> Iterator[Claim]:
    strange = last(evidence, "stranger").note
    yield Claim(
        "Unpickling a stranger's bytes ran their code in the server",
        strange["back"] == strange["pid"],
        f"{bytes.fromhex(strange['bytes'])!r} returned {strange['back']}, the server's process id",
    )


def attempts(evidence: Evidence) -> dict[str, Trial]:
    """The newest trial of each, wherever it was made."""
    return trials(evidence, "tried") | trials(evidence, "browser")


def attempt(evidence: Evidence, name: str) -> Trial:
    """The newest of that name in the server."""
    try:
        return trials(evidence, "tried")[name]
    except KeyError:
        raise Missing(f"{name} has not been tried yet") from None


def on_shelves(evidence: Evidence) -> Iterator[Claim]:
    """Each shelf, as far as it was filled."""
    found = attempts(evidence)
    for shelf, names in SHOWN.items():
        if tried := [found[name] for name in names if name in found]:
            yield on_shelf(shelf, tried)


def on_shelf(shelf: str, found: list[Trial]) -> Claim:
    """All these belong on one shelf. What is on another one is named."""
    astray = [f"{trial.code}: {TITLES[trial.shelf]}" for trial in found if trial.shelf != shelf]
    count = f"{len(found) - len(astray)} of {len(found)} attempts"
    return Claim(CLAIMED[shelf], not astray, "; ".join([count, *astray]))


def what_it_is(evidence: Evidence) -> Iterator[Claim]:
    """In memory, live, tied."""
    hello = yours(evidence)
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


def in_the_kernel(evidence: Evidence) -> Iterator[Claim]:
    """Tied to addresses."""
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


def not_serialisable(evidence: Evidence) -> Iterator[Claim]:
    """By pickle, by json, by JSON.stringify."""
    found = attempts(evidence)
    attempt(evidence, "pickle"), attempt(evidence, "json")
    tries = [found[name] for name in ("pickle", "json", "stringify") if name in found]
    told = (f"{each.code}: {each.raised if each.shelf == LOUD else each.kept}" for each in tries)
    empty = found["stringify"].kept == "{}" if "stringify" in found else True
    yield Claim(
        "It is not serializable: pickle and json refuse it, JSON.stringify() makes nothing of it",
        empty
        and all(each.shelf == (SILENT if each.name == "stringify" else LOUD) for each in tries),
        "; ".join(told),
    )


def in_the_session(evidence: Evidence) -> Iterator[Claim]:
    """Loud and silent, by the heads of the responses."""
    attempt(evidence, "session")
    refused, saved = saved_in(evidence)
    yield Claim(
        "A Flask session takes the object; the response that should carry it can't be made",
        refused is not None and saved is not None and cookie_of(refused) is None,
        f"{refused.response.line}; str(ws): {saved.response.line}, with a Set-Cookie"
        if refused and refused.response and saved and saved.response
        else "not tried",
        "6265 §4.1",
    )


def from_a_handler(evidence: Evidence) -> Iterator[Claim]:
    """What a session is worth there."""
    note = attempt(evidence, "session-socket")
    connection = evidence.numbered(note.connection)
    yield Claim(
        "What a socket handler puts into the session is never sent: the 101 is out before",
        note.kept is None and connection.response.get("set-cookie") is None,
        f"{connection.response.line}, without Set-Cookie; the next request brought nothing of it",
        "6455 §4.2.2",
    )


def passed_on(evidence: Evidence) -> Iterator[Claim]:
    """To another process."""
    pipe = attempt(evidence, "pipe")
    told = pipe.more
    yield Claim(
        "Another process spoke on the very same socket",
        told.get("heir") != told.get("pid") and told.get("kernel") == told.get("heirs_kernel"),
        f"process {told.get('heir')}, not {told.get('pid')}; {same_object(pipe)}",
    )


def read_later(evidence: Evidence) -> Iterator[Claim]:
    """What was left of that when the first process was gone."""
    attempt(evidence, "pipe")
    later = read_back(evidence).get("pipe")
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


def never_again(evidence: Evidence) -> Iterator[Claim]:
    """What was kept."""
    back = read_back(evidence)
    yield Claim(
        'Useless when stored: nothing that was read back "worked" again, as no socket is on a disk',
        bool(back) and all(each.frame is None for each in back.values()),
        f"{len(back)} kept values tried again, 0 frames with their messages",
    )


def what_refuses(evidence: Evidence) -> Iterator[Claim]:
    """The parts that can't be pickled."""
    refused = {part[1] for part in last(evidence, "parts").note["refused"]}
    yield Claim(
        "What refuses to be pickled is what makes it live: socket, locks, thread, decoder",
        {"socket", "Condition", "Thread", "WSConnection"} <= refused,
        f"{len(refused)} kinds of part: {', '.join(sorted(refused))}",
    )


def not_in_a_database(evidence: Evidence) -> Iterator[Claim]:
    """The sentence that the lesson is about."""
    at_server = trials(evidence, "tried")
    tried = {title: at_server[name] for title, name in DATABASES.items() if name in at_server}
    kept = [trial for trial in read_back(evidence).values() if trial.name != "pipe"]
    if not tried:
        raise Missing("no database has been tried yet")
    yield Claim(
        "No, you can't (and shouldn't) store a live WebSocket object in a database",
        all(trial.shelf == LOUD for trial in tried.values())
        and all(trial.shelf != WORKS for trial in kept),
        f"{', '.join(tried)}: each refused the object; what was kept instead, {len(kept)} texts, "
        "reached nobody",
    )
