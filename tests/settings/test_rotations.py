"""Rotations: what a first week looks like when it is written down (how they are used: see test_people)."""

from datetime import date

import pytest

from watchdog.settings.weekly import parse_turn


def test_a_first_week_begins_on_a_day_at_an_hour_of_a_zone() -> None:
    """As people write it, or with a T."""
    begin = (date(2026, 11, 23).toordinal(), 570, "Europe/Berlin")
    assert parse_turn("2026-11-23 09:30 Europe/Berlin") == parse_turn(" 2026-11-23T09:30 Europe/Berlin ") == begin


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23 24:00 UTC", "2026-11-23 09:60 UTC", "2026-02-30 09:00 UTC"])
def test_what_is_no_begin_of_a_week(text: str) -> None:
    """The mistake says what to write."""
    with pytest.raises(ValueError, match="write 2026-11-23 09:00 Europe/Berlin"):
        parse_turn(text)
