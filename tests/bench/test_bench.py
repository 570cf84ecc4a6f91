"""The benchmark runs, on streams too short to say anything of speed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.decoders import DECODERS
from tests.bench.page import page
from tests.bench.tables import TSHARK, Table, broken
from tests.house.tree import ROOT


@pytest.mark.slow
def test_it_runs_and_tells_of_all_decoders() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--share", "0.005", "--rounds", "1"],
        capture_output=True, text=True, cwd=ROOT, timeout=300, check=False,
    )  # fmt: skip
    kept = "not kept" not in done.stderr
    assert done.returncode == (0 if kept else 1), done.stderr
    for name in DECODERS:
        assert f"| {name} " in done.stdout


def table(**rows: float | None) -> Table:
    names = {"scan": "ws101, scanned", "websockets": "websockets, sans-I/O", "tshark": TSHARK}
    return Table("", ["small"], {name: [rows.get(short)] for short, name in names.items()})


def test_a_promise_that_is_not_kept_is_told() -> None:
    assert broken(table(scan=15.0, websockets=2.0, tshark=None)) == []
    (slow,) = broken(table(scan=9.9, websockets=2.0, tshark=1.0))
    assert slow == "small: scanning is 9.9 times wsproto, and 10 was promised"
    (behind,) = broken(table(scan=12.0, websockets=2.0, tshark=12.5))
    assert behind == "small: tshark -T fields is ahead, 12.5 to 12.0"
    assert broken(table(scan=12.0, websockets=13.0, tshark=1.0)) != []


def test_the_page_is_made_of_the_tables() -> None:
    one = table(scan=15.04, websockets=2.0, tshark=None)
    text = page([one, one, one], "It loses none.")
    assert text.count("| ws101, scanned       |  15.0") == 1
    assert text.count("| ws101, scanned       | 15.04 |") == 2
    assert "It loses none." in text
