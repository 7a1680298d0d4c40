"""Schedules: whether a weekly period is in force in its own time zone, when it begins next, and when a moment last was.

The zone's own summer time applies: an hour that comes twice counts twice, and a skipped hour does not come. A moment
comes once a week: of two the first counts, and for a skipped one the time that the clock shows instead.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchdog.domain.policy import Moment, Rotation, Step, Weekly

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TWO_WEEKS_DAYS = 15
"""Every weekly period begins within these days, also where the clocks skip its begin once."""


def within(weekly: Weekly, at: float) -> bool:
    """Return whether a moment (UTC epoch seconds) is within this period; its end is excluded."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if weekly.begins_minute < weekly.ends_minute:
        return day in weekly.days and weekly.begins_minute <= minute < weekly.ends_minute
    # A period past midnight: the part after midnight belongs to the day before.
    began_today = day in weekly.days and minute >= weekly.begins_minute
    return began_today or ((day - 1) % 7 in weekly.days and minute < weekly.ends_minute)


def whose(step: Step, at: float) -> Step:
    """Return the step as it is at a moment: of a rotation the member whose week it is, with the rotation's delay."""
    if step.rotation is None:
        return step
    one = step.rotation.of[_week(step.rotation, at) % len(step.rotation.of)]
    return replace(one, name=f"{one.name} ({step.name})", after_seconds=step.after_seconds)


def _week(rotation: Rotation, at: float) -> int:
    """Return the number of whole weeks since the rotation began; its handover is always at the same local hour."""
    local = datetime.fromtimestamp(at, ZoneInfo(rotation.zone))
    days = local.toordinal() - rotation.first_day
    # Until the minute of the handover the day still belongs to the previous member.
    return (days if local.hour * 60 + local.minute >= rotation.minute else days - 1) // 7


def latest(moment: Moment, at: float) -> float:
    """Return the last such moment, at `at` or before (both UTC epoch seconds)."""
    zone = ZoneInfo(moment.zone)
    local = datetime.fromtimestamp(at, zone)
    day = local.date() - timedelta(days=(local.weekday() - moment.day) % 7)
    of_day = time(moment.minute // 60, moment.minute % 60)
    # Of a moment that comes twice, when the clocks are set back, this is the first (`fold` 0).
    found = datetime.combine(day, of_day, zone).timestamp()
    return found if found <= at else datetime.combine(day - timedelta(days=7), of_day, zone).timestamp()


def date_of(at: float, zone: str) -> str:
    """Return the date of a moment (UTC epoch seconds) in a zone: `2027-01-11`."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).date().isoformat()


def next_beginning(weekly: Weekly, at: float) -> float:
    """Return when this period begins next after a moment (UTC epoch seconds); in an hour that comes twice, it does so
    twice. Where the clocks skip its begin, it begins with the first minute that they show of it, if any.
    """
    today = datetime.fromtimestamp(at, ZoneInfo(weekly.zone)).date()
    days = (today + timedelta(days=number) for number in range(TWO_WEEKS_DAYS))
    begins = (moment for day in days for moment in _begins_on(day, weekly))
    return next(moment for moment in begins if moment > at and _begun(weekly, moment))


def _begins_on(day: date, weekly: Weekly) -> Iterable[float]:
    """Return the moments of a day at which the clocks may show its begin, in order."""
    local = datetime.combine(day, time(*divmod(weekly.begins_minute, 60)), ZoneInfo(weekly.zone))
    first, second = local.timestamp(), local.replace(fold=1).timestamp()
    # `fold` 1 is the earlier one for a time that the clocks skip, and the later one for a time that comes twice.
    minutes = int(first - second) // 60
    return (first, second) if minutes <= 0 else (second + 60.0 * number for number in range(minutes + 1))


def _begun(weekly: Weekly, at: float) -> bool:
    """Return whether the period that begins on the day of a moment has begun by then, and is not over."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    begun = local.hour * 60 + local.minute >= weekly.begins_minute
    return begun and local.weekday() in weekly.days and within(weekly, at)


def show(weekly: Weekly, at: float) -> str:
    """Return a moment in the time zone of the period: `Sun 02:00 Europe/Berlin`."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    return f"{DAYS[local.weekday()]} {local:%H:%M} {weekly.zone}"
