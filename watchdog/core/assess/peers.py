"""Peers: services that fail at the same moment as ours without a reason of their own, which suggests a common cause.

Each counts by the distance of its onset from ours, and less where its own deploy, or that of a dependency, may have
caused its failure.
"""

from collections.abc import Mapping
from math import exp, hypot

from watchdog.core.assess import maintenance
from watchdog.core.assess.blame_input import PEER_SECONDS, BlameInput
from watchdog.core.assess.failure_correlation import relied_on
from watchdog.core.assess.onset_prior import prior_of
from watchdog.core.assess.suspect_deploy import change_before
from watchdog.domain.deploys import Deploy

TOGETHER_SECONDS = 60.0
"""One cause takes services down within a few probes: a peer counts exp(-(distance / this)^2)."""
FEED_SECONDS = 90.0
"""The error of an onset that does not come from probes: a feed of minutes, or another worker's record."""
ROUGHLY_TOGETHER_SECONDS = hypot(TOGETHER_SECONDS, FEED_SECONDS)
"""For such an onset: two independent errors add up as the sides of a right angle."""
UNSURE = 0.3
"""The weight of a service with one or two failed probes since our onset: a blip as likely as not."""
ONCE_BY_CHANCE = 0.01
"""The share of intervals between an onset and its decision in which a healthy service fails a probe."""
LEAST = 0.01
"""A peer with a lower weight is not named."""


def failing_peers(case: BlameInput, suspect: Deploy | None) -> dict[str, float]:
    """Return the other services whose failure began with ours, each with its weight (0 to 1) as evidence of one cause.

    Left out are: our dependencies and dependants; services that run the suspect code, as their failure is evidence
    against it; planned downtimes; and services with a dependency that fails for sure. Another worker's service is
    known by its entry among the active criticals, compared with ours.
    """
    strangers = [name for name in case.policy.services if not _belongs_to_us(case, name, suspect)]
    # A peer with a failing dependency has a reason of its own, and is no evidence of one that it shares with us.
    unexplained = [name for name in strangers if not _has_a_cause(case, name)]
    fail = {name: _weight(case, name) for name in unexplained if fails_with_us(case, name)}
    once = {name: UNSURE for name in unexplained if name not in fail and _failed_once(case, name)}
    # Single failed probes happen by chance, the more services there are; confirmed failures hardly do.
    return {**_beyond_chance(fail, 0.0), **_beyond_chance(once, UNSURE * ONCE_BY_CHANCE * len(strangers))}


def _beyond_chance(weights: Mapping[str, float], by_chance: float) -> dict[str, float]:
    """Return the weights less the number expected by chance, in proportion."""
    total = sum(weights.values())
    left = {name: weight - by_chance * weight / total for name, weight in weights.items()}
    return {name: weight for name, weight in left.items() if weight >= LEAST}


def _failed_once(case: BlameInput, name: str) -> bool:
    """Return whether a service that may be healthy failed one or two probes since our onset, or just before."""
    at = None if case.fails_for_sure(name) else case.failed_once_at(name)
    return at is not None and at >= case.onset_at - TOGETHER_SECONDS / 2


def _belongs_to_us(case: BlameInput, name: str, suspect: Deploy | None) -> bool:
    services, ours = case.policy.services, case.service.name
    if name == ours or name in relied_on(services, ours) or ours in relied_on(services, name):
        return True
    return suspect is not None and case.same_code(name, suspect)


def fails_with_us(case: BlameInput, name: str) -> bool:
    """Return whether a service's failure began near our onset, and not in a planned downtime."""
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is None:
        return trouble is not None and not trouble.planned and abs(trouble.at - case.known_at) <= PEER_SECONDS
    began = case.failing_since(name)
    if began is None or abs(began - case.onset_at) > PEER_SECONDS or not case.fails_for_sure(name):
        return False
    return maintenance.overlapped(other, began) is None


def _has_a_cause(case: BlameInput, name: str) -> bool:
    """Return whether one of its dependencies fails for sure."""
    upstreams = case.policy.services[name].depends_on
    return any(case.page_trouble(one) is not None or case.fails_for_sure(one) for one in upstreams)


def _weight(case: BlameInput, name: str) -> float:
    other, began = case.state.services.get(name), case.failing_since(name)
    if other is None or began is None:
        return _nearness(case.state.troubles[name].at - case.known_at, ROUGHLY_TOGETHER_SECONDS)
    together = ROUGHLY_TOGETHER_SECONDS if case.main.method == "feed" else TOGETHER_SECONDS
    near = _nearness(began - case.onset_at, together)
    # 1 / (1 + odds) is the probability that no change of its own, or of a dependency, explains its failure.
    return near / (1.0 + sum(_change_odds(case, one, began) for one in (name, *case.policy.services[name].depends_on)))


def _change_odds(case: BlameInput, name: str, began: float) -> float:
    """Return the prior odds that a service's own change caused its failure of that onset; 0 without a change."""
    service = case.state.services.get(name)
    change = change_before(service.deploys, began, case.policy.blame) if service is not None else None
    if service is None or change is None:
        return 0.0
    return prior_of(service, change, began, case.policy.blame, case.now).odds


def _nearness(seconds: float, together: float) -> float:
    """Return 1 for onsets at the same moment, approaching 0 for distant ones."""
    return exp(-((seconds / together) ** 2))
