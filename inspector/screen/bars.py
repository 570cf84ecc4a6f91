"""Bars, drawn to an eighth of a cell. A bar only repeats the number that stands beside it."""

from typing import Final

EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def bar(value: float, most: float, cells: int) -> str:
    """A bar of at most `cells` cells for a value out of `most`; what is not 0 is never empty."""
    if value <= 0 or most <= 0 or cells <= 0:
        return ""
    eighths = max(1, round(min(value / most, 1.0) * cells * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + EIGHTHS[rest].strip()


def percent(part: float, whole: float) -> str:
    """`12.5 %`; a dash where there is nothing to compare with."""
    return f"{part / whole:.1%}".replace("%", " %") if whole else "-"
