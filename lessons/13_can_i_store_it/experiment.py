"""Ways to store a live WebSocket, tried on a live WebSocket; then the server is restarted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from inspector.files.dissect import address_text
from lessons.course.client import Client
from lessons.course.evidence import Evidence
from lessons.course.model import Action, Unavailable, in_parts
from lessons.course.session import Session
from lessons.demo.attempts import STRANGER

from .claims import claims
from .shelves import (
    LAB,
    LOUD,
    PIPE,
    WORKS,
    Told,
    Trial,
    by_server,
    ending,
    greetings,
    kernel_table,
    last,
    lives,
    notes,
    read_back,
    trials,
    yours,
)
from .signed import saved_in, unsigned
from .tables import (
    COPIES,
    DATABASE,
    HANDLER,
    PAGE,
    POSTGRES,
    REDIS,
    SESSION,
    TABLES,
    TEXTS,
    here,
    same_object,
)

__all__ = ["ACTIONS", "TABLES", "claims", "facts"]

VISITS = 3
"""How often the script's Chromium may come: one that is ended at once may not have written yet what
its page kept."""
SLOT = b"ws as JSON"
"""The page's last name for what it keeps in localStorage (lab.js)."""

# What is done


def the_lab(session: Session) -> Client:
    """The script's own live connection, kept from one `do` to the next, opened anew if it died."""

    def opened() -> Client:
        lab = session.client(LAB, fields=cookie(session))
        hear(lab, "hello")
        return lab

    return session.lasting("lab", opened)


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


def into_session(session: Session) -> None:
    """put the connection into Flask's session, then its text"""
    lab = the_lab(session)
    for name in SESSION:
        if request(session, lab, "/lab/session", name) == 200:
            request(session, lab, "/lab/session/read", name)
        hear(lab, "tried")


def from_handler(session: Session) -> None:
    """let the socket handler write, and look in the next request"""
    lab = the_lab(session)
    lab.send("session")
    hear(lab, "session")
    request(session, lab, "/lab/session/read", "session-socket")
    hear(lab, "tried")


def request(session: Session, lab: Client, path: str, attempt: str) -> int | None:
    """Ask as a browser would, with the cookie that the server has set, if it has."""
    asked = {"key": lab.request.get("sec-websocket-key"), "attempt": attempt}
    with session.http() as http:
        answer = http.post(path, json.dumps(asked).encode(), cookie(session))
    if told := answer.head.get("set-cookie"):
        session.state["cookie"] = told.partition(";")[0]
    return answer.status


def cookie(session: Session) -> list[tuple[str, str]]:
    kept = session.state.get("cookie")
    return [("Cookie", kept)] if kept else []


def try_in_page(session: Session) -> None:
    """let a headless Chromium try all five in the lab's page"""
    if session.chromium is None:
        raise Unavailable(
            "no Chromium here (apt install chromium, or brew install --cask chromium): "
            "the browser's part has to be done in a browser of your own"
        )
    for _ in range(VISITS):
        tried = len(in_page(session.evidence()))
        session.browse(
            "/lab?act=browser",
            lambda evidence, tried=tried: len(in_page(evidence)) >= tried + len(PAGE),
            profile="lab",
        )
        if is_written(session.profile("lab")):
            break
    session.state["page"] = True


def in_page(evidence: Evidence) -> list[Told]:
    return list(notes(evidence, "browser"))


def is_written(profile: Path) -> bool:
    """Is what the page kept on the disk, so that the next Chromium finds it there?"""
    files = (path for path in profile.glob("*/Local Storage/**/*") if path.is_file())
    return any(SLOT in path.read_bytes() for path in files)


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
    """connect anew, and have all that was kept read back"""
    lab = the_lab(session)
    lab.send("read")
    hear(lab, "read")
    if session.state.get("page"):
        session.browse("/lab?act=read", page_was_read, profile="lab")


def page_was_read(evidence: Evidence) -> bool:
    return {"local-storage", "stringify"} <= read_back(evidence).keys()


def was_read(evidence: Evidence) -> bool:
    _, now = lives(evidence)
    return last(evidence, "read").note.get("pid") == now.note.get("pid")


def table_of_now(evidence: Evidence) -> bool:
    """Has the process that serves now shown its table?"""
    _, now = lives(evidence)
    return last(evidence, "descriptors").note.get("pid") == now.note.get("pid")


ACTIONS = {
    "connect": Action(open_lab, told("hello"), page="/lab"),
    "texts": Action(tries(*TEXTS), tried(*TEXTS), page="/lab"),
    "copies": Action(tries(*COPIES), tried(*COPIES), page="/lab"),
    "database": Action(tries(*DATABASE), tried(*DATABASE), page="/lab"),
    "redis": Action(tries(*REDIS), tried(*REDIS), page="/lab", needs=("redis",)),
    "postgres": Action(tries(*POSTGRES), tried(*POSTGRES), page="/lab", needs=("postgres",)),
    "page": Action(try_in_page, tried_in_page, page="/lab"),
    "session": Action(into_session, tried(*SESSION), page="/lab"),
    "handler": Action(from_handler, tried(*HANDLER), page="/lab"),
    "pipe": Action(pass_it_on, tried("pipe"), page="/lab"),
    "restart": Action(restart, restarted, page="/lab", script_only=True),
    "again": Action(read_after, was_read, page="/lab"),
    "descriptors": Action(says("descriptors", "descriptors"), table_of_now, page="/lab"),
    "parts": Action(says("parts", "parts"), told("parts"), page="/lab"),
    "stranger": Action(says("stranger", "stranger"), told("stranger"), page="/lab"),
}


# What was seen


def facts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    yield "stranger_bytes", repr(STRANGER)
    yield "stranger_size", len(STRANGER)
    parts = (facts_of_now, facts_of_attempts, facts_of_the_restart, facts_of_what_was_kept)
    yield from in_parts((*parts, under_the_number), evidence, session)


def facts_of_now(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    hello = yours(evidence)
    yield "connection", hello.connection.number
    now = greetings(evidence)[-1].note
    if stores := getattr(session, "stores", None):
        yield "redis_socket", stores.socket("redis")
        yield "postgres_folder", stores.socket("postgres").parent
    yield "server_pid", getattr(session, "demo_pid", None) or now.get("pid")
    yield from here(hello.note)
    yield "client", address_text(hello.connection.client)


def facts_of_attempts(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
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
    yield from session_facts(evidence)
    if parts := [each.note for each in notes(evidence, "parts")]:
        yield "parts", len(parts[-1].get("refused", ()))
    if strange := [each.note for each in notes(evidence, "stranger")]:
        yield "stranger_back", strange[-1]["back"]
        yield "stranger_key", "ran" if strange[-1]["back"] == strange[-1]["pid"] else "nothing"


def facts_of_the_restart(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    old, new = lives(evidence)
    yield "old_pid", old.note.get("pid")
    yield "new_pid", new.note.get("pid")
    yield "old_key", old.note.get("key")
    yield "new_key", new.note.get("key")
    yield "old_client", address_text(old.connection.client)
    yield "new_client", address_text(new.connection.client)
    yield "old_descriptor", old.note.get("descriptor")
    end = ending(old.connection)
    yield "old_end", "ends" if end else "survives"
    if end:
        yield "old_by", end[0]
        yield "old_code", end[1] or "none at all"


def facts_of_what_was_kept(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    found = read_back(evidence).values()
    yield "found", len(found)
    yield "reached", sum(each.shelf == WORKS for each in found)
    yield "survivors", "some" if any(each.shelf == WORKS for each in found) else "none"


def session_facts(evidence: Evidence) -> Iterator[tuple[str, object]]:
    """What became of the session, by the heads that crossed the wire."""
    found = trials(evidence, "tried")
    refused, saved = saved_in(evidence)
    if "session" in found:
        yield "session_when", "response" if refused else "silent" if saved else "line"
    if refused and refused.response:
        yield "session_line", refused.response.line
    if saved and saved.response:
        told = str(saved.response.get("set-cookie"))
        yield "cookie_size", len(told.partition(";")[0].partition("=")[2])
        yield "cookie_holds", unsigned(told)
    if "session-socket" in found:
        yield "session_found", "none" if found["session-socket"].kept is None else "text"


def under_the_number(evidence: Evidence, session: Session) -> Iterator[tuple[str, object]]:
    """What the process of now has under the number of the old connection."""
    old = lives(evidence)[0].note
    told, rows = kernel_table(evidence)
    row = rows.get(old.get("descriptor", -1))
    _, name, what = row or (None, None, "nothing")
    same = name is not None and name == old.get("kernel")
    number_now = "nothing" if row is None else "same" if same else "other"
    yield "number_now", number_now
    yield "number_is", " ".join(filter(None, (f"{name}:" if name else "", what)))
    yield "table_process", told.note.get("pid")


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
