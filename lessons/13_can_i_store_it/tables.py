"""What the lesson shows as tables, each from what was captured."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from typing import Any

from inspector.files.dissect import address_text
from lessons.course.evidence import Evidence
from lessons.course.model import Missing
from lessons.course.session import Session

from .shelves import (
    DURING,
    TITLES,
    WORKS,
    Trial,
    ending,
    kernel_table,
    last,
    lives,
    opener,
    read_back,
    trials,
    yours,
)

TEXTS = ("pickle", "json", "json-str")
COPIES = ("copy", "deepcopy")
DATABASE = ("sqlite", "sqlite-str", "sqlite-pickle")
REDIS = ("redis", "redis-repr")
POSTGRES = ("postgres", "postgres-json", "postgres-pickle")
SESSION = ("session", "session-str")
HANDLER = ("session-socket",)
SERVER = (*TEXTS, *COPIES, *DATABASE, *REDIS, *POSTGRES, *SESSION, *HANDLER)
PAGE = ("stringify", "structured-clone", "push-state", "local-storage", "indexed-db")


SHOWN_ROWS = 9  # of the kernel's table


def here(note: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """What a greeting says of its connection."""
    for name in ("pid", "address", "descriptor", "request", "key"):
        yield name, note.get(name)
    yield "ws_class", note.get("class")
    yield "sock_here", place(note, "here")
    yield "sock_there", place(note, "there")
    kernel = note.get("kernel")
    unknown = "a name that this system keeps to itself (Linux tells, in /proc/self/fd)"
    yield "kernel", kernel or unknown


def place(note: dict[str, Any], end: str) -> str:
    return ":".join(str(part) for part in note.get(end, ()))


def same_object(trial: Trial) -> str:
    ours, theirs = trial.more.get("kernel"), trial.more.get("heirs_kernel")
    if ours is None:
        return "the same socket (this system does not tell its name)"
    return f"the same {ours}" if ours == theirs else f"{ours} here, {theirs} there"


def everything(evidence: Evidence) -> list[Trial]:
    """All trials, in the order of the lesson."""
    found = trials(evidence, "tried") | trials(evidence, "browser")
    return [found[name] for name in (*SERVER, "pipe", *PAGE) if name in found]


def result_table(*names: str) -> Callable[[Evidence, Session], Iterator[tuple[object, ...]]]:
    def table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
        yield "tried", "what happened", "shelf"
        found = trials(evidence, "tried") | trials(evidence, "browser")
        for name in names:
            if name not in found:
                raise Missing(f"{name} has not been tried yet")
            yield found[name].code, found[name].words, TITLES[found[name].shelf]

    table.__doc__ = "What became of these attempts."
    return table


def hello_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """What the server's process says of the connection that it holds."""
    yield "what it is", "for your connection"
    hello = yours(evidence)
    told, behind = dict(here(hello.note)), opener(hello.connection)
    yield "the process that holds it", told["pid"]
    yield "the object, in its memory", f"{told['ws_class']} at {told['address']}"
    yield "the number of its socket", f"descriptor {told['descriptor']}"
    yield "what the kernel calls that", told["kernel"]
    yield "its end of TCP", told["sock_here"]
    yield "the other end", f"{told['sock_there']} (our tap; {behind} is behind it)"
    yield "it came with", f"{told['request']}, Sec-WebSocket-Key {told['key']}"


def lives_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The connection before the restart and the one after."""
    yield "", "before", "after"
    old, new = lives(evidence)
    before, after = dict(here(old.note)), dict(here(new.note))
    for words, name in (("process", "pid"), ("descriptor", "descriptor"), ("kernel", "kernel")):
        yield words, before[name], after[name]
    yield "opened by", *(opener(each.connection) for each in (old, new))
    yield "your side", *(address_text(each.connection.client) for each in (old, new))
    yield "key", before["key"], after["key"]


def shelves_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """Everything that was tried, shelf by shelf."""
    yield "shelf", "how many", "tried"
    for shelf, title in TITLES.items():
        found = [trial.code for trial in everything(evidence) if trial.shelf == shelf]
        yield title, len(found), " · ".join(found)


def again_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """What had been kept when the server was back, and what sending on it did."""
    yield "kept as", "bytes", "what happened", "reached you"
    found = read_back(evidence).values()
    for trial in found:
        fault = (trial.raised or "").partition(":")[0]
        happened = f"{DURING.get(trial.step or '', '')}, {fault}" if fault else "sent"
        yield trial.code, trial.size, happened, "yes" if trial.shelf == WORKS else "no"
    if not found:
        yield "nothing", 0, "nothing was kept in this run", "no"


def parts_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The parts of ws that refuse to be pickled."""
    yield "part", "what it is", "pickle says"
    for name, kind, why in last(evidence, "parts").note["refused"]:
        yield f"ws.{name}", kind, why


def descriptors_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The kernel's table of the process that serves now."""
    yield "number", "what the kernel calls it", "what it is"
    told, table = kernel_table(evidence)
    own = told.note.get("own")
    wanted = {own, yours(evidence).note.get("descriptor")}
    rows = sorted(table.values(), key=lambda row: (row.number not in wanted, row.number))
    for number, name, what in sorted(rows[:SHOWN_ROWS], key=lambda row: row.number):
        mine = " (this connection)" if number == own else ""
        yield number, name or "(not told)", f"{what}{mine}"
    if (more := len(rows) - SHOWN_ROWS) > 0:
        yield "...", "", f"and {more} more"


def seed_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """What well-known texts say, beside what was seen."""
    yield "you will read", "you saw"
    told = yours(evidence).note
    kept = read_back(evidence).values()
    reached = sum(trial.shelf == WORKS for trial in kept)
    yield (
        "No, you can't (and shouldn't) store a live WebSocket object in a database.",
        f"{len(kept)} kept values, {reached} of use",
    )
    yield (
        "An in-memory, live connection between a client and a server.",
        f"an object at {told.get('address')}, descriptor {told.get('descriptor')}, of process "
        f"{told.get('pid')}",
    )
    yield (
        "Tied to a particular request and IP address.",
        f"its key {told.get('key')}; and ports, too: {place(told, 'here')} and "
        f"{place(told, 'there')}",
    )
    page = trials(evidence, "browser").get("stringify")
    said = f"you can: it returns {page.kept}, and lets you go on" if page else "not tried here"
    yield "Not serializable (you can't JSON.stringify() it).", said
    old, _ = lives(evidence)
    end = ending(old.connection)
    yield (
        'Useless when stored, because you can\'t restore a socket from disk and make it "work" '
        "again — it dies when the server restarts or disconnects.",
        f"the {end[0]} closed it, code {end[1]}; a ticket to it was void then" if end else "-",
    )


OPERATIONS = {
    "GLOBAL": "import it: {}",
    "MARK": "arguments begin here",
    "TUPLE": "and end here: there are none",
    "REDUCE": "call it with them",
    "STOP": "hand over what it returned",
}


def stranger_table(evidence: Evidence, session: Session) -> Iterator[tuple[object, ...]]:
    """The stranger's bytes, as pickle reads them."""
    yield "bytes", "pickle calls it", "which means"
    data = bytes.fromhex(last(evidence, "stranger").note["bytes"])
    found = list(pickletools.genops(data))
    ends = [at for _, _, at in found[1:]] + [len(data)]
    for (operation, argument, at), end in zip(found, ends, strict=True):
        words = OPERATIONS.get(operation.name, "").format(str(argument).replace(" ", "."))
        yield data[at or 0 : end].hex(" "), operation.name, words


TABLES = {
    "stranger": stranger_table,
    "hello": hello_table,
    "texts": result_table(*TEXTS),
    "copies": result_table(*COPIES),
    "database": result_table(*DATABASE),
    "redis": result_table(*REDIS),
    "postgres": result_table(*POSTGRES),
    "session": result_table(*SESSION),
    "handler": result_table(*HANDLER),
    "descriptors": descriptors_table,
    "seed": seed_table,
    "page": result_table(*PAGE),
    "pipe": result_table("pipe"),
    "shelves": shelves_table,
    "again": again_table,
    "lives": lives_table,
    "parts": parts_table,
}
