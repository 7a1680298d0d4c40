"""Weekly hours: their syntax and their meaning."""

from collections.abc import Callable
from datetime import date

import pytest

from watchdog.domain.policy import Moment, Weekly
from watchdog.settings.rules.recurrence import parse_moment, parse_turn, parse_weekly, show_moment, show_weekly

BERLIN, FAR = "Europe/Berlin", "America/Argentina/Buenos_Aires"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Mon-Fri 09:00-18:00 Europe/Berlin", Weekly((0, 1, 2, 3, 4), 540, 1080, BERLIN)),
        ("sun 02:00-04:00 Europe/Berlin", Weekly((6,), 120, 240, BERLIN)),
        ("Sat,Sun 00:00-24:00 UTC", Weekly((5, 6), 0, 1440, "UTC")),
        ("Fri-Mon 22:00-06:00 UTC", Weekly((0, 4, 5, 6), 1320, 360, "UTC")),
        (f"Mon-Tue,Tue,Thu  08:30-09:00  {FAR}", Weekly((0, 1, 3), 510, 540, FAR)),
        ("Mon 09:00 Europe/Berlin", Moment(0, 540, BERLIN)),
        ("sun  23:59  UTC", Moment(6, 1439, "UTC")),
        (f"Wed 00:00 {FAR}", Moment(2, 0, FAR)),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, meant: Weekly | Moment) -> None:
    """Days alone, in spans, in lists, around the weekend; over midnight; and shown so that it can be written again."""
    if isinstance(meant, Weekly):
        assert parse_weekly(text) == parse_weekly(show_weekly(meant)) == meant
    else:
        assert parse_moment(text) == parse_moment(show_moment(meant)) == meant


@pytest.mark.parametrize(
    ("read", "text", "why"),
    [
        (parse_weekly, "business hours", "not hours"),
        (parse_weekly, "Mon-Fri 9-18 UTC", "not hours"),
        (parse_weekly, "Mon-Fri 09:00-18:00", "not hours"),
        (parse_weekly, "Moday 09:00-18:00 UTC", "not days"),
        (parse_weekly, "Mon-Fry 09:00-18:00 UTC", "not days"),
        (parse_weekly, "Mon,, 09:00-18:00 UTC", "not days"),
        (parse_weekly, "Mon 09:60-18:00 UTC", "not a time of day"),
        (parse_weekly, "Mon 24:00-24:00 UTC", "not a time of day"),
        (parse_weekly, "Mon 09:00-24:01 UTC", "not a time of day"),
        (parse_weekly, "Mon 09:00-09:00 UTC", "not a time of day"),
        (parse_weekly, "Mon 09:00-18:00 Europe/Berln", "no such time zone"),
        (parse_weekly, "Mon 09:00-18:00 Europe", "no such time zone"),
        (parse_moment, "Monday 09:00 UTC", "not a moment of the week"),
        (parse_moment, "Mon-Fri 09:00 UTC", "not a moment of the week"),
        (parse_moment, "Mon 09:00-10:00 UTC", "not a moment of the week"),
        (parse_moment, "Mon 09:00", "not a moment of the week"),
        (parse_moment, "Mon 9:00 UTC", "not a moment of the week"),
        (parse_moment, "Mon 09:60 UTC", "not a time of day"),
        (parse_moment, "Mon 24:00 UTC", "not a time of day"),
        (parse_moment, "Mon 09:00 Europe/Berln", "no such time zone"),
        (parse_turn, "2026-11-23", "write 2026-11-23 09:00 Europe/Berlin"),
        (parse_turn, "2026-11-23 24:00 UTC", "write 2026-11-23 09:00 Europe/Berlin"),
        (parse_turn, "2026-11-23 09:60 UTC", "write 2026-11-23 09:00 Europe/Berlin"),
        (parse_turn, "2026-02-30 09:00 UTC", "write 2026-11-23 09:00 Europe/Berlin"),
    ],
)
def test_what_nobody_can_mean_says_what_to_write(read: Callable[[str], object], text: str, why: str) -> None:
    """One reason each: hours, a moment of the week, the first week of a rotation."""
    with pytest.raises(ValueError, match=why):
        read(text)


def test_a_first_week_begins_on_a_day_at_an_hour_of_a_zone() -> None:
    """As people write it, or with a T (how rotations are used: see test_people)."""
    begin = (date(2026, 11, 23).toordinal(), 570, "Europe/Berlin")
    assert parse_turn("2026-11-23 09:30 Europe/Berlin") == parse_turn(" 2026-11-23T09:30 Europe/Berlin ") == begin
