"""Failure correlation: the groups of failures that one bad deploy may explain, and the number that exceeds one deploy.

Many groups at once have another cause than a deploy. Two groups that are most of the fleet may have one: a service may
rely on the deployed one without a declared dependency. The daemon cannot distinguish these, so a human is asked.

Two services are in one group when the same code is suspect in both, or when one relies on the other (`depends_on`,
directly or through others); groups that share a member are one group.

Rule 1: other services are known by the state that all workers share, as another worker may watch them.
Rule 2: a group without a recent deploy counts double: no deploy explains it.
(Failing control targets are judged elsewhere: see connectivity.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from watchdog.core import note_text
from watchdog.domain.incidents import ActiveCritical
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.units import show_seconds


class Member(Protocol):
    """An event of a service, with the code that is suspect (if known)."""

    @property
    def service(self) -> str:
        """Return the service's name."""

    @property
    def suspect_code(self) -> str | None:
        """Return the code that is suspect, or None."""


M = TypeVar("M", bound=Member)
UNSURE_GROUPS = 2
"""This many groups may be the deployed service and one with an undeclared dependency on it."""


@dataclass(frozen=True, slots=True)
class MassFailure:
    """Why too many services are critical at once for one deploy; `certain`: a block, and not only a question."""

    why: str
    certain: bool


def form(policy: Policy, members: Sequence[M]) -> list[list[M]]:
    """Return the members sorted into groups, in the order of their first members."""
    reach = {member.service: relied_on(policy.services, member.service) for member in members}
    groups: list[list[M]] = []
    for member in members:
        near = [group for group in groups if any(_linked(member, other, reach) for other in group)]
        if not near:
            groups.append([member])
            continue
        near[0].append(member)
        # The new member links groups that were apart until now: they become one.
        for group in near[1:]:
            near[0].extend(group)
            groups = [one for one in groups if one is not group]
    return groups


def relied_on(services: Mapping[str, ServicePolicy], name: str) -> frozenset[str]:
    """Return the guarded services that this one relies on, directly or through others."""
    found: set[str] = set()
    to_visit = [name]
    while to_visit:
        service_policy = services.get(to_visit.pop())
        # `found` also ends the search in a cycle of dependencies.
        upstreams = service_policy.depends_on if service_policy is not None else ()
        fresh = [other for other in upstreams if other in services and other not in found]
        found.update(fresh)
        to_visit += fresh
    return frozenset(found)


def _linked(one: Member, other: Member, reach: Mapping[str, frozenset[str]]) -> bool:
    if one.suspect_code is not None and one.suspect_code == other.suspect_code:
        return True
    return other.service in reach[one.service] or one.service in reach[other.service]


def mass_failure(policy: Policy, troubles: Mapping[str, ActiveCritical], mine: ActiveCritical) -> MassFailure | None:
    """Return the mass failure that this service's failure is part of, a certain one first, or None."""
    seconds = policy.brakes.window_seconds
    others = [one for name, one in troubles.items() if name in policy.services and name != mine.service]
    others = [one for one in others if not one.planned]
    # Planned downtimes are removed above. Each earlier onset may begin the window that includes this failure.
    known = sorted([mine, *others], key=lambda one: (one.at, one.service))
    found = []
    for begin in sorted({one.at for one in known if 0 <= mine.at - one.at <= seconds}):
        one = _too_many(policy, form(policy, [one for one in known if 0 <= one.at - begin <= seconds]))
        found += [one] if one is not None else []
    # A certain one first: it blocks, where an uncertain one only asks.
    return min(found, key=lambda one: not one.certain, default=None)


def _too_many(policy: Policy, groups: Sequence[Sequence[ActiveCritical]]) -> MassFailure | None:
    brakes = policy.brakes
    head = f"{len(groups)} failures within {show_seconds(brakes.window_seconds)}"
    if len(groups) >= brakes.groups_max:
        why = f"{head}: {', '.join(map(name_group, groups))} (limit {brakes.groups_max})"
        return MassFailure(why, certain=True)
    # In a small fleet the number of groups never gets high: there the share of the fleet counts.
    weight = sum(_weight(group) for group in groups)
    if len(groups) > 1 and weight > brakes.fleet_share * len(policy.services):
        parts = ", ".join(f"{name_group(group)}{_doubled(group)}" for group in groups)
        share = f"counted as {weight} of {len(policy.services)} services (limit {brakes.fleet_share:.0%})"
        return MassFailure(f"{head}: {parts}; {share}", certain=len(groups) > UNSURE_GROUPS)
    return None


def _weight(group: Sequence[ActiveCritical]) -> int:
    return len(group) if _deployed(group) else 2 * len(group)


def _doubled(group: Sequence[ActiveCritical]) -> str:
    return "" if _deployed(group) else " (no deploy lately, counts double)"


def _deployed(group: Sequence[ActiveCritical]) -> bool:
    return any(one.recent_deploy for one in group)


def name_group(group: Sequence[Member]) -> str:
    """Return `web+api (commit 1b7e0d4)`; the code only where all members share it."""
    names = "+".join(member.service for member in group)
    codes = {member.suspect_code for member in group}
    code = group[0].suspect_code
    return f"{names} (commit {note_text.short(code)})" if len(group) > 1 and len(codes) == 1 and code else names
