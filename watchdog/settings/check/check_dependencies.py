"""Services that always fail together: a `depends_on:` that may be missing, in `watchdog check --live`.

Rule: it is a proposal, and nothing is learned from it: blame and guards know the declared dependencies alone. A caller
fails with its callee, and a callee without it; so the one that never failed alone is proposed as the caller.

By chance alone it takes more than a coincidence: of a service with three incidents a month, one begins within a minute
of a given moment with a probability of 0.00014, and MIN of them in a row with 3e-12.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from watchdog.core.assess.failure_correlation import relied_on
from watchdog.domain.incidents import Incident
from watchdog.settings.check.check_result import CheckOutcome, CheckResult
from watchdog.settings.model.settings import Settings

TOGETHER_SECONDS = 60.0
MIN = 3
"""Incidents of a service from which on "always" means something."""
COMMON_MIN = 4
"""So many services that fail together have a common cause: it says nothing about two of them."""

Onsets = Mapping[str, Sequence[float]]


async def check_dependencies(settings: Settings, incidents: Sequence[Incident]) -> Sequence[CheckResult]:
    """Return a proposal for each two services that always fail together and are not declared to depend."""
    services = settings.policy.services
    onsets = _onsets([one for one in incidents if one.service in services])
    return [
        result
        for one, other in combinations(sorted(onsets), 2)
        if one not in relied_on(services, other) and other not in relied_on(services, one)
        for result in _proposed(one, other, onsets)
    ]


def _onsets(incidents: Sequence[Incident]) -> Onsets:
    """Return the onsets of each service's incidents, without those that many services share."""
    found: dict[str, list[float]] = {}
    for one in incidents:
        near = {other.service for other in incidents if abs(other.onset_at - one.onset_at) <= TOGETHER_SECONDS}
        if len(near) < COMMON_MIN:
            found.setdefault(one.service, []).append(one.onset_at)
    return found


def _proposed(one: str, other: str, onsets: Onsets) -> Iterator[CheckResult]:
    callers = [name for name, with_ in ((one, other), (other, one)) if _always(onsets[name], onsets[with_])]
    if not callers:
        return
    caller = callers[0]
    callee = other if caller == one else one
    text = f"each of its {len(onsets[caller])} incidents began within {TOGETHER_SECONDS:.0f} s of one of {callee}"
    lines = [f"services.{name}.depends_on: [{callee if name == caller else caller}]" for name in callers]
    fix = f"if one relies on the other, write {' or '.join(lines)}; until then they count as strangers"
    yield CheckResult(f"dependencies of {caller}", CheckOutcome.WARN, text, fix)


def _always(onsets: Sequence[float], others: Sequence[float]) -> bool:
    near = [any(abs(at - other) <= TOGETHER_SECONDS for other in others) for at in onsets]
    return len(near) >= MIN and all(near)
