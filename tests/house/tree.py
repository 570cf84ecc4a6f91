"""The checkout as the house tests see it: its files, its modules and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("inspector", "addons", "lessons")
FOLDERS = (*PACKAGES, "tests", "docs", ".ci")


def files(*suffixes: str, under: tuple[str, ...] = FOLDERS) -> list[Path]:
    """Return the files of these folders, of these suffixes (any, without one), sorted."""
    return sorted(
        path
        for folder in under
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and (not suffixes or path.suffix in suffixes)
    )


def name(path: Path) -> str:
    """Return a file's name as messages give it: relative to the checkout, with slashes."""
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    """Return the dotted name of a source file: `inspector.core`, `inspector.core.frame`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(dotted: str) -> bool:
    """Tell whether a dotted name is a module or package of this checkout."""
    path = ROOT.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports(source: str, importer: str, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of each import in a source text, wherever it stands.

    Relative imports are resolved against `importer`; `from package import module` counts as an
    import of `package.module`.
    """
    package = importer if is_package else importer.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield node.lineno, inner if is_module(inner) else base


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of each import in a source file of this checkout."""
    source = path.read_text("utf-8")
    yield from imports(source, module(path), is_package=path.name == "__init__.py")


def within(dotted: str, *packages: str) -> bool:
    """Tell whether a module is one of these packages or lies inside one."""
    return any(dotted == package or dotted.startswith(package + ".") for package in packages)
