"""Every seed and every input that once failed, given to its target: no fault, atheris or not."""

from __future__ import annotations

import pytest

from tests.fuzz.corpus import NAMES, kept, load

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_keeps_what_the_target_asserts(name: str) -> None:
    target = load(name)
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        target.check(seed)
    for path in kept(name):
        target.check(path.read_bytes())
