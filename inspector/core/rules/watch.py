"""Which rules have to look at a frame.

Most rules about frames rest on the first two bytes alone (and on what was agreed): the opcode, the
bits, whether there is a mask. Real traffic has few such pairs of bytes, and nearly all keep the
rules. So each pair is judged once, when it is first seen, and the rules that had nothing to say of
it are not asked again.
"""

from typing import Final, NamedTuple

from inspector.core.frames import Frame
from inspector.core.rfc import Side
from inspector.core.rules.framing import FrameRule, rules_for
from inspector.core.seen import Seen

MAX_PAIRS: Final = 4_096
"""Pairs of bytes remembered for one kind of agreement; lawful text frames need 126 a side."""


class Due(NamedTuple):
    """The rules to be asked: those that read the header, and those that read the payload, too."""

    header: list[FrameRule]
    payload: list[FrameRule]


type _Pairs = dict[tuple[Side, bytes], Due]

_PAIRS: Final[dict[tuple[bool | None, bool, bool], _Pairs]] = {}
"""What is known of pairs of bytes, by all of an agreement that rules on bits may ask for."""


class Watch:
    """The rules for the frames of one connection."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        agreed = seen.agreement
        bits = agreed.compresses, agreed.deflate is not None, agreed.has_unknown
        self._pairs = _PAIRS.setdefault(bits, {})

    def due(self, frame: Frame) -> Due:
        """The rules that may have something to say of a frame whose header is all there."""
        pair = frame.side, frame.header[:2]
        return self._pairs.get(pair) or self._judge(pair, frame)

    def _judge(self, pair: tuple[Side, bytes], frame: Frame) -> Due:
        rules = rules_for(frame.side, frame.opcode, False)
        if frame.length_bits == 7:
            rules = [each for each in rules if not each.bits or each.check(frame, self._seen)]
        if len(self._pairs) >= MAX_PAIRS:
            self._pairs.clear()
        due = self._pairs[pair] = Due(rules, rules_for(frame.side, frame.opcode, True))
        return due
