"""One target under atheris, in a process of its own: `python -m tests.fuzz.worker TARGET ...`.

What follows the target is libFuzzer's. Only the inspector is instrumented, so that a new path is
a path of ours.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["inspector"]):
    from tests.fuzz.corpus import load

    target = load(sys.argv[1])

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.check)
    atheris.Fuzz()
