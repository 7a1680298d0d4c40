"""Hours: is it somebody's time, by the clocks of their own zone? Pure: the moment is given.

Summer time is the zone's own: an hour that comes twice counts twice, one that is left out does not come.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from watchdog.domain.policy import Weekly


def within(weekly: Weekly, at: float) -> bool:
    """Tell whether a moment (UTC epoch seconds) is within these hours; their end is not."""
    local = datetime.fromtimestamp(at, ZoneInfo(weekly.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if weekly.begins_minute < weekly.ends_minute:
        return day in weekly.days and weekly.begins_minute <= minute < weekly.ends_minute
    began_today = day in weekly.days and minute >= weekly.begins_minute
    return began_today or ((day - 1) % 7 in weekly.days and minute < weekly.ends_minute)
