"""Proposals stay cheap in a storm of incidents: the steps are counted, not timed."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.core.scenes import an_incident
from watchdog.domain.policy import ServicePolicy
from watchdog.presentation.proposals.proposed_dependencies import proposed_dependencies

STEPS = [0]
Failures = list[tuple[str, float]]


class Name(str):
    """A service's name that counts how often it is looked up."""

    __slots__ = ()

    def __hash__(self) -> int:
        STEPS[0] += 1
        return super().__hash__()


class Moment(float):
    """An onset that counts how often it is compared."""

    __slots__ = ()
    __hash__ = float.__hash__

    def __lt__(self, other: Any) -> bool:
        STEPS[0] += 1
        return super().__lt__(other)

    def __le__(self, other: Any) -> bool:
        STEPS[0] += 1
        return super().__le__(other)

    def __gt__(self, other: Any) -> bool:
        STEPS[0] += 1
        return super().__gt__(other)

    def __ge__(self, other: Any) -> bool:
        STEPS[0] += 1
        return super().__ge__(other)


def storm(number: int) -> Failures:
    """Three services fail again and again within one hour, each of many times beside the others."""
    return [(f"web-{one % 3}", 3600.0 * one / number) for one in range(number)]


def outage_of_all(number: int) -> Failures:
    """Forty services, all within one minute."""
    return [(f"web-{one % 40}", 60.0 * one / number) for one in range(number)]


def pairs(number: int) -> Failures:
    """Many services, of which each two fail together, three times an hour apart from the rest."""
    return [(f"web-{one // 3}", 3600.0 * (one // 6 * 3 + one % 3)) for one in range(number)]


def steps(failures: Failures) -> tuple[int, int]:
    """Return the steps that the proposals take, and how many there are."""
    names = {name: Name(name) for name, _ in failures}
    services = {name: ServicePolicy(name, "srv") for name in names.values()}
    incidents = [an_incident(service=names[name], onset_at=Moment(at)) for name, at in failures]
    STEPS[0] = 0
    found = proposed_dependencies(services, incidents)
    return STEPS[0], len(found)


@pytest.mark.parametrize(
    ("failures", "proposed"),
    [
        pytest.param(storm, 6, id="a storm of three"),
        pytest.param(outage_of_all, 0, id="an outage of all"),
        pytest.param(pairs, 2000, id="hundreds of pairs"),
    ],
)
def test_thousands_of_incidents_take_a_few_steps_each(failures: Callable[[int], Failures], proposed: int) -> None:
    """Four times as many take about four times the steps, not sixteen times."""
    (few, _), (many, found) = steps(failures(1500)), steps(failures(6000))
    assert many < 6 * few and many < 100 * 6000
    assert found == proposed
