"""Hours: by the clocks of their own zone, also in the nights in which these are set."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from watchdog.core.hours import next_beginning, show, within
from watchdog.domain.policy import Weekly

BERLIN = "Europe/Berlin"
OFFICE = Weekly((0, 1, 2, 3, 4), 9 * 60, 18 * 60, BERLIN)
NIGHT = Weekly((4,), 22 * 60, 6 * 60, BERLIN)
BACKUP = Weekly((6,), 2 * 60, 4 * 60, BERLIN)


def moment(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    """Return UTC epoch seconds of a local time; `fold`: the second time that it comes that night."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("weekly", "local", "answer"),
    [
        (OFFICE, "2026-11-23 08:59:59", False),
        (OFFICE, "2026-11-23 09:00:00", True),
        (OFFICE, "2026-11-27 17:59:59", True),
        (OFFICE, "2026-11-27 18:00:00", False),
        (OFFICE, "2026-11-28 12:00:00", False),
        (NIGHT, "2026-11-27 21:59:59", False),
        (NIGHT, "2026-11-27 22:00:00", True),
        (NIGHT, "2026-11-28 05:59:59", True),
        (NIGHT, "2026-11-28 06:00:00", False),
        (NIGHT, "2026-11-28 22:30:00", False),
        (NIGHT, "2026-11-27 05:30:00", False),
        (Weekly((6,), 22 * 60, 6 * 60, BERLIN), "2026-11-30 03:00:00", True),
        (Weekly((5,), 0, 24 * 60, BERLIN), "2026-11-28 23:59:59", True),
    ],
)
def test_their_edges_to_the_second(weekly: Weekly, local: str, answer: bool) -> None:
    """The first second is in, the last is not; what passes midnight belongs to the day on which it began."""
    assert within(weekly, moment(local)) is answer


def test_summer_time_moves_them_with_the_people() -> None:
    """Nine o'clock is an hour earlier in UTC from the end of March on."""
    for day, utc in (("2027-03-26", "08:00"), ("2027-03-29", "07:00")):
        opens = moment(f"{day} {utc}", "UTC")
        assert not within(OFFICE, opens - 1.0) and within(OFFICE, opens)


def test_an_hour_that_comes_twice_counts_twice_and_one_that_is_left_out_does_not_come() -> None:
    """In October the window from 2 to 4 lasts three hours, in March one."""
    hours = {}
    for day in ("2027-03-28", "2027-10-31", "2027-11-07"):
        midnight = moment(f"{day} 00:00")
        hours[day] = sum(within(BACKUP, midnight + 60.0 * minute) for minute in range(8 * 60)) / 60.0
    assert hours == {"2027-03-28": 1.0, "2027-10-31": 3.0, "2027-11-07": 2.0}
    assert within(BACKUP, moment("2027-10-31 02:30")) and within(BACKUP, moment("2027-10-31 02:30", fold=1))


@pytest.mark.parametrize(
    ("weekly", "local", "begins"),
    [
        (BACKUP, "2026-11-28 23:00:00", "2026-11-29 02:00:00"),
        (BACKUP, "2026-11-29 01:59:59", "2026-11-29 02:00:00"),
        (BACKUP, "2026-11-29 02:00:00", "2026-12-06 02:00:00"),
        (BACKUP, "2026-11-29 03:00:00", "2026-12-06 02:00:00"),
        (OFFICE, "2026-11-27 09:30:00", "2026-11-30 09:00:00"),
        (NIGHT, "2026-11-28 01:00:00", "2026-12-04 22:00:00"),
        (Weekly(tuple(range(7)), 0, 24 * 60, BERLIN), "2026-11-28 12:00:00", "2026-11-29 00:00:00"),
        (BACKUP, "2027-03-27 12:00:00", "2027-03-28 03:00:00"),
        (Weekly((6,), 2 * 60, 3 * 60, BERLIN), "2027-03-27 12:00:00", "2027-04-04 02:00:00"),
        (BACKUP, "2027-10-30 12:00:00", "2027-10-31 02:00:00"),
        (Weekly((6,), 2 * 60 + 30, 6 * 60, BERLIN), "2027-03-27 12:00:00", "2027-03-28 03:30:00"),
    ],
)
def test_when_they_begin_next(weekly: Weekly, local: str, begins: str) -> None:
    """After that very moment, by the clocks of their zone, also across the nights in which these are set."""
    found = next_beginning(weekly, moment(local))
    assert datetime.fromtimestamp(found, ZoneInfo(BERLIN)).isoformat(" ").startswith(begins), show(weekly, found)
    assert within(weekly, found) and found > moment(local)


def test_a_moment_is_shown_by_the_clocks_of_the_hours() -> None:
    """Day, time and zone."""
    assert show(BACKUP, moment("2026-11-29 02:00:00")) == "Sun 02:00 Europe/Berlin"
    assert show(BACKUP, moment("2026-11-29 23:30:00", "UTC")) == "Mon 00:30 Europe/Berlin"
