"""Captures for the commands to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screen.specimens import SPECIMENS, capture


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return capture(tmp_path / "chat.pcapng", SPECIMENS["chat"])


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    return capture(tmp_path / "faults.pcapng", SPECIMENS["faults"])


@pytest.fixture
def several(tmp_path: Path) -> Path:
    return capture(tmp_path / "several.pcapng", SPECIMENS["several"])


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    return capture(tmp_path / "hostile.pcapng", SPECIMENS["hostile"])
