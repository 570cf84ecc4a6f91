"""docs/rules.md, made of the table of rules: `python -m tests.house.rules_page` writes it anew."""

from __future__ import annotations

import json
from collections.abc import Iterator

from inspector.core import seen
from inspector.core.deflate import MAX_MESSAGE
from inspector.core.findings import Phase, Rule
from inspector.core.frames import MAX_PAYLOAD
from inspector.core.pings import MAX_PINGS
from inspector.core.rules import RULES, cross
from inspector.core.window import MAX_WALKED, STEP
from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "rules.md"
COMMAND = "python -m tests.house.rules_page"
CATALOGUE = [
    row["id"]
    for row in json.loads((ROOT / "tests" / "vectors" / "catalogue.json").read_text("utf-8"))
]
SEVERITIES = ("error", "warning", "info")

PHASES: dict[Phase, tuple[str, str]] = {
    "hs-req": ("The request", "What a client asks, read off the head of its request alone."),
    "hs-resp": ("The response", "What a server answers, beside the request that it answers."),
    "frame": ("Frames", "What one frame's header and payload break by themselves."),
    "message": ("Messages", "What shows once fragments are put together, and inflated."),
    "conn": (
        "The connection",
        "What needs both directions, or the end. What only an end can prove is not said of a "
        "connection whose end was not seen, nor of a side of which bytes are missing.",
    ),
    "cross": (
        "Several connections",
        "What a client does beside this connection, in the same capture. `req-key-reused`, above, "
        "looks at the others, too.",
    ),
}

INTRO = """\
# The rules

<!-- Made of the table of rules: do not edit this page. Make it anew with `{command}`. -->

What RFC 6455 and RFC 7692 demand on the wire, and what this inspector finds when it is not so:
{count} of the {total} rules of its catalogue ({severities}). The one that is left out,
`tls-sni-missing`, is about the ClientHello of TLS; captures hold what was inside TLS, so it can't
be seen in them. `ws101 lint FILE` shows findings only, `ws101 dump FILE` shows them where they
belong.

**Severity.** An *error* breaks a MUST, or the grammar: a peer may fail the connection for it. A
*warning* breaks a SHOULD, is a risk, or can be told only by time or by numbers. *Info* is lawful
and worth knowing. Lawful traffic has no finding of severity error.

**Side.** The one at fault, who is not always the one who sent the bytes at hand: an unanswered Ping
is its receiver's. *Both* means that either may break the rule.

**Place.** A finding names a stream and an offset in it. In `request` and `response` that is the
first byte of the offending line of the head; the start line, and a line that is missing, are at 0.
In `client` and `server` it is the first byte of the offending frame's header, counted from the end
of that side's head; `frame` is then the frame's number in the connection, over both directions. For
what is missing at the end (a Close, say) it is where the side's stream ends; for a message without
an end, where its first frame begins; for a Ping without an answer, where the Ping is, in the stream
of who sent it; for bytes that came before the 101, 0 in the client's.

**After a finding** reading goes on, because a fault is data like any other. Where it can't (after a
length that is none, or a hole in the capture), the finding or the bytes say once at which offset
framing was lost; the bytes after it are kept raw, and nothing is concluded from what is not among
the frames. A compressed message that can't be read because the window went with an earlier one has
no finding of its own: the earlier one has it.

**Limits.** What is remembered has an end, so that no connection can grow it: the last {masks:,}
masking keys of a side, the last {keys:,} keys of handshakes, {pings:,} Pings that wait. A payload
is kept up to {payload} MiB, a message inflated up to {message} MiB. In a compressed message of
more than {walked} KiB, what looks back beyond the window by less than {step} bytes may pass.

Each rule below: its severity, who can break it, the section; then how a breach shows in the bytes,
why the rule exists, and what the other side does about it.
"""


def page() -> str:
    """The page's text."""
    counts = {name: sum(r.severity == name for r in RULES.values()) for name in SEVERITIES}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    intro = INTRO.format(
        command=COMMAND,
        count=len(RULES),
        total=len(CATALOGUE),
        severities=told,
        masks=seen.MAX_KEYS,
        keys=cross.MAX_KEYS,
        pings=MAX_PINGS,
        payload=MAX_PAYLOAD >> 20,
        message=MAX_MESSAGE >> 20,
        walked=MAX_WALKED >> 10,
        step=STEP,
    )
    return "\n".join([intro, *_sections()])


def _sections() -> Iterator[str]:
    for phase, (title, words) in PHASES.items():
        rules = [RULES[id] for id in CATALOGUE if id in RULES and RULES[id].phase == phase]
        yield f"## {title}\n\n{words}\n"
        yield from map(_rule, rules)


def _rule(rule: Rule) -> str:
    side = "both sides" if rule.side == "both" else f"the {rule.side}"
    return (
        f"### {rule.id}\n"
        f"**{rule.severity}**, {side}, RFC {rule.rfc}. "
        f"{rule.shows} *Why:* {rule.why} *The peer:* {rule.peer}\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8", newline="\n")
