"""What reading a capture yields: a handful of small values, in the order of the capture.

Times are seconds since the epoch as the capture tells them: finite, but as wrong as the capture is.
`connection_id` counts TCP connections from 1, in order of their first packet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

type Address = tuple[str, int]
type Manner = Literal["fin", "rst"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A TCP connection appears: at its SYN, or, if that was not captured, at its first payload.

    `facts` is what the recorder knew beyond the bytes (url, tls, ...), unchecked: a stranger may
    have written it. `midstream`: no SYN was seen, so the streams may begin anywhere and which side
    is the client is a guess.
    """

    connection_id: int
    client: Address
    server: Address
    time: float
    facts: dict[str, Any] | None
    midstream: bool


class Data(NamedTuple):
    """The next bytes of one side's stream. A tuple, as there may be millions of them."""

    connection_id: int
    from_client: bool
    data: bytes
    time: float


@dataclass(frozen=True, slots=True)
class Noted:
    """The recorder says more of a connection, from this place on; unchecked, as `Opened.facts`."""

    connection_id: int
    from_client: bool
    facts: dict[str, Any]
    time: float


@dataclass(frozen=True, slots=True)
class Gap:
    """`size` bytes of one side's stream are not in the capture; what follows comes after them."""

    connection_id: int
    from_client: bool
    size: int
    time: float


@dataclass(frozen=True, slots=True)
class Ended:
    """One side ended its stream. A `rst` ends both, and may follow that side's own `fin`.

    `how` is None where the recorder knew that it ended, but not in which manner. `by_proxy`: the
    recording proxy went away, so neither peer is to blame.
    """

    connection_id: int
    from_client: bool
    how: Manner | None
    time: float
    by_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Nothing more will come of a connection whose end was never seen.

    Its ports were used anew, or so many are open that the longest silent one had to go.
    """

    connection_id: int
    time: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a finished capture says of itself (pcapng's Interface Statistics block)."""

    received: int | None = None
    dropped: int | None = None
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The recorder closed the capture (once an interface, so perhaps more than once)."""

    stats: Statistics


@dataclass(frozen=True, slots=True)
class Fault:
    """Reading ends here, at this byte of the file, for this reason; all before it was delivered.

    `cut`: the file ends inside a record, as it does when the writer was killed or is not done yet.
    """

    offset: int
    words: str
    cut: bool = False


type CaptureEvent = Opened | Data | Noted | Gap | Ended | Forgotten | Finished | Fault


@dataclass(slots=True)
class Counts:
    """What was read, and what was passed over: nothing is dropped in silence."""

    packets: int = 0
    not_tcp: int = 0
    fragments: int = 0
    malformed: int = 0
    snapped: int = 0
    unknown_links: dict[int, int] = field(default_factory=dict)
    stray: int = 0
    far_ahead: int = 0
    repeated_bytes: int = 0
    gaps: int = 0
    lost_bytes: int = 0
    forgotten: int = 0
    locked: int = 0
    """TLS connections that could not be decrypted, though keys were given."""
    orphans: int = 0
    heads_only: int = 0
    rebuilt: int = 0
    no_101: int = 0
    not_http_1: int = 0
    odd_messages: int = 0
    other_flows: int = 0

    def notes(self) -> list[str]:
        """What a reader should know before trusting the capture, a line each; often none."""
        lines = [
            f"{words}: {count}" for name, words in NOTES.items() if (count := getattr(self, name))
        ]
        lines += [
            f"packets of link type {link}, which is not one we read: {count}"
            for link, count in sorted(self.unknown_links.items())
        ]
        if self.gaps:
            lines.append(f"bytes missing in the capture: {self.lost_bytes}, gaps: {self.gaps}")
        return lines


NOTES = {
    "locked": "TLS connections for which there are no keys",
    "fragments": "IP fragments passed over",
    "malformed": "packets with broken headers passed over",
    "snapped": "packets cut short by the capture's snap length (record again without one)",
    "far_ahead": "segments far outside any TCP window passed over",
    "forgotten": "silent connections let go without an end",
    "orphans": "lines about connections that no line before them opened, passed over",
    "rebuilt": (
        "WebSockets rebuilt from messages (frames, masks, control frames, compression and ends are "
        "not in the file)"
    ),
    "no_101": "WebSockets without a 101, whose messages can't be shown",
    "not_http_1": "entries of HTTP/2, HTTP/3 or no HTTP passed over",
    "other_flows": "flows that are neither HTTP nor TCP passed over",
    "odd_messages": "messages of no known direction or kind passed over",
    "heads_only": "plain HTTP exchanges of which only the heads are known",
}
"""Which counts deserve words; the others are what any healthy capture has."""
