"""Services that always fail together: a `depends_on:` that may be missing, for `watchdog check --live` and the console.

Rule: it is a proposal, and nothing is learned from it: blame and guards know the declared dependencies alone. A caller
fails with its callee, and a callee without it; so the one that never failed alone is proposed as the caller.

By chance alone it takes more than a coincidence: of a service with three incidents a month, one begins within a minute
of a given moment with a probability of 0.00014, and MIN of them in a row with 3e-12.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchdog.core.assess.failure_correlation import relied_on
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import ServicePolicy

TOGETHER_SECONDS = 60.0
MIN = 3
"""Incidents of a service from which on "always" means something."""
COMMON_MIN = 4
"""So many services that fail together have a common cause: it says nothing about two of them."""

Onsets = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class ProposedDependency:
    """A service that never failed without another one, and the line of its configuration that would say so.

    `either`: neither failed without the other, so that the reverse is proposed as well.
    """

    service: str
    on: str
    line: str  # with what the service depends on already, as in `depends_on: [openai, api]`
    why: str
    either: bool


def proposed_dependencies(
    services: Mapping[str, ServicePolicy], incidents: Sequence[Incident]
) -> tuple[ProposedDependency, ...]:
    """Return a proposal for each two services that always fail together and are not declared to depend."""
    onsets = _onsets([one for one in incidents if one.service in services])
    return tuple(proposed for caller in sorted(onsets) for proposed in _of(caller, services, onsets))


def proposed_for(
    service: str, services: Mapping[str, ServicePolicy], incidents: Sequence[Incident]
) -> tuple[ProposedDependency, ...]:
    """Return the proposals for one service: pairs of hundreds would be many for a page."""
    return tuple(_of(service, services, _onsets([one for one in incidents if one.service in services])))


def _of(caller: str, services: Mapping[str, ServicePolicy], onsets: Onsets) -> Iterator[ProposedDependency]:
    mine = onsets.get(caller, ())
    for callee in sorted(onsets):
        if callee != caller and _always(mine, onsets[callee]) and not _declared(services, caller, callee):
            either = _always(onsets[callee], mine)
            yield ProposedDependency(caller, callee, _line(services[caller], callee), _why(mine, callee), either)


def _onsets(incidents: Sequence[Incident]) -> Onsets:
    """Return the onsets of each service's incidents, in order, without those that many services share."""
    dated = sorted((one.onset_at, one.service) for one in incidents)
    times = [at for at, _ in dated]
    found: dict[str, list[float]] = {}
    for at, service in dated:
        near = {other for _, other in dated[_first_near(times, at) : bisect_right(times, at + TOGETHER_SECONDS)]}
        if len(near) < COMMON_MIN:
            found.setdefault(service, []).append(at)
    return found


def _first_near(times: Sequence[float], at: float) -> int:
    return bisect_left(times, at - TOGETHER_SECONDS)


def _always(onsets: Sequence[float], others: Sequence[float]) -> bool:
    """Return whether each of these began near one of the others, which are in order."""
    return len(onsets) >= MIN and all(_is_near(others, at) for at in onsets)


def _is_near(others: Sequence[float], at: float) -> bool:
    first = _first_near(others, at)
    return first < len(others) and others[first] <= at + TOGETHER_SECONDS


def _declared(services: Mapping[str, ServicePolicy], one: str, other: str) -> bool:
    return one in relied_on(services, other) or other in relied_on(services, one)


def _line(caller: ServicePolicy, callee: str) -> str:
    return f"depends_on: [{', '.join((*caller.depends_on, callee))}]"


def _why(onsets: Sequence[float], callee: str) -> str:
    return f"each of its {len(onsets)} incidents began within {TOGETHER_SECONDS:.0f} s of one of {callee}"
