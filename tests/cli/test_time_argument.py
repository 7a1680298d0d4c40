"""Which moment a person means."""

from datetime import datetime

import pytest

from watchdog.cli.time_argument import parse_moment

NOW = 1795572844.0
"""2026-11-25 02:14:04 UTC."""


@pytest.mark.parametrize(
    ("text", "before_now"),
    [
        ("02:14", 4),
        ("02:14:03", 1),
        ("2:00", 844),
        ("03:12", 23 * 3600 + 124),
        ("2026-11-25 02:00", 844),
        ("2026-11-25T02:00:00Z", 844),
        ("2026-11-25T03:00:00+01:00", 844),
        ("2026-11-24 21:00 -0500", 844),
        ("03:00 Europe/Berlin", 844),
        ("02:00 utc", 844),
    ],
)
def test_moments(text: str, before_now: float) -> None:
    """A time without a date is the latest one that has passed; zones are obeyed."""
    assert NOW - parse_moment(text, NOW) == before_now


def test_today_is_the_date_in_that_zone() -> None:
    """Late in the evening in UTC it is tomorrow in Berlin already."""
    evening = NOW + 21.5 * 3600
    assert evening - parse_moment("00:30 Europe/Berlin", evening) == 844


def test_of_a_time_that_comes_twice_the_latest_is_meant() -> None:
    """In the night of 25 October the clocks of Berlin show 02:30 twice: 00:30 and 01:30 UTC."""
    for asked, before_now in (("2026-10-25T00:45Z", 900), ("2026-10-25T01:15Z", 2700), ("2026-10-25T01:45Z", 900)):
        now = datetime.fromisoformat(asked).timestamp()
        assert now - parse_moment("02:30 Europe/Berlin", now) == before_now


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("noon", "write 03:12"),
        ("25:00", "no such date or time"),
        ("2026-13-01 03:12", "no such date or time"),
        ("2026-11-26 03:12", "not come yet"),
        ("03:12 Mars/Base", "unknown time zone"),
        ("03:12 Europe", "unknown time zone"),
        ("03:12 +99:99", "no such date or time"),
        ("", "not a time"),
    ],
)
def test_everything_else_says_what_to_write(text: str, hint: str) -> None:
    """A wrong time is answered with an example, never with a traceback of another kind."""
    with pytest.raises(ValueError, match=hint):
        parse_moment(text, NOW)
