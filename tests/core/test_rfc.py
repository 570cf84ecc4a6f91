"""The tables agree with themselves."""

from __future__ import annotations

import pytest

from inspector.core.rfc import CLOSE_CODES, OPCODES, PEER, SIDES, close_code_words


def test_every_opcode_has_its_row() -> None:
    assert sorted(OPCODES) == list(range(16))
    assert all(opcode.number == number for number, opcode in OPCODES.items())
    assert len({opcode.name for opcode in OPCODES.values()}) == 16
    assert [number for number in OPCODES if OPCODES[number].is_control] == list(range(8, 16))
    known = [number for number in range(16) if not OPCODES[number].is_reserved]
    assert known == [0, 1, 2, 8, 9, 10]


def test_which_codes_no_frame_may_carry() -> None:
    assert [code for code, row in CLOSE_CODES.items() if not row.on_wire] == [1005, 1006, 1015]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "not used"),
        (999, "not used"),
        (1000, "normal closure"),
        (1004, "reserved, not registered"),
        (1014, "bad gateway"),
        (2999, "reserved, not registered"),
        (3000, "registered by libraries and frameworks"),
        (3999, "registered by libraries and frameworks"),
        (4000, "private use"),
        (4999, "private use"),
        (5000, "out of range"),
        (65535, "out of range"),
    ],
)
def test_close_codes_in_words(code: int, words: str) -> None:
    assert close_code_words(code) == words


def test_two_sides() -> None:
    assert [PEER[side] for side in SIDES] == ["server", "client"]
