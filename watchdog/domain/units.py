"""Quantities as people write them: `45s`, `800ms`, `5m`, `1MiB`, `20/min`. Pure parsing."""

import re
from datetime import UTC, datetime

DAY_SECONDS = 86400.0
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY_SECONDS}
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
UNIT_WORDS = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("msec", "millis", "milliseconds"), "ms"),
}
"""Other spellings of the units of time."""
BYTE_WORDS = {"K": "KiB", "KB": "KiB", "M": "MiB", "MB": "MiB", "G": "GiB", "GB": "GiB"}
# A day less than the calendar on both sides: every time zone then shows the moment within the years 1 to 9999.
TIME_MIN, TIME_MAX = (at.timestamp() for at in (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)))
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
LETTERS_MAX = 100
"""The most characters of a quantity: the search for several in one text takes the square of its length."""
SHOWN_MAX = 1e15
"""A larger number is not quoted in an error: Python cannot convert every integer to a float."""


def parse_duration(text: object) -> float:
    """Return seconds of `800ms`, `45s`, `5m`, `1h30m`, `30d`.

    Raises ValueError, with the correct spelling, for a bare number or an unknown unit.
    """
    written = _written(text)
    number = text if isinstance(text, int | float) and not isinstance(text, bool) else _bare(written.strip())
    # No unit is assumed: seconds and milliseconds differ by a silent factor of 1000.
    if number is not None:
        shown = f"{number:g}" if abs(number) < SHOWN_MAX else "45"
        raise ValueError(f"a duration needs a unit: write {shown}s, {shown}ms or {shown}m")
    parts = _QUANTITY.findall(written[:LETTERS_MAX])
    if parts and all(unit in SECONDS or unit.lower() in UNIT_WORDS for _, unit in parts) and not _is_written(parts):
        shown = "".join(f"{number}{UNIT_WORDS.get(unit.lower(), unit)}" for number, unit in parts)
        raise ValueError(f"not a unit of time (ms, s, m, h, d): write {shown}")
    rest = _QUANTITY.sub("", written[:LETTERS_MAX]).strip() or written[LETTERS_MAX:]
    if not parts or rest or any(unit not in SECONDS for _, unit in parts):
        raise ValueError("not a duration: write a number and a unit (ms, s, m, h, d), as in 800ms, 45s or 1h30m")
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def _bare(text: str) -> float | None:
    """Return the number in a text without a unit, or None."""
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else None


def _is_written(parts: list[tuple[str, str]]) -> bool:
    return all(unit in SECONDS for _, unit in parts)


def _written(value: object) -> str:
    """Return a text unchanged, and "" for any other value, such as nested lists."""
    return value if isinstance(value, str) else ""


def parse_time(value: object) -> float | None:
    """Return UTC epoch seconds of an ISO 8601 moment (any offset, any number of decimals), or None.

    A moment outside the calendar of some zone is None: the value is later written in other zones.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return at if is_in_calendar(at) else None


def is_in_calendar(at: float) -> bool:
    """Return whether a moment (UTC epoch seconds) can be shown in every zone: the years 1 to 9999, less a day."""
    return TIME_MIN <= at <= TIME_MAX


def parse_size(text: object) -> int:
    """Return bytes of `512KiB`, `1MiB`. Raises ValueError, with the correct spelling."""
    match = _QUANTITY.fullmatch(_written(text).strip())
    if match is not None and match[2].upper() in BYTE_WORDS and len(match[1]) <= LETTERS_MAX:
        raise ValueError(f"not a unit of size (B, KiB, MiB, GiB): write {match[1]}{BYTE_WORDS[match[2].upper()]}")
    if match is None or match[2] not in BYTES or len(match[1]) > LETTERS_MAX:
        raise ValueError("not a size: write a number and a unit (B, KiB, MiB, GiB), as in 512KiB")
    return int(float(match[1]) * BYTES[match[2]])


def parse_rate(text: object) -> float:
    """Return events per minute of `20/min` or `2/s`. Raises ValueError, with the correct spelling."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*/\s*(s|min|h)", _written(text).strip())
    if match is None:
        raise ValueError("not a rate: write a number per unit of time, as in 20/min")
    return float(match[1]) * {"s": 60.0, "min": 1.0, "h": 1 / 60}[match[2]]


def show_bytes(size: float) -> str:
    """Return a size for people: `512 B`, `3.4 MiB`, `120 MiB`."""
    unit = "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"


def show_seconds(seconds: float) -> str:
    """Return a duration for people: `0.8 s`, `38 s`, `5 min`, `3 h 12 min`, `3 d 4 h`."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds // DAY_SECONDS:.0f} d {seconds % DAY_SECONDS // 3600:.0f} h"
