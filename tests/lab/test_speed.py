"""Speed: what is measured is a calm service, and the sum tells the medians, their rounds and their bars."""

import pytest

from watchdog.domain.incidents import Phase
from watchdog.lab import speed
from watchdog.lab.episode import MAIN
from watchdog.lab.speed import Speed


def test_what_is_measured_is_healthy() -> None:
    """The service is calm, its record is kept, and a minute's worth of readings is in its check."""
    service = speed._calm().services[MAIN]
    assert service.phase is Phase.CALM and service.checks["home"].good_run == speed.WARM_UP
    assert service.observed_healthy_seconds == {"dep-1": pytest.approx(990.0)}


def test_a_short_measurement() -> None:
    """So many rounds of both, each a positive number."""
    told = speed.measure(rounds=2, readings=200, days=0.02)
    assert len(told.readings) == len(told.years) == 2
    assert min(told.readings + told.years) > 0.0


@pytest.mark.parametrize(
    ("readings", "years", "enough"),
    [
        ((1.0, 100_000.0, 120_000.0), (90.0, 90.0, 900.0), True),
        ((99_999.0,), (60.0,), False),
        ((120_000.0,), (90.1,), False),
    ],
)
def test_the_medians_keep_to_their_bars(readings: tuple[float, ...], years: tuple[float, ...], enough: bool) -> None:
    """At least so many readings a second, at most so many seconds a year."""
    told = Speed(readings, years, 2.0)
    assert told.fast_enough is enough
    assert told.json_object()["fast_enough"] is enough


def test_the_sum_names_what_it_rests_on() -> None:
    """The rounds are listed beside their median."""
    told = Speed((3.0, 1.0, 2.4), (70.04, 60.0, 80.0), 2.0).json_object()
    assert told["observations_per_second"] == 2 and told["observations_per_second_rounds"] == [3, 1, 2]
    assert told["service_year_seconds"] == 70.0 and told["service_year_seconds_rounds"] == [70.0, 60.0, 80.0]
