"""Peers: services that fail at our very moment without a reason of their own, which speaks for one common cause.

Each counts by how near its onset lies to ours, and the less, the likelier its own deploy made it fail then, or that of
something it depends on.
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
"""What one cause takes down goes down within some probes: a peer counts exp(-(distance / this)^2)."""
FEED_SECONDS = 90.0
"""How far off an onset may be that is not read from probes: a feed of minutes, another worker's word."""
UNSURE = 0.3
"""So much of a peer is a service that failed a probe or two since we began to: a blip as likely as not."""
ONCE_BY_CHANCE = 0.01
"""A service that is well fails a probe in so many of the times between an onset and its decision."""
LEAST = 0.01
"""What counts less is not named."""


def failing_peers(case: BlameInput, suspect: Deploy | None) -> dict[str, float]:
    """Return the other services whose failure began with ours, each with how much it tells (0 to 1) of one cause.

    None of these are: what we depend on, and what depends on us; what runs the suspect code, for its failure tells
    against that; what is meant to be down; what depends on something that fails for sure. Another worker's service is
    known by its trouble, which began to be known about when ours did.
    """
    strangers = [name for name in case.policy.services if not _belongs_to_us(case, name, suspect)]
    unexplained = [name for name in strangers if not _has_a_cause(case, name)]
    fail = {name: _weight(case, name) for name in unexplained if fails_with_us(case, name)}
    once = {name: UNSURE for name in unexplained if name not in fail and _failed_once(case, name)}
    return {**_beyond_chance(fail, 0.0), **_beyond_chance(once, UNSURE * ONCE_BY_CHANCE * len(strangers))}


def _beyond_chance(weights: Mapping[str, float], by_chance: float) -> dict[str, float]:
    """Return the weights less what there is of them by chance, each in its proportion."""
    left = max(0.0, 1.0 - by_chance / (sum(weights.values()) or 1.0))
    return {name: weight * left for name, weight in weights.items() if weight * left >= LEAST}


def _failed_once(case: BlameInput, name: str) -> bool:
    """Tell whether a service that may be well failed a probe or two since we began to, or just before."""
    at = None if case.fails_for_sure(name) else case.failed_once_at(name)
    return at is not None and at >= case.onset_at - TOGETHER_SECONDS / 2


def _belongs_to_us(case: BlameInput, name: str, suspect: Deploy | None) -> bool:
    services, ours = case.policy.services, case.service.name
    if name == ours or name in relied_on(services, ours) or ours in relied_on(services, name):
        return True
    return suspect is not None and case.same_code(name, suspect)


def fails_with_us(case: BlameInput, name: str) -> bool:
    """Tell whether a service's failure began about when ours did, though it was not meant to be down."""
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is None:
        return trouble is not None and not trouble.planned and abs(trouble.at - case.known_at) <= PEER_SECONDS
    began = case.failing_since(name)
    if began is None or abs(began - case.onset_at) > PEER_SECONDS or not case.fails_for_sure(name):
        return False
    return maintenance.overlapped(other, began) is None


def _has_a_cause(case: BlameInput, name: str) -> bool:
    """Tell whether something that it depends on fails for sure."""
    upstreams = case.policy.services[name].depends_on
    return any(case.page_trouble(one) is not None or case.fails_for_sure(one) for one in upstreams)


def _weight(case: BlameInput, name: str) -> float:
    other, began = case.state.services.get(name), case.failing_since(name)
    if other is None or began is None:
        return _nearness(case.state.troubles[name].at - case.known_at, exactly=False)
    near = _nearness(began - case.onset_at, exactly=case.main.method != "feed")
    return near / (1.0 + sum(_change_odds(case, one, began) for one in (name, *case.policy.services[name].depends_on)))


def _change_odds(case: BlameInput, name: str, began: float) -> float:
    """Return the prior odds that a service's own change made fail what began then; 0 without one."""
    service = case.state.services.get(name)
    change = change_before(service.deploys, began, case.policy.blame) if service is not None else None
    if service is None or change is None:
        return 0.0
    return prior_of(service, change, began, case.policy.blame, case.now).odds


def _nearness(seconds: float, *, exactly: bool) -> float:
    """Return 1 for onsets at the same moment, towards 0 for distant ones."""
    return exp(-((seconds / (TOGETHER_SECONDS if exactly else hypot(TOGETHER_SECONDS, FEED_SECONDS))) ** 2))
