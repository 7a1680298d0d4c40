"""Hours: is it somebody's time, by the clocks of their own zone, and when next? Pure: the moment is given.

Summer time is the zone's own: an hour that comes twice counts twice, one that is left out does not come.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watchdog.domain.policy import Weekly

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TWO_WEEKS_DAYS = 15
"""Within these, hours that come every week begin, also where the clocks are set forward over them once."""


def within(weekly: Weekly, at: float) -> bool:
    """Tell whether a moment (UTC epoch seconds) is within these hours; their end is not."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if weekly.begins_minute < weekly.ends_minute:
        return day in weekly.days and weekly.begins_minute <= minute < weekly.ends_minute
    began_today = day in weekly.days and minute >= weekly.begins_minute
    return began_today or ((day - 1) % 7 in weekly.days and minute < weekly.ends_minute)


def next_beginning(weekly: Weekly, at: float) -> float:
    """Return when these hours begin next after a moment (UTC epoch seconds); a beginning that is left out is none."""
    zone = ZoneInfo(weekly.zone)
    today = datetime.fromtimestamp(at, zone)
    hour, minute = divmod(weekly.begins_minute, 60)
    days = (today + timedelta(days=number) for number in range(TWO_WEEKS_DAYS))
    begins = (datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp() for day in days)
    return next(moment for moment in begins if moment > at and _begins(weekly, moment))


def _begins(weekly: Weekly, at: float) -> bool:
    return datetime.fromtimestamp(at, ZoneInfo(weekly.zone)).weekday() in weekly.days and within(weekly, at)


def show(weekly: Weekly, at: float) -> str:
    """Return a moment by the clocks of these hours: `Sun 02:00 Europe/Berlin`."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    return f"{DAYS[local.weekday()]} {local:%H:%M} {weekly.zone}"
