"""Weekly times as people write them: hours (`Mon-Fri 09:00-18:00 Europe/Berlin`), a moment (`Mon 09:00 Europe/Berlin`),
and the begin of weekly turns.
"""

import re
from datetime import date

from watchdog.adapters.options import zone_named
from watchdog.domain.policy import Digest, Moment, Weekly, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = "always"
_HOURS = re.compile(r"([A-Za-z,-]+) +(\d\d):(\d\d)-(\d\d):(\d\d) +([A-Za-z][\w/+-]{0,60})")
_TURN = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d):(\d\d) +([A-Za-z][\w/+-]{0,60})")
_MOMENT = re.compile(r"([A-Za-z]+) +(\d\d):(\d\d) +([A-Za-z][\w/+-]{0,60})")
MINUTES_OF_A_DAY = 24 * 60


def parse_weekly(text: str) -> Weekly:
    """Return the hours. Raises ValueError with the form to write."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError("not hours: write Mon-Fri 09:00-18:00 Europe/Berlin")
    begins, ends = (int(match[hour]) * 60 + int(match[hour + 1]) for hour in (2, 4))
    minutes_right = int(match[3]) < 60 and int(match[5]) < 60
    # An end before the begin is a night shift; equal times could mean all day or never.
    if not minutes_right or begins >= MINUTES_OF_A_DAY or ends > MINUTES_OF_A_DAY or begins == ends:
        raise ValueError("not a time of day from and to: write 09:00-18:00, or 00:00-24:00")
    return Weekly(_days(match[1]), begins, ends, zone_named(match[6]))


def parse_turn(text: str) -> tuple[int, int, str]:
    """Return the day (a proleptic ordinal), the minute of it and the zone. Raises ValueError with the form to write."""
    match = _TURN.fullmatch(text.strip())
    try:
        day = date.fromisoformat(match[1]).toordinal() if match else None
    except ValueError:
        day = None
    if match is None or day is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError("not the begin of a first week: write 2026-11-23 09:00 Europe/Berlin")
    return day, int(match[2]) * 60 + int(match[3]), zone_named(match[4])


def parse_moment(text: str) -> Moment:
    """Return the moment. Raises ValueError with the form to write."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None or match[1].lower() not in DAYS:
        raise ValueError("not a moment of the week: write Mon 09:00 Europe/Berlin")
    minute = int(match[2]) * 60 + int(match[3])
    if int(match[3]) >= 60 or minute >= MINUTES_OF_A_DAY:
        raise ValueError("not a time of day: write 09:00, from 00:00 to 23:59")
    return Moment(DAYS.index(match[1].lower()), minute, zone_named(match[4]))


def show_moment(moment: Moment) -> str:
    """Return the moment as people write it."""
    return f"{DAYS[moment.day].capitalize()} {moment.minute // 60:02d}:{moment.minute % 60:02d} {moment.zone}"


def _days(text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError("not days: write Mon, Mon-Fri or Sat,Sun")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        # `Sat-Mon` runs over the end of the week.
        days.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return tuple(sorted(days))


def show_weekly(weekly: Weekly) -> str:
    """Return the hours as people write them, every day by name."""
    days = ",".join(DAYS[day].capitalize() for day in weekly.days)
    begins, ends = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (weekly.begins_minute, weekly.ends_minute))
    return f"{days} {begins}-{ends} {weekly.zone}"


def show_window(window: Window) -> str:
    """Return a window with its hours."""
    return f"{window.name} ({show_weekly(window.hours)})"


def show_digest(digest: Digest) -> str:
    """Return the moment of the weekly digest, and its channels."""
    return f"{show_moment(digest.every)}, to {', '.join(digest.channels)}"
