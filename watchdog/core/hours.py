"""Hours: is it somebody's time, by the clocks of their own zone? Pure: the moment is given.

Summer time is the zone's own: an hour that comes twice counts twice, one that is left out does not come.
"""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from watchdog.domain.policy import Rotation, Step, Weekly


def within(weekly: Weekly, at: float) -> bool:
    """Tell whether a moment (UTC epoch seconds) is within these hours; their end is not."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if weekly.begins_minute < weekly.ends_minute:
        return day in weekly.days and weekly.begins_minute <= minute < weekly.ends_minute
    began_today = day in weekly.days and minute >= weekly.begins_minute
    return began_today or ((day - 1) % 7 in weekly.days and minute < weekly.ends_minute)


def whose(step: Step, at: float) -> Step:
    """Return the step as it is at a moment: of a rotation, the one whose week it is, called when the rotation is."""
    if step.rotation is None:
        return step
    one = step.rotation.of[_week(step.rotation, at) % len(step.rotation.of)]
    return replace(one, name=f"{one.name} ({step.name})", after_seconds=step.after_seconds)


def _week(rotation: Rotation, at: float) -> int:
    """Return how many weeks lie behind, by the clocks of its zone: it is handed over at the same hour all year."""
    local = datetime.fromtimestamp(at, ZoneInfo(rotation.zone))
    days = local.toordinal() - rotation.first_day
    return (days if local.hour * 60 + local.minute >= rotation.minute else days - 1) // 7
