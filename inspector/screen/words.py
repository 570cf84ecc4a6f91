"""Small things said the same way everywhere: counts, times, bytes, text in quotes."""

from datetime import UTC, datetime, timedelta
from math import isfinite

from inspector.core.safe import safe_bytes
from inspector.screen.lines import ELLIPSIS, fit


def count(number: int, word: str, words: str | None = None) -> str:
    """`1 byte`, `2 bytes`, `1,234 bytes`."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def some(numbers: tuple[int, ...], most: int = 4) -> str:
    """`4, 6, 9`; a long row is told by its ends."""
    if len(numbers) <= most:
        return ", ".join(map(str, numbers))
    return f"{numbers[0]} to {numbers[-1]}"


def seconds(time: float) -> str:
    """Seconds with three decimals, in eight columns as long as that is enough."""
    return f"{time:8.3f}" if isfinite(time) and abs(time) < 1e9 else "       ?"


def lapse(time: float) -> str:
    """A short time in a unit that suits it: `0.4 ms`, `1.25 s`."""
    return f"{time * 1000:.1f} ms" if abs(time) < 1 else f"{time:.2f} s"


def moment(time: float) -> str:
    """A time of day in UTC, of seconds since the epoch; the bare number where no calendar goes."""
    try:
        then = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)
    except (OverflowError, ValueError):
        return f"at {time:g} seconds"
    return f"{then:%Y-%m-%d %H:%M:%S}.{then.microsecond // 1000:03d} UTC"


def hexed(data: bytes, cells: int) -> str:
    """Bytes as `81 85 37`, cut to a width with an ellipsis."""
    fitting = (cells + 1) // 3
    if len(data) <= fitting:
        return data.hex(" ")
    return f"{data[: max(0, (cells - 1) // 3)].hex(' ')} {ELLIPSIS}".strip()


def quoted(data: bytes | str, cells: int) -> str:
    """Text in quotes, cut to a width; bytes that are no UTF-8 stand in it as `\\xNN`."""
    text = safe_bytes(data[: cells * 4 + 4]) if isinstance(data, bytes) else data
    whole = fit(text, cells - 2)
    return f'"{whole}"'
