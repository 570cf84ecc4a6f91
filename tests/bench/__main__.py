"""How fast the inspector is, beside others, in one run.

    make bench                                     the tables
    .venv/bin/python -m tests.bench --write        and as docs/benchmarks.md
    .venv/bin/python -m tests.bench --share 0.1    a tenth of each stream

Exit code 1 if a promise does not hold: ten times wsproto's frames a second on each stream when
scanning, and ahead of websockets and of tshark.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.bench.page import PAGE, page
from tests.bench.tables import broken, decoding, reading, unmasking
from tests.needs import find


@click.command(help=__doc__)
@click.option("--share", default=1.0, help="Of each stream: 1 is all of it.")
@click.option("--rounds", default=5, help="Times that everything is run, in turn.")
@click.option("--write", is_flag=True, help=f"Write {PAGE.name}, too.")
def bench(share: float, rounds: int, write: bool) -> None:
    tshark = find("tshark")
    if tshark is None:
        print("tshark is not here, so it is not measured", file=sys.stderr)
    with TemporaryDirectory() as folder:
        decoders, lost = decoding(share, rounds, tshark, Path(folder))
        tables = [decoders, unmasking(rounds), reading(share, rounds, Path(folder))]
    print("\n\n".join(table.text() for table in tables), lost, sep="\n\n")
    words = broken(decoders)
    for each in words:
        print(f"not kept: {each}", file=sys.stderr)
    if write and not words:
        PAGE.write_text(page(tables, lost), "utf-8")
    sys.exit(1 if words else os.EX_OK)


if __name__ == "__main__":
    bench()
