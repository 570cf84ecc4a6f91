"""The wheel, built and installed where no checkout can help it, carries all it needs and runs."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from inspector import __version__
from tests.house.tree import PACKAGES, ROOT, files, name

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user's shell would, with nothing of this test run about it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, cwd=ROOT
    )
    assert build.returncode == 0, build.stdout + build.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def clean_venv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment that holds the wheel, and borrows only ws101's dependencies from ours.

    The borrowed folders come in by a .pth file: those in them (such as one that points at this
    checkout) are not read a second time.
    """
    home = tmp_path_factory.mktemp("clean")
    made = run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    assert made.returncode == 0, made.stderr
    python = home / "bin" / "python"
    installed = run(
        sys.executable, "-m", "pip", "--isolated", "--python", python, "install", "--quiet",
        "--no-deps", "--no-index", "--disable-pip-version-check", wheel, cwd=home,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    (site,) = home.glob("lib/python3*/site-packages")
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return home


def test_it_carries_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {entry for entry in archive.namelist() if ".dist-info/" not in entry}
        told = [entry for entry in archive.namelist() if ".dist-info/" in entry]
    assert carried == {name(path) for path in files(under=PACKAGES)}
    assert any(entry.endswith("licenses/LICENSE") for entry in told)
    assert {"inspector/py.typed", "addons/py.typed"} <= carried


def test_its_code_is_its_own(clean_venv: Path, tmp_path: Path) -> None:
    asked = "import inspector, addons, lessons\n"
    asked += "print(*(m.__path__[0] for m in (inspector, addons, lessons)), sep='\\n')"
    answer = run(clean_venv / "bin" / "python", "-c", asked, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    for line in answer.stdout.splitlines():
        assert Path(line).is_relative_to(clean_venv)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--version",), __version__),
        (("--help",), "learn"),
        (("explain", "818537fa213d7f9f4d5158"), "48 65 6c 6c 6f"),
        (("course", "verify", "--help"), "verify"),
    ],
)
def test_it_runs(clean_venv: Path, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    answer = run(clean_venv / "bin" / "ws101", *arguments, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert words in answer.stdout
    assert answer.stderr == ""


def test_it_shows_mitmdump_where_the_addon_is(clean_venv: Path, tmp_path: Path) -> None:
    answer = run(clean_venv / "bin" / "ws101", "addon", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    addon = Path(answer.stdout.removesuffix("\n"))
    assert addon.is_file()
    assert addon.is_relative_to(clean_venv)
