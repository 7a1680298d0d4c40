"""Peers: services that fail at our very moment without a reason of their own, which speaks for one common cause.

Each counts by how near its onset lies to ours, and the less the likelier its own deploy made it fail then. Where others
began to fail in the minutes before, so many are near ours by chance: those are taken off.
"""

from collections.abc import Iterable, Mapping
from math import exp, hypot

from watchdog.core.assess import maintenance
from watchdog.core.assess.blame_input import BlameInput, failing_since, is_no_blip
from watchdog.core.assess.failure_correlation import relied_on
from watchdog.core.assess.onset_prior import prior_of
from watchdog.core.assess.suspect_deploy import change_before, deploys_of
from watchdog.domain.deploys import Deploy

TOGETHER_SECONDS = 60.0
"""What one cause takes down goes down within some probes: a peer counts exp(-(distance / this)^2)."""
NEAR_MINUTES = 1.5
"""So many minutes about our onset count, all in all: half of that curve, and what is seen of the rest at a decision."""
FEED_SECONDS = 90.0
"""How far off an onset may be that is not read from probes: a feed of minutes, another worker's word."""
PEER_SECONDS = 180.0
"""Further off it is no peer."""
BEFORE_SECONDS = 600.0
"""Those that failed so long before ours, and are no peers, tell how many fail by chance."""
UNSURE = 0.3
"""So much of a peer is a service that failed a probe or two since we began to: a blip as likely as not."""
STUMBLES_BY_CHANCE = 0.01
"""A service that is well fails a probe in so many of the times between an onset and its decision."""
LEAST = 0.01
"""What counts less is not named."""


def failing_peers(case: BlameInput, suspect: Deploy | None) -> dict[str, float]:
    """Return the other services whose failure began with ours, each with how much it tells (0 to 1) of one cause.

    None of these are: what we depend on, and what depends on us; what runs the suspect code, for its failure tells
    against that; what is meant to be down; what depends on something that fails or was just changed, as then that is
    counted. Another worker's service is known by its trouble, which began to be known about when ours did.
    """
    strangers = [name for name in case.policy.services if not _belongs_to_us(case, name, suspect)]
    unexplained = [name for name in strangers if not _has_a_cause(case, name)]
    fail = {name: _weight(case, name) for name in unexplained if fails_with_us(case, name)}
    stumble = {name: UNSURE for name in unexplained if name not in fail and _stumbled(case, name)}
    return {
        **_beyond_chance(fail, NEAR_MINUTES * _failures_per_minute_before(case, strangers)),
        **_beyond_chance(stumble, UNSURE * STUMBLES_BY_CHANCE * len(strangers)),
    }


def _beyond_chance(weights: Mapping[str, float], by_chance: float) -> dict[str, float]:
    """Return the weights less what there is of them by chance, each in its proportion."""
    left = max(0.0, 1.0 - by_chance / (sum(weights.values()) or 1.0))
    return {name: weight * left for name, weight in weights.items() if weight * left >= LEAST}


def _stumbled(case: BlameInput, name: str) -> bool:
    """Tell whether a service that may be well failed a probe or two since we began to, or just before."""
    other = case.state.services.get(name)
    at = case.stumbled_at(other) if other is not None and not is_no_blip(other) else None
    return at is not None and at >= case.onset_at - TOGETHER_SECONDS / 2


def _belongs_to_us(case: BlameInput, name: str, suspect: Deploy | None) -> bool:
    services, ours = case.policy.services, case.service.name
    if name == ours or name in relied_on(services, ours) or ours in relied_on(services, name):
        return True
    return suspect is not None and case.same_code(name, suspect)


def fails_with_us(case: BlameInput, name: str) -> bool:
    """Tell whether a service's failure began about when ours did, though it was not meant to be down."""
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is not None:
        began = failing_since(other)
        if began is None or abs(began - case.onset_at) > PEER_SECONDS or not is_no_blip(other):
            return False
        return maintenance.overlapped(other, began) is None
    return trouble is not None and not trouble.planned and abs(trouble.at - _known_at(case)) <= PEER_SECONDS


def _has_a_cause(case: BlameInput, name: str) -> bool:
    """Tell whether something that it depends on fails, or was changed before: then that is the cause of it."""
    for upstream in case.policy.services[name].depends_on:
        if case.page_trouble(upstream) is not None or case.failing_since(upstream) is not None:
            return True
        if change_before(deploys_of(case.state, upstream) or (), case.onset_at, case.policy.blame) is not None:
            return True
    return False


def _weight(case: BlameInput, name: str) -> float:
    other = case.state.services.get(name)
    began = failing_since(other) if other is not None else None
    if other is None or began is None:
        return _nearness(case.state.troubles[name].at - _known_at(case), exactly=False)
    near = _nearness(began - case.onset_at, exactly=case.main.method != "feed")
    change = change_before(other.deploys, began, case.policy.blame)
    own = prior_of(other, change, began, case.policy.blame, case.now).odds if change is not None else 0.0
    return near / (1.0 + own)


def _nearness(seconds: float, *, exactly: bool) -> float:
    """Return 1 for onsets at the same moment, towards 0 for distant ones."""
    return exp(-((seconds / (TOGETHER_SECONDS if exactly else hypot(TOGETHER_SECONDS, FEED_SECONDS))) ** 2))


def _known_at(case: BlameInput) -> float:
    mine = case.state.troubles.get(case.service.name)
    return mine.at if mine is not None else case.now


def _failures_per_minute_before(case: BlameInput, names: Iterable[str]) -> float:
    """Return how many of these services began to fail a minute in the time before that in which they would be peers."""
    began = [failing_since(case.state.services[name]) for name in names if name in case.state.services]
    before = [at for at in began if at is not None and PEER_SECONDS < case.onset_at - at <= BEFORE_SECONDS]
    return len(before) / ((BEFORE_SECONDS - PEER_SECONDS) / 60)
