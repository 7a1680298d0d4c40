"""This machine's clock against the platform's, in `watchdog check --live` and `watchdog doctor`."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from watchdog.ports import ClockReading, Platform
from watchdog.settings.check.check_clock import clock_result
from watchdog.settings.check.check_result import CheckOutcome


@dataclass
class Dated:
    """The answers of a platform, as far as their date goes."""

    clock: ClockReading | None


def platform(ahead_seconds: float | None) -> Platform:
    return cast(Any, Dated(None if ahead_seconds is None else ClockReading(ahead_seconds, 1.0)))


@pytest.mark.parametrize(
    ("ahead_seconds", "outcome", "what"),
    [
        (0.2, CheckOutcome.OK, "within 1 s of the platform's"),
        (-30.0, CheckOutcome.OK, "within 30 s of the platform's"),
        (31.0, CheckOutcome.FAIL, "31 s ahead of the platform's: deploys are dated by"),
        (-3600.0, CheckOutcome.FAIL, "60 min behind the platform's: deploys are dated by"),
    ],
)
def test_both_clocks(ahead_seconds: float, outcome: CheckOutcome, what: str) -> None:
    """Half a minute is within what a dated answer can show; beyond it the cure is named."""
    (result,) = clock_result(platform(ahead_seconds))
    assert (result.name, result.outcome) == ("clock", outcome) and result.what.startswith(what)
    assert ("NTP" in result.fix) is (outcome is CheckOutcome.FAIL)


def test_before_an_answer_nothing_is_said() -> None:
    """Neither of a platform that has not answered, nor of one whose answers are not dated, nor without one."""
    assert clock_result(platform(None)) == clock_result(cast(Any, object())) == clock_result(None) == []
