"""The prior odds: how the onset lies to the deploy, and how often this service's deploys, and other things, fail."""

from dataclasses import replace
from math import e

import pytest

from tests.core.limits import WEIGHTS
from tests.core.scenes import HISTORY, NOW, a_case, a_service
from tests.core.world import make_policy
from watchdog.core.assess import blame, onset_prior
from watchdog.domain.incidents import History, ServiceState
from watchdog.domain.policy import BlameWeights

MINUTES_PER_MONTH = 43830.0
RATES = "assumed (no history yet): 1 bad deploy in 20, 1 other incident a month"


def live_before(onset_minutes: float) -> ServiceState:
    """Return a service whose live deploy finished so many minutes before the onset, 60 s before NOW."""
    at = NOW - 60 - onset_minutes * 60
    return a_service(deploys=(replace(HISTORY[0], created_at=at - 300, finished_at=at), *HISTORY[1:]))


@pytest.mark.parametrize("minutes", [0, 1, 5, 20, 30, 60, 180, 600, 10_000])
def test_prior_odds_are_those_of_a_bad_deploy_and_an_onset_then(minutes: float) -> None:
    """P(bad deploy) f(D) / lambda: one deploy in 20, and one other incident a month."""
    verdict = blame.weigh(a_case(live_before(minutes)))
    expected = 0.05 * onset_prior.density_per_minute(minutes) * MINUTES_PER_MONTH
    assert verdict.prior_odds == pytest.approx(expected, rel=1e-9)


def test_the_density_is_one() -> None:
    """f(D) is a probability density: its parts are, and its integral over all delays is 1."""
    assert sum(share for share, _ in (*onset_prior.ONSETS, onset_prior.UNDER_LOAD)) == pytest.approx(1.0)
    step = 0.005
    area = sum(onset_prior.density_per_minute((i + 0.5) * step) for i in range(400_000)) * step
    assert area == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("minutes", [0.0, 1.0, 20.0, 80.0, 600.0])
def test_the_density_is_the_sum_of_its_parts(minutes: float) -> None:
    """Most bad deploys show at once, some within half an hour, the rest under the load of later hours."""
    (early, at_once), (later, soon) = onset_prior.ONSETS
    parts = (early / at_once * e ** (-minutes / at_once), later / soon * e ** (-minutes / soon))
    share, scale = onset_prior.UNDER_LOAD
    late = share * minutes * e ** (-minutes / scale) / scale**2
    assert onset_prior.density_per_minute(minutes) == pytest.approx(sum(parts) + late)
    assert early > 0.5 and at_once < soon < scale


def test_the_later_it_began_the_less_the_deploy_is_suspected() -> None:
    """After minutes nearly certain, after half a day hardly (facts: attribution)."""
    odds = [blame.weigh(a_case(live_before(minutes))).prior_odds for minutes in (0, 1, 5, 20, 30, 60, 180, 600)]
    assert odds == sorted(odds, reverse=True) and odds[1] > 200 and odds[2] > 20 and odds[-1] < 0.5


@pytest.mark.parametrize(
    ("live_at", "onset"),
    [
        (NOW - 60.0, "onset 0 s after live"),
        (NOW - 59.0, "onset 60 s after its first traffic"),
        (None, "onset 60 s after its first traffic"),
    ],
)
def test_the_delay_is_counted_from_live_or_from_the_first_traffic(live_at: float | None, onset: str) -> None:
    """Live by the onset, to the second: from then; else from when it could first take traffic."""
    suspect = replace(HISTORY[0], finished_at=live_at)
    verdict = blame.weigh(a_case(a_service(deploys=(suspect, *HISTORY[1:]))))
    assert verdict.prior_why == f"{onset}; {RATES}"
    minutes = 0.0 if onset.endswith("after live") else 1.0
    assert verdict.prior_odds == pytest.approx(0.05 * MINUTES_PER_MONTH * onset_prior.density_per_minute(minutes))


@pytest.mark.parametrize(
    ("seen", "months", "bad", "others", "words"),
    [
        pytest.param((0, 0, 0), 0.0, 1 / 20, 1.0, RATES, id="new"),
        pytest.param((0, 0, 0), 0.0999, 1 / 20, 1.0, RATES, id="for three days"),
        pytest.param((0, 0, 0), 0.1, 1 / 20, 1 / 1.1, "0.91 other incidents; 0 of 0, 0 others in 0.1", id="for longer"),
        pytest.param((20, 1, 2), 0.0, 2 / 40, 3.0, "3 other incidents; 1 of 20, 2 others in 0.0", id="much at once"),
        pytest.param((20, 1, 2), -5.0, 2 / 40, 3.0, "3 other incidents; 1 of 20, 2 others in 0.0", id="clock set back"),
        pytest.param(
            (180, 0, 0), 11.0, 1 / 200, 1 / 12, "0.083 other incidents; 0 of 180, 0 others in 11.0", id="good"
        ),
        pytest.param((20, 9, 19), 3.0, 1 / 20, 5.0, "5 other incidents; 9 of 20, 19 others in 3.0", id="a bad team"),
        pytest.param((0, 0, 11), 11.0, 1 / 20, 1.0, "1 other incident; 0 of 0, 11 others in 11.0", id="as assumed"),
    ],
)
def test_what_is_assumed_counts_as_much_as_twenty_deploys_and_a_month(
    seen: tuple[int, int, int], months: float, bad: float, others: float, words: str
) -> None:
    """Posterior means; the decision says what was seen, and notices where nothing was."""
    history = History(NOW - months * MINUTES_PER_MONTH * 60, *seen)
    verdict = blame.weigh(a_case(a_service(history=history)))
    odds = bad * onset_prior.density_per_minute(0.5) / (others / MINUTES_PER_MONTH)
    assert verdict.prior_odds == pytest.approx(odds, rel=1e-9)
    rates, _, counted = words.partition("; ")
    if counted:
        deploys, _, rest = counted.partition(", ")
        rates = f"1 bad deploy in {1 / bad:.0f}, {rates} a month (seen: {deploys} deploys, {rest} months)"
    assert (verdict.prior_why, verdict.assumed) == (f"onset 30 s after live; {rates}", not counted)


def test_the_shipped_assumption_makes_no_old_deploy_a_suspect_by_its_age() -> None:
    """As many other incidents as public monitors see, about: a deploy of an hour ago is no suspect by its age alone."""
    policy = replace(make_policy(), blame=replace(WEIGHTS, other_incidents_per_month=3.6))
    verdict = blame.weigh(a_case(live_before(60), policy=policy))
    expected = 0.05 * onset_prior.density_per_minute(60.0) * MINUTES_PER_MONTH / 3.6
    assert verdict.prior_odds == pytest.approx(expected) and not verdict.convicts
    assert BlameWeights().other_incidents_per_month == 3.6
