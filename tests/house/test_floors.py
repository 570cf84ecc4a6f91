"""Imports point down only.

    lessons > addons > inspector, and inside it
    commands > screen > compare, filter > files, payloads > core

Whoever reads a floor needs to know the floors below it and nothing else; the core, which knows the
RFCs, needs nothing but the standard library and no part of it that touches the world.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import PACKAGES, ROOT, files, imports, imports_of, is_module, name, within


@dataclass(frozen=True, slots=True)
class Floor:
    """What a part of the tree may import, the standard library aside."""

    part: str
    ours: tuple[str, ...]
    theirs: frozenset[str] | None = frozenset()  # None: whatever the project depends on


# The first that a file lies in is its floor.
FLOORS = (
    # One C routine, where it is installed; masking.py has the same in pure Python.
    Floor("inspector/core/masking.py", ("inspector.core",), frozenset({"websockets"})),
    Floor("inspector/core", ("inspector.core",)),
    Floor("inspector/payloads", ("inspector.core", "inspector.payloads"), frozenset({"msgpack"})),
    # mitmproxy's own files are read and written by its own code.
    Floor(
        "inspector/files/flow.py", ("inspector.core", "inspector.files"), frozenset({"mitmproxy"})
    ),
    Floor("inspector/files", ("inspector.core", "inspector.files")),
    Floor("inspector/compare", ("inspector.core", "inspector.files", "inspector.compare")),
    Floor(
        "inspector/filter",
        ("inspector.core", "inspector.files", "inspector.filter"),
        frozenset({"lark"}),
    ),
    Floor(
        "inspector/screen",
        tuple(f"inspector.{room}" for room in ("core", "files", "payloads", "compare", "screen")),
        frozenset({"rich"}),
    ),
    Floor("inspector", ("inspector",), frozenset({"click", "flask", "platformdirs", "rich"})),
    Floor(
        "addons",
        ("inspector", "addons"),
        frozenset({"OpenSSL", "click", "mitmproxy", "platformdirs", "rich"}),
    ),
    Floor("lessons", ("inspector", "addons", "lessons"), None),
)

# Parts of the standard library that know of files, sockets, clocks, processes or chance.
WORLD = (
    "asyncio",
    "datetime",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
)
WORLDLY_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def floor_of(path: Path) -> Floor:
    return next(floor for floor in FLOORS if path.is_relative_to(ROOT / floor.part))


def is_ours(dotted: str) -> bool:
    return within(dotted, *PACKAGES, "tests")


def is_standard(dotted: str) -> bool:
    return dotted.partition(".")[0] in sys.stdlib_module_names


def allowed(floor: Floor, dotted: str) -> bool:
    if is_standard(dotted):
        return True
    if is_ours(dotted):
        # The bare package holds the version and no code; any floor of it may ask for that.
        return dotted == "inspector" or within(dotted, *floor.ours)
    return floor.theirs is None or dotted.partition(".")[0] in floor.theirs


def test_imports_point_down() -> None:
    sources = files(".py", under=PACKAGES)
    assert any(name(path).startswith("inspector/core/") for path in sources)
    offenders = [
        f"{name(path)}:{line} imports {dotted}"
        for path in sources
        for line, dotted in imports_of(path)
        if not allowed(floor_of(path), dotted)
    ]
    assert offenders == []


def test_the_core_knows_nothing_of_the_world() -> None:
    offenders = []
    for path in files(".py", under=("inspector/core",)):
        offenders += [
            f"{name(path)}:{line} imports {dotted}"
            for line, dotted in imports_of(path)
            if within(dotted, *WORLD)
        ]
        offenders += [
            f"{name(path)}:{node.lineno} calls {node.func.id}"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in WORLDLY_CALLS
        ]
    assert offenders == []


def test_the_package_inspector_imports_nothing() -> None:
    assert list(imports_of(ROOT / "inspector" / "__init__.py")) == []


def test_what_a_learner_writes_needs_only_python_and_the_inspector() -> None:
    answers = [
        path
        for path in files(".py", under=("lessons",))
        if re.fullmatch(r"lessons/\d\d_\w+/(exercise|solution|wrong/\w+)\.py", name(path))
    ]
    assert answers
    offenders = [
        f"{name(path)}:{line} imports {dotted}"
        for path in answers
        for line, dotted in imports_of(path)
        if not is_standard(dotted) and not within(dotted, "inspector")
    ]
    assert offenders == []


def test_every_package_imported_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    def names(requirements: list[str]) -> set[str]:
        return {canonicalize_name(Requirement(text).name) for text in requirements}

    runtime = names(project["project"]["dependencies"])
    development = names(project["dependency-groups"]["dev"])
    distributions = packages_distributions()
    offenders = set()
    for path in files(".py", under=(*PACKAGES, "tests")):
        is_test = path.is_relative_to(ROOT / "tests")
        declared = runtime | development if is_test else runtime
        for line, dotted in imports_of(path):
            if is_standard(dotted) or is_ours(dotted) or (path.parent / f"{dotted}.py").exists():
                continue
            package = dotted.partition(".")[0]
            brought_by = map(canonicalize_name, distributions.get(package, [package]))
            if declared.isdisjoint(brought_by):
                offenders.add(f"{name(path)}:{line} imports {package}")
    assert sorted(offenders) == []


def test_this_test_can_see() -> None:
    """The reader of imports finds them where they hide, and resolves what is relative."""
    source = """
from __future__ import annotations
from . import words
from ..files import pcapng
from inspector import commands, __version__
def later():
    import mitmproxy.http
"""
    found = [dotted for _, dotted in imports(source, "inspector.core.frame")]
    # `words` need not exist here; a name that is no module counts as its package.
    assert found[0] == "__future__"
    assert found[1] in {"inspector.core", "inspector.core.words"}
    assert within(found[2], "inspector.files")
    assert found[3:] == ["inspector.commands", "inspector", "mitmproxy.http"]
    assert is_module("inspector.core")
    core = FLOORS[0]
    assert [allowed(core, dotted) for dotted in found[2:]] == [False, False, True, False]
    assert [dotted for _, dotted in imports("from . import x", "inspector.files", True)] == [
        "inspector.files"
    ]
