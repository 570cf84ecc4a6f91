"""requirements.txt is the whole truth about what gets installed: exact, hashed, from anywhere."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

TEXT = (ROOT / "requirements.txt").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def locked() -> dict[str, tuple[Requirement, list[str]]]:
    """Return every locked package: its requirement and its hashes."""
    packages = {}
    logical_lines = TEXT.replace("\\\n", " ").splitlines()
    for line in logical_lines:
        if line and not line.lstrip().startswith("#"):
            text, *hashes = re.split(r"\s+--hash=", line.split(" #")[0].strip())
            requirement = Requirement(text)
            packages[canonicalize_name(requirement.name)] = (requirement, hashes)
    return packages


def test_every_package_is_pinned_and_hashed() -> None:
    packages = locked()
    assert len(packages) > 20
    for requirement, hashes in packages.values():
        assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


def test_it_names_no_place() -> None:
    """No index, no link, no folder: it installs the same from wherever packages come from."""
    for line in TEXT.splitlines():
        assert not re.search(r"://|file:|@ ", line), line
        assert not re.match(r"\s*-(?!-hash=)", line), line
        assert not re.search(r"(?:^|[\s=])[./~]*/", line), line


def test_it_satisfies_the_project() -> None:
    """Every direct dependency is locked, at a version that pyproject.toml admits."""
    packages = locked()
    wanted = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]
    for text in wanted:
        requirement = Requirement(text)
        assert canonicalize_name(requirement.name) in packages, text
        pinned, _ = packages[canonicalize_name(requirement.name)]
        version = str(pinned.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{text} but {pinned}"


def test_there_is_one_lock() -> None:
    others = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
    assert [name for name in others if (ROOT / name).exists()] == []
