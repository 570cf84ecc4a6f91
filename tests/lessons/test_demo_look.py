"""The colours of the demo's pages, measured: contrast as WCAG 2.2 asks, in both schemes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lessons.demo

CSS = Path(lessons.demo.__file__).parent / "static" / "css"
COLOUR = re.compile(r"(--[\w-]+):\s*(#[0-9a-f]{6});")

TEXT, MARK = 4.5, 3.0  # WCAG 2.2, 1.4.3 (AA) and 1.4.11
GROUNDS = ("--paper", "--surface", "--sunken")
PAIRS = [
    *[(name, ground, TEXT) for name in ("--ink", "--muted", "--out", "--in") for ground in GROUNDS],
    ("--bad", "--sunken", TEXT),
    ("--out", "--out-tint", TEXT),
    ("--in", "--in-tint", TEXT),
    ("--on-strong", "--out", TEXT),
    *[("--focus", ground, MARK) for ground in GROUNDS],
    *[("--edge", ground, MARK) for ground in GROUNDS],
    *[(f"--pen-{pen}", ground, MARK) for pen in range(6) for ground in ("--paper", "--surface")],
]


def schemes() -> dict[str, dict[str, str]]:
    sheet = (CSS / "ws101.css").read_text(encoding="utf-8")
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    found = dict(COLOUR.findall(light))
    return {"light": found, "dark": found | dict(COLOUR.findall(dark))}


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_contrast(scheme: str, front: str, ground: str, least: float) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[ground]) >= least


def test_measure() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("sheet", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text
    assert (
        not set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text))
        - set(re.findall(r"--[\w-]+:\s*(#[0-9a-f]{6});", text))
        - {"#000", "#0000"}
    )  # colours have names; the two are a mask's
