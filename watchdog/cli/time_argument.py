"""The moment meant by `03:12`, `2026-11-25 03:12` or an ISO time. Pure: the caller passes `now`."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EXAMPLES = "write 03:12 or '2026-11-25 03:12' (your zone), 2026-11-25T03:12:00Z or '03:12 Europe/Berlin'"
LETTERS_MAX = 100
"""Longest text of a moment with its zone: longer names are no zones, and make the lookup of a zone's file fail."""
_MOMENT = re.compile(
    r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}:\d{2}(?::\d{2})?)\s*(Z|[+-]\d{2}:?\d{2}|[A-Za-z_]+(?:/[A-Za-z_+-]+)*)?"
)


def parse_moment(text: str, now: float, tz: tzinfo = UTC) -> float:
    """Return UTC epoch seconds of a moment in the past; a time without a date is the latest such time before `now`.

    A time without a zone is in `tz`.

    Raises ValueError with examples for any other text, and for a time in the future.
    """
    match = _MOMENT.fullmatch(text.strip()) if len(text) <= LETTERS_MAX else None
    if match is None:
        raise ValueError(f"not a time: {EXAMPLES}")
    day, time, zone_name = match.groups()
    try:
        zone = _zone(zone_name, tz)
        # Today is the date in that zone: late in the evening in UTC it is tomorrow in Berlin.
        today = datetime.fromtimestamp(now, zone).date()
        # A day of the calendar, not 24 hours: the two differ on the day of a clock change.
        days = [date.fromisoformat(day)] if day else [today, today - timedelta(days=1)]
        # In the night in which clocks are set back, an hour comes twice: its second time is `fold` 1.
        found = [_at(one, time, zone, fold) for one in days for fold in (0, 1)]
        at = max((one for one in found if one <= now), default=found[0])
    # A name that is a folder of zones, such as `Europe`, may raise OSError.
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"unknown time zone: {EXAMPLES}") from None
    except ValueError:
        raise ValueError(f"no such date or time: {EXAMPLES}") from None
    if at > now:
        raise ValueError("that moment has not come yet: give a time in the past")
    return at


def _at(day: date, time: str, zone: tzinfo, fold: int) -> float:
    hours, minutes, seconds = [*map(int, time.split(":")), 0][:3]
    return datetime(day.year, day.month, day.day, hours, minutes, seconds, tzinfo=zone, fold=fold).timestamp()


def _zone(name: str | None, default: tzinfo) -> tzinfo:
    if name is None:
        return default
    if name.upper() in ("Z", "UTC"):
        return UTC
    if name[0] in "+-":
        # The colon may be missing: the first two digits are hours, the last two minutes.
        minutes = int(name[1:3]) * 60 + int(name[-2:])
        return timezone(timedelta(minutes=minutes if name[0] == "+" else -minutes))
    return ZoneInfo(name)
