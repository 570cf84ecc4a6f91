"""What an exercise may import: the standard library, and what lies beside it.

Somebody else's answer, imported, proves that somebody else knew it. A lesson whose exercise needs
more names that in its `test_exercise.py`: `MAY_IMPORT = ("redis",)`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from lessons.course.expect import Mismatch, Miss


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The modules that a file imports, each with its line."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def by_hand(path: Path, may_import: tuple[str, ...] = ()) -> None:
    """Raise `Mismatch` at the first import of a file that is not for it."""
    for line, name in imported(path):
        top = name.partition(".")[0]
        beside = path.with_name(f"{top}.py").exists() or path.with_name(top).is_dir()
        if top not in sys.stdlib_module_names and top not in may_import and not beside:
            raise Mismatch(
                Miss(
                    where=f"exercise.py, line {line}: import",
                    expected="modules of the standard library",
                    got=name,
                    words=f"{name} may know the answer already: write it yourself",
                    tag="imported",
                )
            )
