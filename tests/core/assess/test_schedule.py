"""Hours: by the clocks of their own zone, also in the nights in which these are set."""

from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from watchdog.core.assess.schedule import date_of, latest, next_beginning, show, whose, within
from watchdog.domain.policy import Moment, Rotation, Step, Weekly

BERLIN = "Europe/Berlin"
OFFICE = Weekly((0, 1, 2, 3, 4), 9 * 60, 18 * 60, BERLIN)
NIGHT = Weekly((4,), 22 * 60, 6 * 60, BERLIN)
BACKUP = Weekly((6,), 2 * 60, 4 * 60, BERLIN)
HALF_PAST_TWO = Weekly((6,), 2 * 60 + 30, 3 * 60 + 15, BERLIN)
IN_NEW_YORK = Weekly((5,), 22 * 60, 6 * 60, "America/New_York")


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
        (OFFICE, "2027-03-29 08:59:59", False),  # in summer time, an hour earlier in UTC
        (OFFICE, "2027-03-29 09:00:00", True),
        (NIGHT, "2026-11-27 21:59:59", False),
        (NIGHT, "2026-11-27 22:00:00", True),
        (NIGHT, "2026-11-28 05:59:59", True),
        (NIGHT, "2026-11-28 06:00:00", False),
        (NIGHT, "2026-11-28 22:30:00", False),
        (NIGHT, "2026-11-27 05:30:00", False),
        (Weekly((6,), 22 * 60, 6 * 60, BERLIN), "2026-11-30 03:00:00", True),
        (Weekly((5,), 0, 24 * 60, BERLIN), "2026-11-28 23:59:59", True),
        (Weekly((0,), 540, 540, BERLIN), "2026-11-23 09:00:00", True),
        (Weekly((0,), 540, 540, BERLIN), "2026-11-24 08:59:59", True),
    ],
)
def test_their_edges_to_the_second(weekly: Weekly, local: str, answer: bool) -> None:
    """The first second is in, the last is not; what passes midnight belongs to the day on which it began."""
    assert within(weekly, moment(local)) is answer


def test_an_hour_that_comes_twice_counts_twice_and_one_that_is_left_out_does_not_come() -> None:
    """In October the window from 2 to 4 lasts three hours, in March one."""
    hours = {}
    for day in ("2027-03-28", "2027-10-31", "2027-11-07"):
        midnight = moment(f"{day} 00:00")
        hours[day] = sum(within(BACKUP, midnight + 60.0 * minute) for minute in range(8 * 60)) / 60.0
    assert hours == {"2027-03-28": 1.0, "2027-10-31": 3.0, "2027-11-07": 2.0}
    assert within(BACKUP, moment("2027-10-31 02:30")) and within(BACKUP, moment("2027-10-31 02:30", fold=1))


ANN, BOB, EVE = (Step(name, (f"{name}-mail",), 300.0) for name in ("ann", "bob", "eve"))
ONCALL, HALF_PAST = (
    Step("oncall", (), 120.0, rotation=Rotation((ANN, BOB, EVE), date(2026, 10, 12).toordinal(), minute, BERLIN))
    for minute in (540, 570)
)


@pytest.mark.parametrize(
    ("step", "local", "name"),
    [
        (ONCALL, "2026-10-12 09:00", "ann"),
        (ONCALL, "2026-10-19 08:59", "ann"),
        (ONCALL, "2026-10-19 09:00", "bob"),
        (ONCALL, "2026-10-20 08:00", "bob"),
        (ONCALL, "2026-10-20 09:30", "bob"),
        (ONCALL, "2026-10-26 08:59", "bob"),  # summer time ended in the night before the last
        (ONCALL, "2026-10-26 09:00", "eve"),
        (ONCALL, "2026-11-02 09:00", "ann"),
        (ONCALL, "2026-10-12 08:59", "eve"),
        (ONCALL, "2026-10-05 09:00", "eve"),
        (HALF_PAST, "2026-10-19 09:29", "ann"),
        (HALF_PAST, "2026-10-19 09:30", "bob"),
        (HALF_PAST, "2026-10-19 09:45", "bob"),
    ],
)
def test_a_rotation_is_handed_over_every_week_at_the_same_hour(step: Step, local: str, name: str) -> None:
    """To the minute, across the end of summer time; before its begin the turns are counted backwards.

    A step without a rotation is itself.
    """
    assert whose(ANN, moment(local)) is ANN
    one = whose(step, moment(local))
    assert (one.name, one.channels, one.after_seconds) == (f"{name} (oncall)", (f"{name}-mail",), 120.0)


MONDAY = Moment(0, 9 * 60, BERLIN)


@pytest.mark.parametrize(
    ("of", "at", "was"),
    [
        (MONDAY, "2027-01-11 09:00:00", "2027-01-11 09:00"),
        (MONDAY, "2027-01-11 08:59:59", "2027-01-04 09:00"),
        (MONDAY, "2027-01-12 00:00:00", "2027-01-11 09:00"),
        (MONDAY, "2027-01-17 23:59:59", "2027-01-11 09:00"),
        (MONDAY, "2027-03-29 09:00:00", "2027-03-29 09:00"),
        (MONDAY, "2027-03-29 08:30:00", "2027-03-22 09:00"),
        (MONDAY, "2027-11-01 08:59:59", "2027-10-25 09:00"),
        (Moment(6, 10, BERLIN), "2027-01-17 00:30", "2027-01-17 00:10"),  # in UTC it is still the day before
    ],
)
def test_when_it_was_that_moment_last(of: Moment, at: str, was: str) -> None:
    """To the second, and by the clocks of the zone, whether these were set or not."""
    assert latest(of, moment(at)) == moment(was)


def test_weeks_in_which_clocks_are_set_are_an_hour_shorter_or_longer() -> None:
    """And every week has one such moment, also where its hour comes twice or is left out."""
    weeks = {
        day: moment(f"{day} 09:00") - latest(MONDAY, moment(f"{day} 09:00") - 1.0)
        for day in ("2027-03-29", "2027-11-01")
    }
    assert weeks == {"2027-03-29": (7 * 24 - 1) * 3600.0, "2027-11-01": (7 * 24 + 1) * 3600.0}
    night = Moment(6, 2 * 60 + 30, BERLIN)
    begin, found = moment("2027-01-01 00:00"), set()
    for hour in range(366 * 24):
        found.add(latest(night, begin + 3600.0 * hour))
    gaps = sorted({round((b - a) / 3600.0) for a, b in pairwise(sorted(found))})
    assert gaps == [167, 168, 169] and len(found) in (53, 54)


@pytest.mark.parametrize(
    ("zone", "date"), [("UTC", "2027-01-10"), (BERLIN, "2027-01-11"), ("America/New_York", "2027-01-10")]
)
def test_a_date_is_that_of_the_zone(zone: str, date: str) -> None:
    """Half an hour past midnight in Berlin."""
    assert date_of(moment("2027-01-11 00:30"), zone) == date


@pytest.mark.parametrize(
    ("weekly", "local", "begins"),
    [
        (BACKUP, "2026-11-28 23:00:00", "2026-11-29 02:00:00"),
        (Weekly((6,), 30, 240, BERLIN), "2026-11-28 12:00:00", "2026-11-29 00:30:00"),
        (BACKUP, "2026-11-29 01:59:59", "2026-11-29 02:00:00"),
        (BACKUP, "2026-11-29 02:00:00", "2026-12-06 02:00:00"),
        (BACKUP, "2026-11-29 03:00:00", "2026-12-06 02:00:00"),
        (OFFICE, "2026-11-27 09:30:00", "2026-11-30 09:00:00"),
        (NIGHT, "2026-11-28 01:00:00", "2026-12-04 22:00:00"),
        (Weekly(tuple(range(7)), 0, 24 * 60, BERLIN), "2026-11-28 12:00:00", "2026-11-29 00:00:00"),
        (BACKUP, "2027-03-27 12:00:00", "2027-03-28 03:00:00"),
        (Weekly((6,), 2 * 60, 3 * 60, BERLIN), "2027-03-27 12:00:00", "2027-04-04 02:00:00"),
        (BACKUP, "2027-10-30 12:00:00", "2027-10-31 02:00:00"),
        (Weekly((6,), 2 * 60 + 30, 6 * 60, BERLIN), "2027-03-27 12:00:00", "2027-03-28 03:00:00"),
        (HALF_PAST_TWO, "2027-03-27 12:00:00", "2027-03-28 03:00:00"),  # 15 minutes are left of it
        (IN_NEW_YORK, "2026-11-28 20:30:00", "2026-11-28 22:00:00"),  # this evening, where UTC has tomorrow
    ],
)
def test_when_they_begin_next(weekly: Weekly, local: str, begins: str) -> None:
    """After that very moment, by the clocks of their zone, also across the nights in which these are set."""
    asked_at = moment(local, weekly.zone)
    found = next_beginning(weekly, asked_at)
    assert found == moment(begins, weekly.zone), show(weekly, found)
    assert within(weekly, found) and found > asked_at


def test_in_an_hour_that_comes_twice_a_period_begins_twice() -> None:
    """Between the two, a rollback that was approved waits for minutes, not for a week."""
    first, second = moment("2027-10-31 02:30"), moment("2027-10-31 02:30", fold=1)
    begins = [next_beginning(HALF_PAST_TWO, at) for at in (first - 1.0, first, second - 1.0, second)]
    assert begins == [first, second, second, moment("2027-11-07 02:30")]


def test_a_moment_is_shown_by_the_clocks_of_the_hours() -> None:
    """Day, time and zone."""
    assert show(BACKUP, moment("2026-11-29 02:00:00")) == "Sun 02:00 Europe/Berlin"
    assert show(BACKUP, moment("2026-11-29 23:30:00", "UTC")) == "Mon 00:30 Europe/Berlin"
