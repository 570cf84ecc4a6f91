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


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def stretch(time: float) -> str:
    """A time of any length in two units at most: `7.0 s`, `2 min 5 s`, `3 h 4 min`."""
    if time < 60:
        return f"{time:.1f} s" if time < 10 else f"{time:.0f} s"
    smaller, small = 1, "s"
    for seconds_in, unit in reversed(_UNITS):
        if time >= seconds_in:
            large, rest = divmod(int(time), seconds_in)
            told = f"{large:,} {unit} {rest // smaller} {small}"
            smaller, small = seconds_in, unit
    return told


def stride(time: float) -> str:
    """A lapse since the line before, in seven cells: ` +12 ms`, `+1.20 s`, ` +2 min`."""
    sign, size = "-" if time < 0 else "+", abs(time)
    if size < 0.00995:
        text = f"{size * 1000:.1f} ms"
    elif size < 0.9995:
        text = f"{size * 1000:.0f} ms"
    elif size < 59.95:
        text = f"{size:.2f} s" if size < 9.995 else f"{size:.1f} s"
    else:
        amount, unit = next((size / each, unit) for each, unit in _UNITS if size >= each - 0.05)
        text = f"{amount:.0f} {unit}" if amount < 999 else "ages"
    return f"{sign}{text}".rjust(7)


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
