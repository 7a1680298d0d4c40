"""Services that always fail together: a `depends_on:` that may be missing, for `watchdog check --live` and the console.

Rule: it is a proposal, and nothing is learned from it: blame and guards know the declared dependencies alone. A caller
fails with its callee, and a callee without it; so the one that never failed alone is proposed as the caller.

By chance alone it takes more than a coincidence: of a service with three incidents a month, one begins within a minute
of a given moment with a probability of 0.00014, and MIN of them in a row with 3e-12.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from watchdog.core.assess.failure_correlation import relied_on
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import ServicePolicy

TOGETHER_SECONDS = 60.0
MIN = 3
"""Incidents of a service from which on "always" means something."""
COMMON_MIN = 4
"""So many services that fail together have a common cause: it says nothing about two of them."""


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


class _Failures(NamedTuple):
    """A service's incidents: their onsets in order, and the few services that failed near the first, itself among
    them. Only these can have failed near each."""

    onsets: list[float]
    beside_first: frozenset[str]


def proposed_dependencies(
    services: Mapping[str, ServicePolicy], incidents: Sequence[Incident]
) -> tuple[ProposedDependency, ...]:
    """Return a proposal for each two services that always fail together and are not declared to depend."""
    failures = _failures(sorted((one.onset_at, one.service) for one in incidents if one.service in services))
    return tuple(proposed for caller in sorted(failures) for proposed in _of(caller, services, failures))


def _of(
    caller: str, services: Mapping[str, ServicePolicy], failures: Mapping[str, _Failures]
) -> Iterator[ProposedDependency]:
    mine = failures[caller].onsets
    for callee in sorted(failures[caller].beside_first & failures.keys() - {caller}):
        others = failures[callee].onsets
        if _always(mine, others) and not _declared(services, caller, callee):
            either = _always(others, mine)
            yield ProposedDependency(caller, callee, _line(services[caller], callee), _why(mine, callee), either)


def _failures(dated: Sequence[tuple[float, str]]) -> Mapping[str, _Failures]:
    """Return the failures of each service, of all onsets in order; without those that many services share.

    A window moves along the onsets once: in an outage of all there are thousands within a minute.
    """
    found: dict[str, _Failures] = {}
    near, first, end = Counter[str](), 0, 0
    for at, service in dated:
        while end < len(dated) and dated[end][0] <= at + TOGETHER_SECONDS:
            near[dated[end][1]] += 1
            end += 1
        while dated[first][0] < at - TOGETHER_SECONDS:
            near[dated[first][1]] -= 1
            if not near[dated[first][1]]:
                del near[dated[first][1]]
            first += 1
        if len(near) < COMMON_MIN:
            found.setdefault(service, _Failures([], frozenset(near))).onsets.append(at)
    return found


def _always(onsets: Sequence[float], others: Sequence[float]) -> bool:
    """Return whether each of these began near one of the others, which are in order."""
    return len(onsets) >= MIN and all(_is_near(others, at) for at in onsets)


def _is_near(others: Sequence[float], at: float) -> bool:
    first = bisect_left(others, at - TOGETHER_SECONDS)
    return first < len(others) and others[first] <= at + TOGETHER_SECONDS


def _declared(services: Mapping[str, ServicePolicy], one: str, other: str) -> bool:
    return one in relied_on(services, other) or other in relied_on(services, one)


def _line(caller: ServicePolicy, callee: str) -> str:
    return f"depends_on: [{', '.join((*caller.depends_on, callee))}]"


def _why(onsets: Sequence[float], callee: str) -> str:
    return f"each of its {len(onsets)} incidents began within {TOGETHER_SECONDS:.0f} s of one of {callee}"
